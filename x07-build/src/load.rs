//! Reads the modules of a program: from the entry over all imports, in parallel, each file at most once and only if it
//! has changed since the last build.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use x07_ast::{Diagnostic, ErrorKind, File};

use crate::database::{Cold, Database, FileRecord, FileState, GroupRecord, Hot, ModuleRecord, ModuleSource};
use crate::digest::{Digest, Fingerprint};
use crate::event::ActionKind;
use crate::files::{Stamp, io_failure, read_stamped};
use crate::front;
use crate::graph::Graph;
use crate::imports::{Absent, absence, cycle_finding, decode_findings};
use crate::lookup::{self, Found};
use crate::outcome::{Failure, Sources};
use crate::packages;
use crate::pool::{self, Urgency};
use crate::session::Session;
use crate::stdlib;

/// The entry's module id.
pub(crate) const ENTRY: &str = "main";

/// An entry file may have this many bytes (spec language 16).
pub(crate) const MAX_ENTRY_BYTES: usize = 65_536;

/// Where a module's text is.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Builtin(&'static str),
    File(FileRecord),
}

/// A module that could be read.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) id: String,
    pub(crate) origin: Origin,
    /// Digest of what the compiler sees of it.
    pub(crate) meaning: Digest,
    pub(crate) import_ids: Vec<String>,
    /// Where each import stands in the file's own array.
    pub(crate) import_indices: Vec<u32>,
    /// The imports that could be read, by number.
    pub(crate) imports: Vec<u32>,
    /// What the parser had to say.
    pub(crate) findings: Vec<Diagnostic>,
    /// False when the parser found errors.
    pub(crate) parses: bool,
    /// False when it has no tree, not even of what is left without the errors.
    pub(crate) has_tree: bool,
    /// The tree until it is compiled, if the text was parsed.
    pub(crate) file: Mutex<Option<File>>,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// The entry first, then by id.
    pub(crate) modules: Vec<Module>,
    /// The modules that are in no cycle each alone, those that import each other together.
    pub(crate) knots: Vec<Vec<u32>>,
    /// For each module its place among the knots.
    pub(crate) knot_of: Vec<u32>,
    /// For each module those that import it.
    pub(crate) dependents: Vec<Vec<u32>>,
    /// Missing modules and cycles.
    pub(crate) findings: Vec<Diagnostic>,
}

/// What the last build left, by module id.
#[derive(Debug, Default)]
pub(crate) struct Old {
    pub(crate) modules: HashMap<String, OldModule>,
    pub(crate) groups: HashMap<Digest, GroupRecord>,
    pub(crate) outputs: Vec<(PathBuf, Stamp)>,
}

/// A module as it was at the last build.
#[derive(Debug)]
pub(crate) struct OldModule {
    pub(crate) meaning: Digest,
    pub(crate) record: ModuleRecord,
    /// `None` for a built-in module.
    file: Option<FileRecord>,
}

impl Old {
    pub(crate) fn new(database: Option<Database>) -> Old {
        let Some(database) = database else {
            return Old::default();
        };
        let Cold { modules, groups } = database.cold();
        let Hot { modules: sources, files, outputs, .. } = database.hot;
        let mut files: Vec<Option<FileRecord>> = files.into_iter().map(Some).collect();
        let mut file_of = |source: &ModuleSource| source.file.and_then(|file| files.get_mut(file as usize)?.take());
        let modules = sources.into_iter().zip(modules).map(|(source, record)| {
            let file = file_of(&source);
            (source.id, OldModule { meaning: source.meaning, record, file })
        });
        Old {
            modules: modules.collect(),
            groups: groups.into_iter().map(|group| (group.key, group)).collect(),
            outputs,
        }
    }
}

impl Module {
    /// The tree: the one parsed while loading, or parsed again.
    pub(crate) fn take_file(&self) -> Result<Option<File>, Failure> {
        if let Some(file) = self.file.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(Some(file));
        }
        let parsed = match &self.origin {
            Origin::Builtin(text) => front::parse(&self.id, false, text.as_bytes()),
            Origin::File(file) => {
                let text = fs::read(&file.path).map_err(io_failure("read", &file.path))?;
                if Fingerprint::of(&text) != file.state.text {
                    return Err(self.changed());
                }
                front::parse(&self.id, self.id == ENTRY, &text)
            }
        };
        Ok(parsed.file)
    }

    /// What `look` makes of the tree, which stays where it is.
    pub(crate) fn with_file<T>(&self, look: impl FnOnce(&File) -> T) -> Result<Option<T>, Failure> {
        if let Some(file) = self.file.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Some(look(file)));
        }
        Ok(self.take_file()?.as_ref().map(look))
    }

    fn changed(&self) -> Failure {
        Failure::Usage(format!("module \"{}\" was changed during the build; build again", self.id))
    }

    /// True for a module of the toolchain, which may use heads that others may not.
    pub(crate) fn is_builtin(&self) -> bool {
        matches!(self.origin, Origin::Builtin(_))
    }

    /// The JSON pointer of an import.
    pub(crate) fn import_pointer(&self, place: usize) -> String {
        format!("/imports/{}", self.import_indices.get(place).copied().unwrap_or_default())
    }
}

impl Program {
    /// Where the texts are.
    pub(crate) fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        for module in &self.modules {
            match &module.origin {
                Origin::Builtin(text) => sources.add_builtin(&module.id, text),
                Origin::File(file) => sources.add_file(&module.id, &file.path),
            }
        }
        sources
    }

    /// True for a module that is in a cycle with others.
    pub(crate) fn is_in_cycle(&self, module: u32) -> bool {
        self.knots[self.knot_of[module as usize] as usize].len() > 1
    }

    /// True for modules that import each other, directly or not, and for each of those with itself.
    pub(crate) fn are_in_cycle(&self, one: u32, other: u32) -> bool {
        self.knot_of[one as usize] == self.knot_of[other as usize] && self.is_in_cycle(one)
    }

    /// True when every module parses and has all that it imports, and there is no cycle.
    pub(crate) fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.modules.iter().all(|module| module.parses)
    }
}

/// Everything known while modules come in.
#[derive(Default)]
struct Incoming {
    seen: BTreeSet<String>,
    modules: BTreeMap<String, Module>,
    /// Ids that have no module, with the reason.
    absent: BTreeMap<String, Absent>,
    failure: Option<Failure>,
}

/// Reads the whole program.
pub(crate) fn load(session: &Session<'_>, old: &Old) -> Result<Program, Failure> {
    let incoming = Mutex::new(Incoming::default());
    let now = SystemTime::now();
    let lock = || incoming.lock().unwrap_or_else(PoisonError::into_inner);
    lock().seen.insert(ENTRY.to_owned());
    pool::run(session.workers, vec![(Urgency::Normal, ENTRY.to_owned())], |id: String, queue, lane| {
        let result = load_one(session, old, &id, now, lane);
        let mut incoming = lock();
        match result {
            Ok(Ok(module)) => {
                for import in &module.import_ids {
                    if incoming.seen.insert(import.clone()) {
                        queue.push(Urgency::Normal, import.clone());
                    }
                }
                incoming.modules.insert(id, module);
            }
            Ok(Err(absent)) => {
                incoming.absent.insert(id, absent);
            }
            Err(failure) => {
                incoming.failure.get_or_insert(failure);
                queue.stop();
            }
        }
    });
    let mut incoming = incoming.into_inner().unwrap_or_else(PoisonError::into_inner);
    match incoming.failure.take() {
        Some(failure) => Err(failure),
        None => Ok(assemble(session, incoming)),
    }
}

fn load_one(
    session: &Session<'_>,
    old: &Old,
    id: &str,
    now: SystemTime,
    lane: usize,
) -> Result<Result<Module, Absent>, Failure> {
    session.go_on()?;
    let is_entry = id == ENTRY;
    let (path, metadata) = if is_entry {
        let path = session.project.entry.clone();
        let metadata = fs::metadata(&path).map_err(io_failure("read", &path))?;
        (path, metadata)
    } else {
        match lookup::find(id, &session.project.roots, session.project.world) {
            Found::Builtin(text) => return Ok(Ok(builtin(session, old, id, text, lane))),
            Found::File(path, metadata) => (path, metadata),
            Found::Ambiguous(paths) => return Ok(Err(Absent::Ambiguous(paths))),
            Found::Missing => return Ok(Err(Absent::Missing)),
            Found::NotAnId => return Ok(Err(Absent::NotAnId)),
            Found::Unreadable(path, error) => return Ok(Err(Absent::Unreadable(path, error))),
        }
    };
    let stamp = Stamp::of(&metadata);
    let known = old.modules.get(id).and_then(|old| old.file.as_ref().map(|file| (old, file)));
    if let Some((old, file)) = known
        && file.path == path
        && file.state.stamp == stamp
        && !file.state.racy
    {
        return Ok(Ok(remembered(id, old, Origin::File(file.clone()))));
    }
    let (text, stamp) = match read_stamped(&path) {
        Ok(read) => read,
        Err(error) if is_entry => return Err(io_failure("read", &path)(error)),
        Err(error) => return Ok(Err(Absent::Unreadable(path, error))),
    };
    let state = FileState { stamp, racy: stamp.is_racy(now), text: Fingerprint::of(&text) };
    let origin = Origin::File(FileRecord { path, state });
    if is_entry && text.len() > MAX_ENTRY_BYTES {
        return Ok(Ok(oversized_entry(&text, origin)));
    }
    match known {
        Some((old, file)) if file.state.text == state.text => Ok(Ok(remembered(id, old, origin))),
        _ => Ok(Ok(parsed(session, id, &text, origin, lane))),
    }
}

fn builtin(session: &Session<'_>, old: &Old, id: &str, text: &'static str, lane: usize) -> Module {
    // The toolchain's identity is part of the database's, so a record of a built-in module is always current.
    let origin = Origin::Builtin(text);
    match old.modules.get(id).filter(|old| old.file.is_none()) {
        Some(old) => remembered(id, old, origin),
        None => parsed(session, id, text.as_bytes(), origin, lane),
    }
}

fn remembered(id: &str, old: &OldModule, origin: Origin) -> Module {
    Module {
        id: id.to_owned(),
        origin,
        meaning: old.meaning,
        import_ids: old.record.imports.clone(),
        import_indices: old.record.import_indices.clone(),
        imports: Vec::new(),
        findings: decode_findings(&old.record.findings),
        parses: true,
        has_tree: true,
        file: Mutex::new(None),
    }
}

fn parsed(session: &Session<'_>, id: &str, text: &[u8], origin: Origin, lane: usize) -> Module {
    let parsed = session.action(ActionKind::Parse, id, lane, || (front::parse(id, id == ENTRY, text), false));
    let (import_ids, import_indices) = match &parsed.file {
        Some(file) => front::imports(file),
        None => (Vec::new(), Vec::new()),
    };
    Module {
        id: id.to_owned(),
        origin,
        meaning: parsed.meaning,
        import_ids,
        import_indices,
        imports: Vec::new(),
        findings: parsed.diagnostics,
        parses: parsed.is_sound,
        has_tree: parsed.file.is_some(),
        file: Mutex::new(parsed.file),
    }
}

fn oversized_entry(text: &[u8], origin: Origin) -> Module {
    let name = match &origin {
        Origin::File(file) => file.path.display().to_string(),
        Origin::Builtin(_) => String::new(),
    };
    let finding = Diagnostic::error(
        "X07-BUDGET-0001",
        ErrorKind::Budget,
        format!("entry file {name} has {} bytes, more than the {MAX_ENTRY_BYTES} that a program may have", text.len()),
    )
    .module(ENTRY)
    .help("move functions into modules; a module file has no such limit");
    Module {
        id: ENTRY.to_owned(),
        origin,
        meaning: Digest::of(text),
        import_ids: Vec::new(),
        import_indices: Vec::new(),
        imports: Vec::new(),
        findings: vec![finding],
        parses: false,
        has_tree: false,
        file: Mutex::new(None),
    }
}

/// Numbers the modules, resolves the imports and orders them.
fn assemble(session: &Session<'_>, incoming: Incoming) -> Program {
    let Incoming { mut modules, absent, .. } = incoming;
    let entry = modules.remove(ENTRY);
    let mut modules: Vec<Module> = entry.into_iter().chain(modules.into_values()).collect();
    let numbers: HashMap<String, u32> =
        modules.iter().enumerate().map(|(number, module)| (module.id.clone(), number as u32)).collect();
    let mut findings = Vec::new();
    let mut reported: HashMap<&str, usize> = HashMap::new();
    for module in &modules {
        for (place, import) in module.import_ids.iter().enumerate() {
            let Some(why) = absent.get(import) else {
                continue;
            };
            match reported.get(import.as_str()).copied() {
                Some(index) => {
                    let also: &mut Diagnostic = &mut findings[index];
                    also.notes.push(format!("\"{}\" imports it too, at {}", module.id, module.import_pointer(place)));
                }
                None => {
                    reported.insert(import, findings.len());
                    findings.push(absence(session, module, place, import, why));
                }
            }
        }
    }
    findings.extend(packages::findings(session.project, &modules));
    for module in &mut modules {
        module.imports = module.import_ids.iter().filter_map(|id| numbers.get(id).copied()).collect();
    }
    let edges: Vec<Vec<(u32, u32)>> = modules
        .iter()
        .map(|module| {
            let places = module.import_ids.iter().enumerate();
            places.filter_map(|(place, id)| numbers.get(id).map(|number| (place as u32, *number))).collect()
        })
        .collect();
    let graph = Graph::new(&edges);
    let (knots, cycles) = graph.knots();
    findings.extend(cycles.iter().map(|cycle| cycle_finding(&modules, &cycle.0)));
    let mut knot_of = vec![0; modules.len()];
    for (index, knot) in knots.iter().enumerate() {
        for module in knot {
            knot_of[*module as usize] = index as u32;
        }
    }
    Program { knots, knot_of, dependents: graph.dependents(), modules, findings }
}

/// The paths whose appearance would make a module ambiguous, or take the place of a built-in one.
pub(crate) fn absences(session: &Session<'_>, program: &Program) -> Vec<PathBuf> {
    let roots = &session.project.roots;
    let mut absences = BTreeSet::new();
    for module in program.modules.iter().filter(|module| module.id != ENTRY) {
        match &module.origin {
            Origin::File(file) => absences.extend(lookup::absences(&module.id, roots, &file.path)),
            Origin::Builtin(_) if stdlib::is_adapter(&module.id, session.project.world) => {
                absences.extend(lookup::absences(&module.id, roots, Path::new("")));
            }
            Origin::Builtin(_) => {}
        }
    }
    absences.into_iter().collect()
}

/// A record of a file other than a module.
pub(crate) fn file_record(path: &Path, now: SystemTime) -> Result<FileRecord, Failure> {
    let (bytes, stamp) = read_stamped(path).map_err(io_failure("read", path))?;
    let state = FileState { stamp, racy: stamp.is_racy(now), text: Fingerprint::of(&bytes) };
    Ok(FileRecord { path: path.to_owned(), state })
}
