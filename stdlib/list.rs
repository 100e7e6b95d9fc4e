//! Which modules the libraries here have, for the build scripts of the crates that know them.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folders in a folder, sorted by name.
pub(crate) fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The folder of the highest version; versions compare number by number.
pub(crate) fn newest(versions: &Path) -> io::Result<Option<PathBuf>> {
    let mut found = Vec::new();
    for path in folders(versions)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbers: Vec<u64> = name.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        if path.join("modules").is_dir() {
            found.push((numbers, path));
        }
    }
    found.sort();
    Ok(found.pop().map(|(_, path)| path))
}

/// The modules below a root, sorted by id.
pub(crate) fn modules(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let root = root.canonicalize()?;
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let mut modules: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap_or(&file);
        let id = relative.to_string_lossy().replace(['/', '\\'], ".");
        modules.push((id.trim_end_matches(".x07.json").to_owned(), file));
    }
    modules.sort();
    Ok(modules)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.to_string_lossy().ends_with(".x07.json") {
            files.push(path);
        }
    }
    Ok(())
}
