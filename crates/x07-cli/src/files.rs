//! Writing files whole or not at all, and finding source files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The ending of source files.
pub(crate) const SOURCE_SUFFIX: &str = ".x07.json";

/// Writes a file in one step, whether or not there is one. One that is there keeps its permissions, and a link to it
/// stays a link.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    x07_files::edit_atomic(path, contents).with_context(|| format!("cannot write {}", path.display()))
}

/// The source files that the arguments name: files as they are, folders searched for `*.x07.json`.
pub(crate) fn sources(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            found.extend(search(path)?);
        } else {
            found.push(path.clone());
        }
    }
    let mut found: Vec<PathBuf> = found.iter().map(|path| shown(path)).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// All source files below a folder, sorted; hidden folders, `target`, `dist` and links to folders are left out.
fn search(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let walk = ignore::WalkBuilder::new(folder)
        .require_git(false)
        .filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            !(is_folder && entry.depth() > 0 && ["target", "dist"].iter().any(|name| entry.file_name() == *name))
        })
        .build();
    for entry in walk {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        if entry.file_name().to_string_lossy().ends_with(SOURCE_SUFFIX) && is_file(&entry) {
            found.push(entry.into_path());
        }
    }
    found.sort();
    Ok(found)
}

/// True for files and for links to files, which a build reads like files.
fn is_file(entry: &ignore::DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file() || (kind.is_symlink() && entry.path().is_file()))
}

/// Reads a source file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The path as seen from the current folder, when it is below it.
pub(crate) fn shown(path: &Path) -> PathBuf {
    let relative = std::env::current_dir().ok().and_then(|folder| path.strip_prefix(folder).ok().map(Path::to_owned));
    let path = relative.filter(|path| !path.as_os_str().is_empty()).unwrap_or_else(|| path.to_owned());
    match path.strip_prefix(".") {
        Ok(inside) if !inside.as_os_str().is_empty() => inside.to_owned(),
        _ => path,
    }
}

/// A relative path to a file, looked for in the current folder and then in those above it; as it is when there is none.
pub(crate) fn search_upwards(path: &Path) -> PathBuf {
    let current = std::env::current_dir().unwrap_or_default();
    let found = current.ancestors().map(|folder| folder.join(path)).find(|path| path.is_file());
    found.map_or_else(|| path.to_owned(), |path| shown(&path))
}

/// Refuses an empty list of files, which would look like success.
pub(crate) fn some(files: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    if files.is_empty() {
        bail!("no *{SOURCE_SUFFIX} file here");
    }
    Ok(files)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_to_files_are_searched_and_links_to_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["p/src", "p/target", "elsewhere"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        for name in ["p/src/own.x07.json", "p/src/other.json", "p/target/made.x07.json", "elsewhere/shared.x07.json"] {
            fs::write(path(name), "{}").unwrap();
        }
        symlink("../../elsewhere/shared.x07.json", path("p/src/link.x07.json")).unwrap();
        symlink("link.x07.json", path("p/src/link_to_link.x07.json")).unwrap();
        symlink("nowhere.x07.json", path("p/src/broken.x07.json")).unwrap();
        symlink("round.x07.json", path("p/src/round.x07.json")).unwrap();
        symlink("../../elsewhere", path("p/src/folder.x07.json")).unwrap();
        symlink("..", path("p/src/above")).unwrap();
        let expected = ["link", "link_to_link", "own"].map(|name| path(&format!("p/src/{name}.x07.json")));
        assert_eq!(sources(&[path("p")]).unwrap(), expected);
    }
}
