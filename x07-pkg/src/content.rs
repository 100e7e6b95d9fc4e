//! The files that belong to a package: its manifest, its modules and what its own ignore files leave of `ffi/`. Nothing
//! else is ever packed, hashed or compiled.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ignore::WalkBuilder;

use crate::digest::Files;
use crate::package::{FFI_FOLDER, PACKAGE_MANIFEST_NAME, Package, slashed};
use crate::problem::{Code, Problem, Result};

/// The files that decide, beside the modules, what belongs to the package in their folder.
pub const IGNORE_FILES: [&str; 2] = [".gitignore", ".ignore"];

/// The files below `ffi/` that belong to the package in `folder`, relative to it with `/` between the parts. Only ignore
/// files inside the package count: what it holds must not depend on who packs it and where.
pub fn native_files(folder: &Path) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    if !folder.join(FFI_FOLDER).is_dir() {
        return Ok(files);
    }
    let walk = WalkBuilder::new(folder)
        .standard_filters(false)
        .git_ignore(true)
        .ignore(true)
        .require_git(false)
        .filter_entry(|entry| entry.depth() != 1 || entry.file_name() == FFI_FOLDER)
        .build();
    for entry in walk {
        let entry = entry
            .map_err(|error| Problem::new(Code::PackFailed, format!("cannot list {}: {error}", folder.display())))?;
        match entry.file_type() {
            Some(kind) if kind.is_dir() => {}
            Some(kind) if kind.is_file() => {
                files.insert(slashed(entry.path().strip_prefix(folder).unwrap_or(entry.path())));
            }
            _ => {
                let what = format!("{} is neither a file nor a folder", entry.path().display());
                return Err(Problem::new(Code::PackFailed, what).help("packages hold regular files only"));
            }
        }
    }
    Ok(files)
}

/// True for the path of a C source directly in `ffi/`: those are compiled, each by itself.
pub fn is_c_source(path: &str) -> bool {
    let name = path.strip_prefix(FFI_FOLDER).and_then(|path| path.strip_prefix('/'));
    name.is_some_and(|name| !name.contains('/') && name.ends_with(".c"))
}

/// The paths of the package in `folder`, sorted.
pub(crate) fn paths(folder: &Path, package: &Package) -> Result<Vec<String>> {
    let mut paths = package.listed_files();
    paths.extend(native_files(folder)?);
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}

/// The package in `folder` with the contents of its files.
pub(crate) fn read(folder: &Path) -> Result<(Package, Files)> {
    let package = Package::read(folder)?;
    let mut files = Files::new();
    for path in paths(folder, &package)? {
        let place = folder.join(&path);
        let bytes = fs::read(&place).map_err(|error| {
            let what = format!("package {}: cannot read {}: {error}", package.id(), place.display());
            Problem::new(Code::PackageInvalid, what)
        })?;
        files.insert(path, bytes);
    }
    Ok((package, files))
}

/// True if a package may hold a file of this path.
pub(crate) fn belongs(package: &Package, path: &str) -> bool {
    path == PACKAGE_MANIFEST_NAME
        || path.strip_prefix(FFI_FOLDER).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
        || package.all_modules().any(|module| package.module_file(module) == path)
}
