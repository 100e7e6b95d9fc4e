//! Files: read with their stamp, written under a temporary name and renamed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use x07_files::Access;

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
    const ATTEMPTS: usize = 5;
    let mut bytes = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut opened = Opened::open(path, fs::metadata(path)?)?;
        opened.read(&mut bytes)?;
        let stamp = opened.stamp();
        if Stamp::of(&opened.file.metadata()?) == stamp && bytes.len() as u64 == stamp.size {
            return Ok((bytes, stamp));
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "the file keeps changing while it is read"))
}

/// An open file, and how it was seen before it was opened. Whether it has changed since is not asked: if it has, it has
/// another stamp than the one that was seen.
pub(crate) struct Opened {
    file: File,
    seen: fs::Metadata,
}

impl Opened {
    /// Opens a regular file to read it.
    pub(crate) fn open(path: &Path, seen: fs::Metadata) -> io::Result<Opened> {
        // Known before it is opened: opening a pipe waits for somebody who writes into it.
        must_be_file(&seen)?;
        Ok(Opened { file: open(path)?, seen })
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp::of(&self.seen)
    }

    /// Lets the system fetch the content while other files are opened.
    pub(crate) fn prefetch(&self) {
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::WillNeed);
    }

    /// Reads into `bytes` as much of the file as was seen that there is.
    pub(crate) fn read(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.resize(self.seen.len() as usize, 0);
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(())
    }
}

/// Lets this process have files open up to that number without delay; false if the system does not allow so many.
///
/// A process with several threads waits for all processors, some 10 ms, whenever Linux's table of its open files has to
/// grow. It keeps the size that it had to have for one file of a high number.
pub(crate) fn reserve_handles(count: usize) -> bool {
    #[cfg(target_os = "linux")]
    return i32::try_from(count).is_ok_and(|count| rustix::io::fcntl_dupfd_cloexec(io::stderr(), count).is_ok());
    #[cfg(not(target_os = "linux"))]
    return count == 0;
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

/// True if files can be put into a folder, or into the folder above it in which it would be made.
pub(crate) fn can_write(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        for folder in folder.ancestors() {
            match access(folder, Access::WRITE_OK) {
                Err(rustix::io::Errno::NOENT) => {}
                result => return result.is_ok(),
            }
        }
    }
    true
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

/// Writes a file of the build's in one step.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    x07_files::write_atomic(path, bytes, Access::Ordinary).map_err(io_failure("write", path))
}

/// Like `write_atomic`, but leaves a file alone that holds these bytes already.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    write_atomic(path, bytes)
}

/// Puts a copy of `from` in the place of `to` in one step.
pub(crate) fn copy_atomic(from: &Path, to: &Path, access: Access) -> Result<(), Failure> {
    x07_files::copy_atomic(from, to, access).map_err(io_failure("write", to))
}
