//! The user's store: results of actions by key, contents by digest. Shared by all projects and safe for any number of
//! builds at once: files appear under their final name complete or not at all, and whatever is read is checked.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use etcetera::BaseStrategy;
use x07_files::parent;

use crate::digest::Digest;
use crate::files::{Stamp, io_failure};
use crate::outcome::Failure;

/// A file used again after this long gets a new time stamp, so that `gc` knows what is in use.
const REFRESH_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Temporary files of builds that died are removed after this long.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// How names of temporary files begin; no digest does.
const TEMPORARY_PREFIX: &str = "tmp-";

/// The store's folder.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    /// Nothing is added to it.
    sealed: bool,
}

/// What is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Results of actions.
    pub actions: u64,
    /// Contents.
    pub blobs: u64,
    /// Build databases and other files.
    pub others: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// What `gc` and `clear` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Files removed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes left.
    pub bytes_left: u64,
}

/// What `gc` removes.
#[derive(Clone, Copy, Debug, Default)]
pub struct GcLimits {
    /// Files not used for this long.
    pub max_age: Option<Duration>,
    /// The least recently used files beyond this many bytes.
    pub max_bytes: Option<u64>,
}

/// Held by a build while it reads and writes the store; `gc` and `clear` wait for it.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: Option<File>,
}

impl Store {
    /// The store in a folder, which is created when something is written.
    pub fn at(root: impl Into<PathBuf>) -> Store {
        Store { root: root.into(), sealed: false }
    }

    /// The store in `folder`, or in the platform's cache folder when there is none.
    pub fn open(folder: Option<&Path>) -> Result<Store, Failure> {
        if let Some(folder) = folder {
            let root = std::path::absolute(folder).map_err(io_failure("find", folder))?;
            return Ok(Store::at(root));
        }
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| Failure::Usage(format!("no cache folder: {error}; set X07_CACHE_DIR")))?;
        Ok(Store::at(strategy.cache_dir().join("x07")))
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The store as it is, for who needs nothing of what he adds again.
    pub(crate) fn sealed(self) -> Store {
        Store { sealed: true, ..self }
    }

    pub(crate) fn lease(&self) -> Lease {
        // A store that cannot be locked, on a read-only disk say, is used without: then gc cannot run either.
        let file = self.lock_file().ok().filter(|file| file.lock_shared().is_ok());
        Lease { _file: file }
    }

    fn lock_file(&self) -> io::Result<File> {
        let path = self.root.join("lock");
        let open = || File::options().create(true).truncate(false).write(true).open(&path);
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.root)?;
                open()
            }
            result => result,
        }
    }

    fn path(&self, room: &str, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        let mut path = self.root.join(room);
        path.push(&hex[..2]);
        path.push(&hex[2..]);
        path
    }

    /// The result recorded for an action; `None` when there is none or the record is damaged.
    pub(crate) fn action(&self, key: &Digest) -> Option<Vec<u8>> {
        let path = self.path("ac", key);
        let mut bytes = fs::read(&path).ok()?;
        let body = bytes.len().checked_sub(32)?;
        if checksum(key, &bytes[..body]).0 != bytes[body..] {
            return None;
        }
        bytes.truncate(body);
        refresh(&path);
        Some(bytes)
    }

    /// Records an action's result, unless the store is sealed.
    pub(crate) fn record_action(&self, key: &Digest, body: &[u8]) -> Result<(), Failure> {
        if self.sealed {
            return Ok(());
        }
        self.place(&self.path("ac", key), |file| {
            file.write_all(body)?;
            file.write_all(&checksum(key, body).0)
        })
    }

    /// Where a content lies, if it is there.
    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path("cas", digest)
    }

    /// A content, checked.
    pub(crate) fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = self.blob_path(digest);
        let bytes = fs::read(&path).ok()?;
        if Digest::of(&bytes) != *digest {
            return None;
        }
        refresh(&path);
        Some(bytes)
    }

    /// The stamp of a content that has just been checked by its hash. With the stamp of an earlier check only that is
    /// compared, since a file that changed has another.
    pub(crate) fn verify_blob(&self, digest: &Digest, known: Option<Stamp>) -> Option<Stamp> {
        let path = self.blob_path(digest);
        let stamp = Stamp::read(&path)?;
        if known == Some(stamp) {
            return Some(stamp);
        }
        self.blob(digest)?;
        Stamp::read(&path)
    }

    /// Adds a content.
    pub(crate) fn add_blob(&self, bytes: &[u8]) -> Result<Digest, Failure> {
        let digest = Digest::of(bytes);
        let path = self.blob_path(&digest);
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(digest);
        }
        self.place(&path, |file| file.write_all(bytes))?;
        Ok(digest)
    }

    /// The path of a content of the toolchain, which is asked for only when the store does not have it.
    pub(crate) fn supply<B: AsRef<[u8]>>(
        &self,
        digest: &Digest,
        content: impl FnOnce() -> B,
    ) -> Result<PathBuf, Failure> {
        if self.blob(digest).is_none() {
            self.add_blob(content().as_ref())?;
        }
        Ok(self.blob_path(digest))
    }

    /// Moves a finished temporary file of `scratch` into the store.
    pub(crate) fn adopt(&self, file: tempfile::TempPath) -> Result<(Digest, u64), Failure> {
        let bytes = fs::read(&file).map_err(io_failure("read", &file))?;
        let digest = Digest::of(&bytes);
        let path = self.blob_path(&digest);
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok((digest, bytes.len() as u64));
        }
        make_folder(parent(&path))?;
        file.persist(&path).map_err(|error| io_failure("write", &path)(error.error))?;
        Ok((digest, bytes.len() as u64))
    }

    /// A name for a temporary file on the store's own disk; it is removed unless `adopt` takes it.
    pub(crate) fn scratch(&self, suffix: &str) -> Result<tempfile::TempPath, Failure> {
        Ok(temporary_file(&self.root.join("tmp"), suffix)?.into_temp_path())
    }

    /// A folder for files that belong to neither actions nor contents, such as unpacked headers.
    pub(crate) fn room(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file beside its place and renames it: a rename within a folder locks nothing else of the disk.
    fn place(&self, path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Failure> {
        let mut file = temporary_file(parent(path), "")?;
        write(file.as_file_mut()).map_err(io_failure("write", path))?;
        file.persist(path).map(|_| ()).map_err(|error| io_failure("write", path)(error.error))
    }

    /// Counts what is in the store.
    pub fn stat(&self) -> Result<Stat, Failure> {
        let mut stat = Stat::default();
        for file in self.files()? {
            match file.room {
                Room::Actions => stat.actions += 1,
                Room::Blobs => stat.blobs += 1,
                Room::Others | Room::Temporary => stat.others += 1,
            }
            stat.bytes += file.size;
        }
        Ok(stat)
    }

    /// Removes what has not been used for long, and what was used longest ago until the rest is small enough.
    pub fn gc(&self, limits: GcLimits) -> Result<Removed, Failure> {
        let _lock = self.lock_exclusively()?;
        let now = SystemTime::now();
        let mut files = self.files()?;
        files.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut left: u64 = files.iter().map(|file| file.size).sum();
        let mut removed = Removed::default();
        for file in files {
            let age = now.duration_since(file.used).unwrap_or_default();
            let too_old = limits.max_age.is_some_and(|limit| age > limit);
            let too_much = limits.max_bytes.is_some_and(|limit| left > limit);
            let abandoned = file.room == Room::Temporary && age > ABANDONED_AFTER;
            if !(too_old || too_much || abandoned) {
                continue;
            }
            fs::remove_file(&file.path).map_err(io_failure("remove", &file.path))?;
            left -= file.size;
            removed.files += 1;
            removed.bytes += file.size;
        }
        removed.bytes_left = left;
        Ok(removed)
    }

    /// Removes everything.
    pub fn clear(&self) -> Result<Removed, Failure> {
        self.gc(GcLimits { max_age: None, max_bytes: Some(0) })
    }

    fn lock_exclusively(&self) -> Result<Option<File>, Failure> {
        if !self.root.exists() {
            return Ok(None);
        }
        let file = self.lock_file().map_err(io_failure("open the lock in", &self.root))?;
        file.lock().map_err(io_failure("lock", &self.root))?;
        Ok(Some(file))
    }

    fn files(&self) -> Result<Vec<Stored>, Failure> {
        let mut found = Vec::new();
        let mut folders = vec![(self.root.clone(), Room::Others)];
        while let Some((folder, room)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(io_failure("list", &folder)(error)),
            };
            for entry in entries {
                let entry = entry.map_err(io_failure("list", &folder))?;
                let path = entry.path();
                // Another process may remove a file between the listing and the look at it.
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                if metadata.is_dir() {
                    let room = match entry.file_name().to_str() {
                        Some("ac") if folder == self.root => Room::Actions,
                        Some("cas") if folder == self.root => Room::Blobs,
                        _ => room,
                    };
                    folders.push((path, room));
                } else if path != self.root.join("lock") {
                    let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    let is_temporary =
                        entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX));
                    let room = if is_temporary { Room::Temporary } else { room };
                    found.push(Stored { path, room, size: metadata.len(), used });
                }
            }
        }
        Ok(found)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Actions,
    Blobs,
    Temporary,
    Others,
}

struct Stored {
    path: PathBuf,
    room: Room,
    size: u64,
    used: SystemTime,
}

/// A record is bound to its key, so that a file copied to another name is not taken for its record.
fn checksum(key: &Digest, body: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&key.0).update(body);
    Digest(*hasher.finalize().as_bytes())
}

/// Notes that a file is in use; failing to only makes `gc` remove it earlier.
fn refresh(path: &Path) {
    let now = SystemTime::now();
    let Ok(modified) = fs::metadata(path).and_then(|metadata| metadata.modified()) else {
        return;
    };
    if now.duration_since(modified).is_ok_and(|age| age > REFRESH_AFTER)
        && let Ok(file) = File::options().write(true).open(path)
    {
        let _ = file.set_modified(now);
    }
}

/// A temporary file in a folder, which is made if it is not there.
fn temporary_file(folder: &Path, suffix: &str) -> Result<tempfile::NamedTempFile, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(suffix);
    match builder.tempfile_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(folder)?;
            builder.tempfile_in(folder).map_err(io_failure("write a file in", folder))
        }
        result => result.map_err(io_failure("write a file in", folder)),
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(io_failure("create the folder", folder))
}
