//! Writing: a file appears complete or not at all, and one command at a time changes a project.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::problem::{Problem, Result};

/// Writes a file in one step. One that is there keeps its permissions, and a link to it stays a link.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    x07_files::edit_atomic(path, bytes).map_err(Problem::io("write", path))
}

/// Writes a file in one step; only its owner may read it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    x07_files::write_atomic(path, bytes, x07_files::Access::Private).map_err(Problem::io("write", path))
}

/// Makes a folder that only its owner may look into, unless it is there.
pub(crate) fn make_private_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(Problem::io("create", folder))
}

/// Held by whoever changes what a folder holds; others wait. Released when dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    _file: File,
}

impl Guard {
    /// Waits for a project. The folder itself is what is held: nothing is left in it, and no link in it leads anywhere.
    #[cfg(unix)]
    pub(crate) fn of_project(folder: &Path) -> Result<Guard> {
        let file = File::open(folder).map_err(Problem::io("open", folder))?;
        match file.lock() {
            // Some network file systems hold files only; a project there is worked on all the same.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Problem::io("lock", folder)(error)),
            _ => Ok(Guard { _file: file }),
        }
    }

    /// Waits for a project.
    #[cfg(not(unix))]
    pub(crate) fn of_project(folder: &Path) -> Result<Guard> {
        Guard::acquire(&folder.join(".x07"), "packages.lock")
    }

    /// Waits for the folder's lock, a file of the given name in it.
    pub(crate) fn acquire(folder: &Path, name: &str) -> Result<Guard> {
        let path = folder.join(name);
        let open = || -> io::Result<File> {
            fs::create_dir_all(folder)?;
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        Ok(Guard { _file: open().map_err(Problem::io("lock", &path))? })
    }
}
