//! Is what lies on disk what the lock says? Cheap when nothing has changed: a file is hashed again only if its stamp is
//! another one than when it was hashed last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::content;
use crate::digest::sha256;
use crate::files::write_atomic;
use crate::lockfile::{DEPS_FOLDER, LockedPackage};
use crate::package::{FFI_FOLDER, slashed};
use crate::problem::{Code, Problem, Result};

/// What tells that a file is still the one that was hashed: size, inode, and the times of its last changes.
type Stamp = [u64; 6];

/// A file changed more recently than this may change again without a new time.
const TICK: Duration = Duration::from_millis(50);

/// Digests by path, with the stamps under which they hold.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    place: PathBuf,
    known: BTreeMap<String, Known>,
    changed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    sha256: String,
}

impl Digests {
    /// Those of a project.
    pub(crate) fn read(project: &Path) -> Digests {
        let place = project.join(DEPS_FOLDER).join(".digests.json");
        let known = fs::read(&place).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Digests { place, known, changed: false }
    }

    /// Keeps them for the next time, which is slower without.
    pub(crate) fn write(&self) {
        if self.changed && self.place.parent().is_some_and(Path::is_dir) {
            let _ = serde_json::to_vec(&self.known).map(|text| write_atomic(&self.place, &text));
        }
    }

    /// The SHA-256 of a file.
    fn sha256(&mut self, path: &Path) -> io::Result<String> {
        let metadata = fs::symlink_metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let key = path.to_string_lossy().into_owned();
        let stamp = stamp(&metadata);
        if let Some(known) = self.known.get(&key).filter(|known| known.stamp == stamp) {
            return Ok(known.sha256.clone());
        }
        let sha256 = sha256(&fs::read(path)?);
        self.changed = true;
        match is_settled(&metadata) {
            true => self.known.insert(key, Known { stamp, sha256: sha256.clone() }),
            false => self.known.remove(&key),
        };
        Ok(sha256)
    }

    /// Compares the package in `folder` with the lock, file by file.
    pub(crate) fn check(&mut self, folder: &Path, locked: &LockedPackage) -> Result<()> {
        for (path, expected) in locked.files() {
            let place = folder.join(&path);
            let found = self
                .sha256(&place)
                .map_err(|error| mismatch(locked, format!("{} cannot be read: {error}", place.display())))?;
            if found != expected {
                return Err(mismatch(locked, format!("{} was changed", place.display())));
            }
        }
        // Every C source there is compiled; other files have no effect unless they are listed.
        match difference(folder, locked)? {
            Some(what) => Err(mismatch(locked, what)),
            None => Ok(()),
        }
    }
}

fn mismatch(locked: &LockedPackage, what: String) -> Problem {
    let problem =
        Problem::new(Code::ContentMismatch, format!("package {} is not the one that is locked: {what}", locked.id()));
    match locked.is_fetched() {
        true => problem.help("`x07 fetch` puts the locked package back"),
        false => problem.help("`x07 lock` locks the package as it is now"),
    }
}

/// How the files below `ffi/` differ from those in the lock: one lies there and is not locked, or is locked and does not
/// belong to the package any more. In a fetched package nothing else may lie there, whatever its ignore files say: they
/// were heeded when it was packed.
fn difference(folder: &Path, locked: &LockedPackage) -> Result<Option<String>> {
    if !locked.knows_its_files() {
        return Ok(None);
    }
    let known = locked.native_files();
    let found = match locked.is_fetched() {
        true => all_below(folder, &folder.join(FFI_FOLDER)),
        false => content::native_files(folder)?,
    };
    let place = |path: &String| folder.join(path).display().to_string();
    let stranger = found.difference(&known).next().map(|path| format!("{} does not belong to it", place(path)));
    let ignored = || known.difference(&found).next().map(|path| format!("an ignore file names {}", place(path)));
    Ok(stranger.or_else(ignored))
}

/// Everything below a folder that is not a folder itself, relative to the package's.
fn all_below(package: &Path, folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                _ => {
                    found.insert(path.strip_prefix(package).map(slashed).unwrap_or_default());
                }
            }
        }
    }
    found
}

#[cfg(unix)]
fn stamp(metadata: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let number = |value: i64| u64::from_ne_bytes(value.to_ne_bytes());
    let modified = [number(metadata.mtime()), number(metadata.mtime_nsec())];
    let changed = [number(metadata.ctime()), number(metadata.ctime_nsec())];
    [metadata.len(), metadata.ino(), modified[0], modified[1], changed[0], changed[1]]
}

#[cfg(not(unix))]
fn stamp(metadata: &Metadata) -> Stamp {
    let parts = |time: io::Result<SystemTime>| {
        let since = time.ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        [since.as_secs(), u64::from(since.subsec_nanos())]
    };
    let (modified, created) = (parts(metadata.modified()), parts(metadata.created()));
    [metadata.len(), 0, modified[0], modified[1], created[0], created[1]]
}

/// True if the clock has moved on since the file was changed.
fn is_settled(metadata: &Metadata) -> bool {
    let now = SystemTime::now();
    let age = |time: io::Result<SystemTime>| time.ok().and_then(|time| now.duration_since(time).ok());
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt;
        let (seconds, nanoseconds) = (metadata.ctime().max(0), metadata.ctime_nsec().clamp(0, 999_999_999));
        SystemTime::UNIX_EPOCH + Duration::new(seconds as u64, nanoseconds as u32)
    };
    #[cfg(not(unix))]
    let changed = SystemTime::UNIX_EPOCH;
    [age(metadata.modified()), age(Ok(changed))].into_iter().all(|age| age.is_some_and(|age| age > TICK))
}
