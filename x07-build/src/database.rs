//! The build database: what the last build read, made and found.
//!
//! It is two files. The first tells whether anything has changed, and all that a build without changes reports; the
//! second has what is needed to do no more than the change asks for, and is read only then. The first names the digest
//! of the second, so that files of two builds that ran at once are never taken for a pair.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, thread};

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Fingerprint};
use crate::files::{Opened, Stamp, reserve_handles, write_atomic};
use crate::front;
use crate::load::{ENTRY, MAX_ENTRY_BYTES};
use crate::outcome::Failure;

const MAGIC: &[u8] = b"x07db 5\n";

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
}

/// How a file was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    pub(crate) stamp: Stamp,
    /// The file was so new that its stamp proves nothing; its content has to be looked at.
    pub(crate) racy: bool,
    pub(crate) text: Fingerprint,
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
    pub(crate) libraries: Vec<String>,
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
    /// None of its functions has a mistake.
    pub(crate) sound: bool,
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

/// The names of the two files in the build folder.
const HOT_FILE: &str = "build.db";
const COLD_FILE: &str = "modules.db";

/// A database whose first file has been read.
pub(crate) struct Database {
    pub(crate) hot: Hot,
    folder: PathBuf,
    cold: Digest,
}

impl Database {
    /// Reads the database in a folder; `None` when there is none, it is damaged or it belongs to another request.
    pub(crate) fn read(folder: &Path, request: &Digest) -> Option<Database> {
        let bytes = fs::read(folder.join(HOT_FILE)).ok()?;
        let (digest, body) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
        if Digest::of(body).0 != *digest {
            return None;
        }
        let (cold, hot) = body.split_first_chunk::<32>()?;
        let hot: Hot = postcard::from_bytes(hot).ok()?;
        (hot.request == *request).then(|| Database { hot, folder: folder.to_owned(), cold: Digest(*cold) })
    }

    /// Writes a database. One that cannot be encoded, because a path is not UTF-8, is not kept.
    pub(crate) fn write(folder: &Path, hot: &Hot, cold: &Cold) -> Result<(), Failure> {
        let Ok(bytes) = postcard::to_stdvec(cold) else {
            return Ok(());
        };
        write_atomic(&folder.join(COLD_FILE), &bytes)?;
        write_hot(folder, hot, Digest::of(&bytes))
    }

    /// Writes the first part again, after only that has changed.
    pub(crate) fn renew(&self) -> Result<(), Failure> {
        write_hot(&self.folder, &self.hot, self.cold)
    }

    /// The second part; empty when it is damaged or gone, which costs time and nothing else.
    pub(crate) fn cold(&self) -> Cold {
        let bytes = fs::read(self.folder.join(COLD_FILE)).ok().filter(|bytes| Digest::of(bytes) == self.cold);
        bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default()
    }
}

/// The magic word, the digest of what follows, the digest of the second file, the first part.
fn write_hot(folder: &Path, hot: &Hot, cold: Digest) -> Result<(), Failure> {
    const BODY: usize = MAGIC.len() + 32;
    let head = [MAGIC, &[0; 32], &cold.0].concat();
    let Ok(mut bytes) = postcard::to_extend(hot, head) else {
        return Ok(());
    };
    let digest = Digest::of(&bytes[BODY..]);
    bytes[MAGIC.len()..BODY].copy_from_slice(&digest.0);
    write_atomic(&folder.join(HOT_FILE), &bytes)
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
        let now = SystemTime::now();
        let mut sources = vec![None; self.files.len()];
        for module in &self.modules {
            if let Some(source) = module.file.and_then(|file| sources.get_mut(file as usize)) {
                *source = Some(module);
            }
        }
        let recorded: Vec<Recorded<'_>> = self.files.iter().zip(sources).collect();
        let Some(states) = states(&recorded, now) else {
            return Comparison::Different;
        };
        let mut result = Comparison::Same;
        for (file, state) in self.files.iter_mut().zip(states) {
            if file.state != state {
                file.state = state;
                result = Comparison::SameMeaning;
            }
        }
        result
    }

    /// Makes an output that is one file as new as it is good, for build systems that compare its time with those of what
    /// it is made of.
    pub(crate) fn renew_output(&mut self, output: &Path) {
        let Some((path, stamp)) = self.outputs.iter_mut().find(|(path, _)| path == output) else {
            return;
        };
        let renewed = fs::File::open(&*path).and_then(|file| file.set_modified(SystemTime::now()));
        if let Some(now) = renewed.ok().and_then(|()| Stamp::read(path)) {
            *stamp = now;
        }
    }

    /// Looks again at files that were too new to trust their stamp.
    pub(crate) fn settle(&mut self) {
        let mut buffer = Vec::new();
        let now = SystemTime::now();
        for file in self.files.iter_mut().filter(|file| file.state.racy) {
            let seen = file.see().and_then(|seen| file.state_now(seen, None, now, &mut buffer));
            if let Some(state) = seen.filter(|state| state.stamp == file.state.stamp) {
                file.state = state;
            }
        }
    }
}

/// A file as a look at its stamp shows it.
enum Seen {
    /// It is the one that was read.
    Unchanged,
    /// It may be another one.
    Doubtful(Opened),
}

impl FileRecord {
    /// Looks at the stamp of the file, and opens it if that proves nothing. `None` if it cannot be read.
    fn see(&self) -> Option<Seen> {
        let seen = fs::metadata(&self.path).ok()?;
        if !self.state.racy && Stamp::of(&seen) == self.state.stamp {
            return Some(Seen::Unchanged);
        }
        let opened = Opened::open(&self.path, seen).ok()?;
        opened.prefetch();
        Some(Seen::Doubtful(opened))
    }

    /// The state of the file after `now`, if it still means the same. It is read only if its stamp does not prove that.
    fn state_now(
        &self,
        seen: Seen,
        module: Option<&ModuleSource>,
        now: SystemTime,
        buffer: &mut Vec<u8>,
    ) -> Option<FileState> {
        let Seen::Doubtful(mut opened) = seen else {
            return Some(self.state);
        };
        opened.read(buffer).ok()?;
        let text = Fingerprint::of(buffer);
        let same = text == self.state.text || module.is_some_and(|module| module.means(buffer));
        let stamp = opened.stamp();
        // A change after the file was seen gives it another stamp only if the clock had moved on by then.
        same.then(|| FileState { stamp, racy: stamp.is_racy(now), text })
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

/// A record, and the module that the file holds if it is one.
type Recorded<'a> = (&'a FileRecord, Option<&'a ModuleSource>);

/// The states of all files, found in as many threads as it pays; `None` as soon as one does not mean the same any more.
fn states(files: &[Recorded<'_>], now: SystemTime) -> Option<Vec<FileState>> {
    /// Below this a thread takes longer to start than to do its share.
    const PER_THREAD: usize = 128;
    /// What the disk has to be asked for is asked for ahead, so that more threads would have nothing to wait for.
    const MOST_THREADS: usize = 4;
    /// How many files are open at once at most, all threads together; most systems allow 1,024.
    const MOST_OPEN: usize = 512;
    let threads = files.len().div_ceil(PER_THREAD).clamp(1, MOST_THREADS);
    let open = files.len().clamp(1, MOST_OPEN);
    let ahead = if reserve_handles(open) { open.div_ceil(threads) } else { 1 };
    let mut shares = files.chunks(files.len().div_ceil(threads).max(1));
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares.map(|share| scope.spawn(move || states_of(share, ahead, now))).collect();
        let mut all = states_of(first, ahead, now);
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

/// The states of some files. As many as `ahead` are opened before the first is read, so that the disk fetches them
/// together: 1,000 files that are not in memory take half the time.
fn states_of(files: &[Recorded<'_>], ahead: usize, now: SystemTime) -> Option<Vec<FileState>> {
    let mut states = Vec::with_capacity(files.len());
    // One for all files: allocating for every one of them makes threads wait for each other.
    let mut buffer = Vec::new();
    for files in files.chunks(ahead) {
        let seen: Option<Vec<Seen>> = files.iter().map(|(file, _)| file.see()).collect();
        for ((file, module), seen) in files.iter().zip(seen?) {
            states.push(file.state_now(seen, *module, now, &mut buffer)?);
        }
    }
    Some(states)
}
