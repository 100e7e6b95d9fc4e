//! The files that belong to a package: its manifest, its modules and all below `ffi/`. Nothing else is ever packed,
//! hashed or built.

use std::fs;
use std::path::Path;

use ignore::WalkBuilder;

use crate::digest::Files;
use crate::package::{FFI_FOLDER, PACKAGE_MANIFEST_NAME, Package, slashed};
use crate::problem::{Code, Problem, Result};

/// The paths of the package in `folder`, sorted. Everything below `ffi/` belongs to it, whatever ignore files say: what
/// a C source includes may lie there under any name, and what is compiled must be what is hashed and packed.
pub(crate) fn paths(folder: &Path, package: &Package) -> Result<Vec<String>> {
    let mut paths = package.listed_files();
    let ffi = folder.join(FFI_FOLDER);
    if ffi.is_dir() {
        for entry in WalkBuilder::new(&ffi).standard_filters(false).build() {
            let entry = entry
                .map_err(|error| Problem::new(Code::PackFailed, format!("cannot list {}: {error}", ffi.display())))?;
            let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            match entry.file_type() {
                Some(kind) if kind.is_dir() => {}
                Some(kind) if kind.is_file() => paths.push(slashed(relative)),
                _ => {
                    let what = format!("{} is neither a file nor a folder", entry.path().display());
                    return Err(Problem::new(Code::PackFailed, what).help("packages hold regular files only"));
                }
            }
        }
    }
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
