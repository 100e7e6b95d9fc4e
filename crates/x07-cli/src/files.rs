//! Writing files whole or not at all, and finding source files.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The ending of source files.
pub(crate) const SOURCE_SUFFIX: &str = ".x07.json";

/// Replaces a file's contents in one step, keeping its permissions.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    let doing = || format!("cannot write {}", path.display());
    // What a link points to is replaced, not the link.
    let path = &fs::canonicalize(path).with_context(doing)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(plain).with_context(doing)?;
    file.write_all(contents).with_context(doing)?;
    let permissions = fs::metadata(path).with_context(doing)?.permissions();
    file.as_file().set_permissions(permissions).with_context(doing)?;
    file.persist(path).with_context(doing)?;
    Ok(())
}

/// Writes a file in one step, whether or not there is one.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let doing = || format!("cannot write {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(doing)?;
    // As any new file: what the umask leaves of these.
    let permissions = fs::Permissions::from_mode(0o666);
    let mut file =
        tempfile::Builder::new().permissions(permissions).tempfile_in(folder).map_err(plain).with_context(doing)?;
    file.write_all(contents).with_context(doing)?;
    file.persist(path).with_context(doing)?;
    Ok(())
}

/// The error without the name of a temporary file, which would tell a user nothing.
fn plain(error: io::Error) -> io::Error {
    error.kind().into()
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

/// All source files below a folder, sorted; hidden folders, `target` and `dist` are left out.
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
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_string_lossy().ends_with(SOURCE_SUFFIX) {
            found.push(entry.into_path());
        }
    }
    found.sort();
    Ok(found)
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

/// Refuses an empty list of files, which would look like success.
pub(crate) fn some(files: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    if files.is_empty() {
        bail!("no *{SOURCE_SUFFIX} file here");
    }
    Ok(files)
}
