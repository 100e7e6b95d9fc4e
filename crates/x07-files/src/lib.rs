//! Files that appear complete or not at all: everything X07 writes is written under a temporary name in the same folder
//! and renamed. Readers see the old content or the new one, whatever happens in between.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Who may do what with a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// As any new file: what the umask leaves of reading and writing.
    Ordinary,
    /// The same, and it may be executed.
    Executable,
    /// Only the owner reads and writes it.
    Private,
}

/// Writes a file, or puts a new one in its place. Makes the folders above it.
///
/// Errors are those of the system; none names the temporary file.
pub fn write_atomic(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    if let Some(mut device) = device(path)? {
        return device.write_all(bytes);
    }
    let mut file = temporary_for(path, access)?;
    file.write_all(bytes)?;
    persist(file, path)
}

/// Writes a file of the user's: the file that a link points to is replaced, not the link, and one that is there keeps
/// its permissions.
///
/// Errors are those of the system; none names the temporary file.
pub fn edit_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return write_atomic(path, bytes, Access::Ordinary),
        Err(error) => return Err(error),
    };
    let mut file = temporary_for(&path, Access::Private)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    persist(file, &path)
}

/// Puts a copy of `from` in the place of `to`; the copy shares its blocks where the file system can.
///
/// Errors are those of the system; none names the temporary file.
pub fn copy_atomic(from: &Path, to: &Path, access: Access) -> io::Result<()> {
    let mut source = fs::File::open(from)?;
    if let Some(mut device) = device(to)? {
        return io::copy(&mut source, &mut device).map(|_| ());
    }
    let mut file = temporary_for(to, access)?;
    io::copy(&mut source, file.as_file_mut())?;
    persist(file, to)
}

/// What is neither a file nor a folder, to be written into: nothing may take the place of a device or a pipe.
fn device(path: &Path) -> io::Result<Option<fs::File>> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            fs::File::options().write(true).open(path).map(Some)
        }
        _ => Ok(None),
    }
}

/// The folder that holds a path: `.` for a bare file name.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A temporary file beside `path`. The folders are made only when they turn out to be missing, which is rare.
fn temporary_for(path: &Path, access: Access) -> io::Result<tempfile::NamedTempFile> {
    let folder = parent(path);
    let make = || temporary(access).tempfile_in(folder);
    let file = match make() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            make()
        }
        made => made,
    };
    // An error that names a temporary file says nothing that a user could do something with.
    file.map_err(|error| error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error))
}

fn temporary(access: Access) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".x07-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match access {
        Access::Ordinary => 0o666,
        Access::Executable => 0o777,
        Access::Private => 0o600,
    }));
    #[cfg(not(unix))]
    let _ = access;
    builder
}

fn persist(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}
