//! Files: read with their stamp, written under a temporary name and renamed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::outcome::Failure;

/// What tells cheaply that a file is still the one that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    size: u64,
    seconds: i64,
    nanoseconds: u32,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &fs::Metadata) -> Stamp {
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        let (seconds, nanoseconds) = match modified.duration_since(UNIX_EPOCH) {
            Ok(since) => (since.as_secs() as i64, since.subsec_nanos()),
            Err(before) => (-(before.duration().as_secs() as i64) - 1, before.duration().subsec_nanos()),
        };
        Stamp { size: metadata.len(), seconds, nanoseconds, inode: inode(metadata) }
    }

    /// The stamp of a file or folder; `None` when it is not there.
    pub(crate) fn read(path: &Path) -> Option<Stamp> {
        fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
    }

    /// True when the file was changed so recently before `now` that a further change may carry the same time.
    ///
    /// Clocks of file systems tick in up to 10 ms; a time without a fraction comes from one that counts seconds.
    pub(crate) fn is_racy(&self, now: SystemTime) -> bool {
        let tick = if self.nanoseconds == 0 { Duration::from_secs(2) } else { Duration::from_millis(20) };
        let Ok(seconds) = u64::try_from(self.seconds) else {
            return false;
        };
        let modified = UNIX_EPOCH + Duration::new(seconds, self.nanoseconds);
        now.duration_since(modified).map_or(true, |age| age < tick)
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// The content of a file that did not change while it was read, with its stamp.
pub(crate) fn read_stamped(path: &Path) -> io::Result<(Vec<u8>, Stamp)> {
    read_stamped_after(path, fs::metadata(path)?)
}

/// The same for a file that has been looked at already.
pub(crate) fn read_stamped_after(path: &Path, mut before: fs::Metadata) -> io::Result<(Vec<u8>, Stamp)> {
    const ATTEMPTS: usize = 5;
    for _ in 0..ATTEMPTS {
        // Known before it is opened: opening a pipe waits for somebody who writes into it.
        must_be_file(&before)?;
        let mut file = open(path)?;
        let stamp = Stamp::of(&before);
        let bytes = read_known(&mut file, before.len() as usize)?;
        if Stamp::of(&file.metadata()?) == stamp && bytes.len() as u64 == stamp.size {
            return Ok((bytes, stamp));
        }
        before = fs::metadata(path)?;
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "the file keeps changing while it is read"))
}

/// Opens a file to read it. Where the system allows it, nobody notes when that was: after a time stamp has changed, Linux
/// would write every file's inode for it.
fn open(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let unnoted = rustix::fs::OFlags::NOATIME.bits().cast_signed();
        match File::options().read(true).custom_flags(unnoted).open(path) {
            // Only the owner may ask for it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            opened => return opened,
        }
    }
    File::open(path)
}

fn must_be_file(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
    }
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file"));
    }
    Ok(())
}

/// Reads a file of a known size without asking for more; whether it has grown shows in its stamp afterwards.
fn read_known(file: &mut File, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while filled < size {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Makes an I/O error of ours.
pub(crate) fn io_failure(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |source| {
        // An error that names a temporary file says nothing that a user could do something with.
        let source = if source.raw_os_error().is_none() && source.to_string().contains(" at path ") {
            source.kind().into()
        } else {
            source
        };
        Failure::Io { doing, path, source }
    }
}

/// Replaces a file in one step: readers see the old content or the new one, whatever happens in between.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let folder = parent(path);
    fs::create_dir_all(&folder).map_err(io_failure("create the folder", &folder))?;
    let write = || -> io::Result<()> {
        let mut file = temporary(mode).tempfile_in(&folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(io_failure("write", path))
}

/// Like `write_atomic`, but leaves a file alone that holds these bytes already.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    write_atomic(path, bytes, 0o644)
}

/// Puts a copy of `from` in the place of `to` in one step; the copy shares its blocks where the file system can.
pub(crate) fn copy_atomic(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    let folder = parent(to);
    fs::create_dir_all(&folder).map_err(io_failure("create the folder", &folder))?;
    let copy = || -> io::Result<()> {
        let mut source = File::open(from)?;
        let mut file = temporary(mode).tempfile_in(&folder)?;
        io::copy(&mut source, file.as_file_mut())?;
        file.persist(to).map_err(|error| error.error)?;
        Ok(())
    };
    copy().map_err(io_failure("write", to))
}

/// The folder that holds a path.
pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn temporary(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".x07-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}
