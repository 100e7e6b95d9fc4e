//! The build database: what the last build read, made and found, in one file beside the output.
//!
//! The file has two parts. The first tells whether anything has changed, and all that a build without changes reports;
//! the second has what is needed to do no more than the change asks for, and is decoded only then.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, thread};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::files::{Stamp, read_stamped_after, write_atomic};
use crate::front;
use crate::load::{ENTRY, MAX_ENTRY_BYTES};
use crate::outcome::Failure;

const MAGIC: &[u8; 8] = b"x07db 2\n";

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
    /// The file was so new that its stamp proves nothing; its content has to be looked at.
    pub(crate) racy: bool,
    pub(crate) digest: Digest,
}

/// Where a module of the program came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModuleSource {
    pub(crate) id: String,
    /// Index among the files; `None` for a built-in module.
    pub(crate) file: Option<u32>,
    /// Digest of what the compiler sees of the file.
    pub(crate) meaning: Digest,
    /// The parser had something to say about it.
    pub(crate) has_findings: bool,
}

/// The part that is always read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hot {
    /// The request and the toolchain; a file of another digest is somebody else's.
    pub(crate) request: Digest,
    /// What decided which C compiler was found, and the compiler itself; `None` when none was needed.
    pub(crate) cc: Option<(Digest, PathBuf, Stamp)>,
    pub(crate) files: Vec<FileRecord>,
    /// Paths that must not exist, lest a module be ambiguous.
    pub(crate) absent: Vec<PathBuf>,
    /// What was written.
    pub(crate) outputs: Vec<(PathBuf, Stamp)>,
    /// What was looked at besides files, such as folders that were listed.
    pub(crate) watched: Vec<(PathBuf, Stamp)>,
    pub(crate) modules: Vec<ModuleSource>,
    /// Warnings as JSON, because a fix holds JSON of any shape; empty when there are none.
    pub(crate) warnings: Vec<u8>,
    pub(crate) native_heads: Vec<String>,
    pub(crate) c_source_size: u64,
    pub(crate) nodes: u64,
    pub(crate) compiler_output: Vec<u8>,
}

/// A function of another module that a unit depends on, with its digest when the unit was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UsedRecord {
    pub(crate) module: String,
    /// `None` stands for the whole interface.
    pub(crate) function: Option<String>,
    /// `None` when there was no such function.
    pub(crate) digest: Option<Digest>,
}

/// A compiled module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitRecord {
    /// Which of the results in the store this is.
    pub(crate) variant: Digest,
    pub(crate) used: Vec<UsedRecord>,
    /// The modules whose objects its object calls into.
    pub(crate) links: Vec<String>,
    pub(crate) interface: Digest,
    pub(crate) summary: Digest,
    pub(crate) c: Digest,
    pub(crate) c_size: u64,
}

/// What more there is to know of a module as it was at the last build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModuleRecord {
    pub(crate) imports: Vec<String>,
    pub(crate) import_indices: Vec<u32>,
    /// What the parser warned of, as JSON.
    pub(crate) findings: Vec<u8>,
    pub(crate) unit: Option<UnitRecord>,
    pub(crate) object: Option<Digest>,
}

/// A partial link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    pub(crate) key: Digest,
    pub(crate) object: Digest,
    /// The stamp under which the object in the store was last checked by its hash.
    pub(crate) stamp: Stamp,
}

/// The part that is read when something has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cold {
    /// In the order of the first part's.
    pub(crate) modules: Vec<ModuleRecord>,
    pub(crate) groups: Vec<GroupRecord>,
}

/// A database as read: the second part is still bytes.
pub(crate) struct Database {
    pub(crate) hot: Hot,
    cold: Vec<u8>,
}

impl Database {
    /// Reads a database; `None` when there is none, it is damaged or it belongs to another request.
    pub(crate) fn read(path: &Path, request: &Digest) -> Option<Database> {
        let mut bytes = fs::read(path).ok()?;
        let (hot, cold_start) = part(&bytes, MAGIC.len())?;
        if &bytes[..MAGIC.len()] != MAGIC {
            return None;
        }
        let hot: Hot = postcard::from_bytes(hot).ok()?;
        if hot.request != *request {
            return None;
        }
        bytes.drain(..cold_start);
        Some(Database { hot, cold: bytes })
    }

    /// A database to write. One that cannot be encoded, because a path is not UTF-8, is not kept.
    pub(crate) fn new(hot: Hot, cold: &Cold) -> Option<Database> {
        let mut bytes = Vec::new();
        add_part(&mut bytes, &postcard::to_stdvec(cold).ok()?);
        Some(Database { hot, cold: bytes })
    }

    /// The second part; empty when it is damaged, which costs time and nothing else.
    pub(crate) fn cold(&self) -> Cold {
        part(&self.cold, 0).and_then(|(bytes, _)| postcard::from_bytes(bytes).ok()).unwrap_or_default()
    }

    /// Writes the database.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let Ok(hot) = postcard::to_stdvec(&self.hot) else {
            return Ok(());
        };
        let mut bytes = Vec::with_capacity(hot.len() + self.cold.len() + 96);
        bytes.extend_from_slice(MAGIC);
        add_part(&mut bytes, &hot);
        bytes.extend_from_slice(&self.cold);
        write_atomic(path, &bytes, 0o644)
    }
}

/// A length, that many bytes, and their digest.
fn part(bytes: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let body = start.checked_add(8)?;
    let length = u64::from_le_bytes(bytes.get(start..body)?.try_into().ok()?);
    let end = body.checked_add(usize::try_from(length).ok()?)?;
    let content = bytes.get(body..end)?;
    let digest = bytes.get(end..end.checked_add(32)?)?;
    (Digest::of(content).0 == *digest).then_some((content, end + 32))
}

fn add_part(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    bytes.extend_from_slice(part);
    bytes.extend_from_slice(&Digest::of(part).0);
}

/// How the files compare with what the last build read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Every file is as it was.
    Same,
    /// Files were touched or reformatted; their records have been brought up to date.
    SameMeaning,
    /// Something that counts has changed.
    Different,
}

impl Hot {
    /// Compares with the files as they are. `cc` is the compiler that would be used now.
    pub(crate) fn compare(&mut self, cc: impl FnOnce(&Hot) -> Option<(Digest, PathBuf, Stamp)>) -> Comparison {
        let compiler_is_the_same = self.cc.is_none() || self.cc == cc(self);
        let unmoved = |(path, stamp): &(PathBuf, Stamp)| Stamp::read(path) == Some(*stamp);
        let appeared = |path: &PathBuf| path.symlink_metadata().is_ok();
        if !compiler_is_the_same
            || !self.outputs.iter().chain(&self.watched).all(unmoved)
            || self.absent.iter().any(appeared)
        {
            return Comparison::Different;
        }
        let mut doubtful = Vec::new();
        for (index, file) in self.files.iter().enumerate() {
            let Ok(now) = fs::metadata(&file.path) else {
                return Comparison::Different;
            };
            if file.racy || Stamp::of(&now) != file.stamp {
                doubtful.push((index, now));
            }
        }
        if doubtful.is_empty() {
            return Comparison::Same;
        }
        self.look_into(&doubtful)
    }

    /// Reads files whose stamps prove nothing.
    fn look_into(&mut self, doubtful: &[(usize, fs::Metadata)]) -> Comparison {
        let module_of: HashMap<u32, &ModuleSource> =
            self.modules.iter().filter_map(|module| module.file.map(|file| (file, module))).collect();
        let look = |(index, now): &(usize, fs::Metadata)| {
            let module = module_of.get(&(*index as u32)).copied();
            self.files[*index].renewed(module, now.clone())
        };
        let renewed: Option<Vec<FileRecord>> = in_parallel(doubtful, look);
        let Some(renewed) = renewed else {
            return Comparison::Different;
        };
        let mut result = Comparison::Same;
        for ((index, _), record) in doubtful.iter().zip(renewed) {
            if self.files[*index] != record {
                self.files[*index] = record;
                result = Comparison::SameMeaning;
            }
        }
        result
    }

    /// Looks again at files that were too new to trust their stamp.
    pub(crate) fn settle(&mut self) {
        for file in self.files.iter_mut().filter(|file| file.racy) {
            if let Ok(now) = fs::metadata(&file.path)
                && let Some(record) = file.renewed(None, now).filter(|record| record.stamp == file.stamp)
            {
                *file = record;
            }
        }
    }
}

impl FileRecord {
    /// The record of the file as it is now, if it still means the same.
    fn renewed(&self, module: Option<&ModuleSource>, metadata: fs::Metadata) -> Option<FileRecord> {
        let now = SystemTime::now();
        let (bytes, stamp) = read_stamped_after(&self.path, metadata).ok()?;
        let digest = Digest::of(&bytes);
        let same = digest == self.digest || module.is_some_and(|module| module.means(&bytes));
        // Only a look after the clock has moved on shows that there was no change within the same tick.
        same.then(|| FileRecord { path: self.path.clone(), stamp, racy: stamp.is_racy(now), digest })
    }
}

impl ModuleSource {
    /// True when a text gives the same unit, and the same nothing to say about it, as the one that was built.
    fn means(&self, text: &[u8]) -> bool {
        if self.has_findings || (self.id == ENTRY && text.len() > MAX_ENTRY_BYTES) {
            return false;
        }
        let parsed = front::parse(&self.id, self.id == ENTRY, text);
        parsed.file.is_some() && parsed.diagnostics.is_empty() && parsed.meaning == self.meaning
    }
}

/// Applies `look` to all items, in as many threads as it pays; `None` as soon as one gives `None`.
fn in_parallel<I: Sync, T: Send>(items: &[I], look: impl Fn(&I) -> Option<T> + Sync) -> Option<Vec<T>> {
    /// Threads that open and close small files of one process get in each other's way: two of them took a third longer
    /// for 1,000 files than one.
    const PER_THREAD: usize = 2048;
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len().div_ceil(PER_THREAD)).max(1);
    let share = items.len().div_ceil(threads).max(1);
    let look = &look;
    thread::scope(|scope| {
        let others: Vec<_> = items
            .chunks(share)
            .skip(1)
            .map(|chunk| scope.spawn(move || chunk.iter().map(look).collect::<Option<Vec<T>>>()))
            .collect();
        let first = items.chunks(share).next().unwrap_or_default();
        let mut all = first.iter().map(look).collect::<Option<Vec<T>>>();
        for other in others {
            let part = other.join().ok().flatten();
            all = all.zip(part).map(|(mut all, part)| {
                all.extend(part);
                all
            });
        }
        all
    })
}
