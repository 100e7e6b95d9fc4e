//! Units to objects, objects to groups, groups to an executable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::cc;
use crate::database::GroupRecord;
use crate::digest::{Digest, KeyBuilder};
use crate::event::ActionKind;
use crate::files::io_failure;
use crate::flags::Flags;
use crate::foreign::{self, Foreign};
use crate::libraries;
use crate::load::{ENTRY, Old, Program};
use crate::native::Natives;
use crate::outcome::{CCompilerStep, Failure, Missing};
use crate::passes::Passes;
use crate::request::Emit;
use crate::runtime;
use crate::session::Session;
use crate::toolchain::Toolchain;
use crate::units::Units;

/// With more objects than this, they are linked in groups first: after a change one group and the groups' link are
/// less work than the link of all objects.
const GROUP_ABOVE: usize = 64;

/// How many objects a group has on average.
const GROUP_SIZE: usize = 32;

/// The C compiler's side of a build.
pub(crate) struct Objects<'a> {
    session: &'a Session<'a>,
    program: &'a Program,
    units: &'a Units<'a>,
    old: &'a Old,
    foreign: &'a Foreign,
    toolchain: &'a Toolchain,
    flags: Flags,
    include: PathBuf,
    /// What the C compiler starts for a unit, once that is worth knowing.
    passes: OnceLock<Option<Passes>>,
    units_compiled: AtomicUsize,
    /// The digest of all headers that a unit may read.
    headers: Digest,
    config: String,
    /// The object of each module that has one.
    objects: Vec<OnceLock<Digest>>,
    /// Whether neither a module nor any that it imports, directly or not, has a mistake.
    sound: Vec<OnceLock<bool>>,
    /// Which modules the program calls into; known when all units are made. The others need no object.
    linked: OnceLock<Vec<bool>>,
    /// The object of each C file of a package, and the files that it was made of.
    foreign_objects: Vec<OnceLock<(Digest, Vec<PathBuf>)>>,
    /// Messages of compilers that succeeded, by module.
    messages: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Numbers of the modules of each group; empty when there are no groups.
    pub(crate) groups: Vec<Vec<u32>>,
    group_records: Vec<OnceLock<GroupRecord>>,
}

impl<'a> Objects<'a> {
    pub(crate) fn new(
        session: &'a Session<'a>,
        program: &'a Program,
        units: &'a Units<'a>,
        old: &'a Old,
        foreign: &'a Foreign,
        toolchain: &'a Toolchain,
        flags: Flags,
    ) -> Result<Self, Failure> {
        let grouped = flags.groups && session.request.emit == Emit::Exe && program.modules.len() > GROUP_ABOVE;
        let groups = if grouped { groups(program) } else { Vec::new() };
        let mut headers = KeyBuilder::new("headers");
        headers.digest(&runtime::header_digest());
        for header in &flags.headers {
            headers.digest(&Digest::of(&std::fs::read(header).map_err(io_failure("read", header))?));
        }
        Ok(Objects {
            session,
            program,
            units,
            old,
            foreign_objects: foreign.sources().map(|_| OnceLock::new()).collect(),
            foreign,
            toolchain,
            include: runtime::include_folder(session.store)?,
            passes: OnceLock::new(),
            units_compiled: AtomicUsize::new(0),
            headers: headers.finish(),
            config: runtime::program_config(session.request, session.place, session.project.world),
            objects: program.modules.iter().map(|_| OnceLock::new()).collect(),
            sound: program.modules.iter().map(|_| OnceLock::new()).collect(),
            linked: OnceLock::new(),
            messages: Mutex::new(BTreeMap::new()),
            group_records: groups.iter().map(|_| OnceLock::new()).collect(),
            groups,
            flags,
        })
    }

    /// The whole C text of a unit.
    pub(crate) fn text(&self, number: u32) -> Result<String, Failure> {
        let mut text = self.units.c_text(number)?;
        if self.program.modules[number as usize].id == ENTRY {
            text.push_str(&self.config);
        }
        Ok(text)
    }

    /// True when the object of a module that has its unit need not wait for the check of the program: the last build
    /// linked it, so that this one most likely will too, and its C text is fit for the C compiler whatever that check says.
    pub(crate) fn starts_early(&self, number: u32) -> bool {
        let id = &self.program.modules[number as usize].id;
        let was_linked = self.old.modules.get(id).is_some_and(|old| old.record.object.is_some());
        self.is_sound(number) && was_linked
    }

    /// To be asked of modules that have their unit, and so have their imports. A function without a mistake of its own that
    /// calls one with a mistake has no C text either, and so on upwards.
    fn is_sound(&self, number: u32) -> bool {
        let mut imports = self.program.modules[number as usize].imports.iter();
        let is_sound_itself = || self.units.get(number).is_some_and(|unit| unit.record.sound);
        *self.sound[number as usize].get_or_init(|| is_sound_itself() && imports.all(|import| self.is_sound(*import)))
    }

    /// True when the program calls into a module's object; nothing is before all units are made.
    pub(crate) fn is_linked(&self, number: u32) -> bool {
        let linked = self.linked.get_or_init(|| self.units.linked());
        linked[number as usize]
    }

    /// The modules whose objects are linked, in the program's order.
    pub(crate) fn linked(&self) -> impl Iterator<Item = u32> {
        (0..self.objects.len() as u32).filter(|number| self.is_linked(*number))
    }

    /// The object of a module, known from the last build without a look at anything.
    pub(crate) fn remember(&self, number: u32) -> bool {
        let id = &self.program.modules[number as usize].id;
        let (Some(unit), Some(old)) = (self.units.get(number), self.old.modules.get(id)) else {
            return false;
        };
        let (Some(old_unit), Some(object)) = (&old.record.unit, old.record.object) else {
            return false;
        };
        old_unit.c == unit.record.c && self.objects[number as usize].set(object).is_ok()
    }

    /// Makes the object of a module.
    pub(crate) fn make(&self, number: u32, lane: usize) -> Result<(), Failure> {
        let digest = self.compile_unit(number, lane)?;
        let _ = self.objects[number as usize].set(digest);
        self.units.release_c_text(number);
        Ok(())
    }

    fn compile_unit(&self, number: u32, lane: usize) -> Result<Digest, Failure> {
        let id = &self.program.modules[number as usize].id;
        let text = self.text(number)?;
        let key = self.key(&text, &self.flags.unit)?;
        self.session.action(ActionKind::Cc, id, lane, || {
            if let Some(object) = self.known_object(&key) {
                return (Ok(object), true);
            }
            let step = || CCompilerStep::Unit(id.clone());
            let compiled = self.compile_text(&key, &text, &self.flags.unit, self.passes(), id, step);
            let result = compiled.map_err(|failure| match failure {
                Failure::CCompiler(mut failure) => {
                    failure.kept = crate::emit::keep_failed_unit(self.session.place, id, &text);
                    Failure::CCompiler(failure)
                }
                other => other,
            });
            (result, false)
        })
    }

    /// The passes of a unit's compilation. Asking costs a good part of a compilation, so the first few units do without.
    fn passes(&self) -> Option<&Passes> {
        let is_worth_it = self.units_compiled.fetch_add(1, Ordering::Relaxed) >= 2;
        if !is_worth_it || !self.flags.user.is_empty() {
            return None;
        }
        let ask = || {
            let object = Path::new("object.o");
            let command = cc::compile_command(self.toolchain, &self.flags.unit, &self.include, object);
            Passes::ask(self.toolchain, command, object)
        };
        self.passes.get_or_init(ask).as_ref()
    }

    fn compile_text(
        &self,
        key: &Digest,
        text: &str,
        flags: &[String],
        passes: Option<&Passes>,
        name: &str,
        step: impl Fn() -> CCompilerStep,
    ) -> Result<Digest, Failure> {
        let compiled = cc::compile(self.toolchain, flags, &self.include, passes, text, step, self.session.store);
        let (object, messages) = compiled.map_err(|failure| self.blame(failure))?;
        self.note(name, messages);
        let (digest, _) = self.session.store.adopt(object)?;
        self.session.store.record_action(key, &digest.0)?;
        Ok(digest)
    }

    fn key(&self, text: &str, flags: &[String]) -> Result<Digest, Failure> {
        let mut key = KeyBuilder::new("cc");
        key.text(text).digest(&self.headers).digest(&self.toolchain.identity);
        Flags::add_to_key(&mut key, flags)?;
        Ok(key.finish())
    }

    /// The object that an action made earlier, if it is still there; its content is checked before the link.
    fn known_object(&self, key: &Digest) -> Option<Digest> {
        let digest = Digest(self.session.store.action(key)?.try_into().ok()?);
        self.session.store.blob_path(&digest).is_file().then_some(digest)
    }

    /// Where a module's object lies, checked; one that is damaged or gone is made again.
    fn object_path(&self, number: u32, lane: usize) -> Result<PathBuf, Failure> {
        let store = self.session.store;
        if let Some(digest) = self.objects[number as usize].get()
            && store.verify_blob(digest, None).is_some()
        {
            return Ok(store.blob_path(digest));
        }
        let id = &self.program.modules[number as usize].id;
        let text = self.text(number)?;
        let key = self.key(&text, &self.flags.unit)?;
        let digest = self.session.action(ActionKind::Cc, id, lane, || {
            let step = || CCompilerStep::Unit(id.clone());
            (self.compile_text(&key, &text, &self.flags.unit, None, id, step), false)
        })?;
        Ok(store.blob_path(&digest))
    }

    /// The digest of the object of a linked module.
    pub(crate) fn object(&self, number: u32) -> Option<Digest> {
        let object = self.objects[number as usize].get().copied();
        object.filter(|_| self.is_linked(number))
    }

    /// The objects of the linked modules in their order, checked.
    pub(crate) fn object_paths(&self, lane: usize) -> Result<Vec<PathBuf>, Failure> {
        self.linked().map(|number| self.object_path(number, lane)).collect()
    }

    /// The runtime, checked.
    pub(crate) fn runtime(&self, lane: usize) -> Result<runtime::Inputs, Failure> {
        let emit = self.session.request.emit;
        if self.flags.prebuilt_runtime {
            return runtime::prebuilt(emit, self.session.store);
        }
        let objects = runtime::sources(emit).map(|name| self.runtime_object(name, lane)).collect::<Result<_, _>>()?;
        Ok(runtime::Inputs { objects, archive: None })
    }

    /// The object of a source file of the runtime.
    pub(crate) fn runtime_object(&self, name: &str, lane: usize) -> Result<PathBuf, Failure> {
        let store = self.session.store;
        let text = &*x07_runtime::file(name).unwrap_or_default();
        let key = self.key(text, &self.flags.runtime)?;
        let digest = self.session.action(ActionKind::Cc, name, lane, || {
            match self.known_object(&key).filter(|digest| store.verify_blob(digest, None).is_some()) {
                Some(object) => (Ok(object), true),
                None => {
                    let step = || CCompilerStep::Runtime(name.to_owned());
                    (self.compile_text(&key, text, &self.flags.runtime, None, name, step), false)
                }
            }
        })?;
        Ok(store.blob_path(&digest))
    }

    /// The packages with C of their own.
    pub(crate) fn foreign(&self) -> &'a Foreign {
        self.foreign
    }

    /// Makes the object of a C file of a package.
    pub(crate) fn make_foreign(&self, index: usize, lane: usize) -> Result<(), Failure> {
        let made = self.foreign_object(index, lane)?;
        let _ = self.foreign_objects[index].set(made);
        Ok(())
    }

    fn foreign_object(&self, index: usize, lane: usize) -> Result<(Digest, Vec<PathBuf>), Failure> {
        let Some(source) = self.foreign.sources().nth(index) else {
            return Err(Failure::Usage(format!("there is no C file number {index}")));
        };
        let (store, name) = (self.session.store, source.name());
        self.session.action(ActionKind::Cc, &name, lane, || {
            let flags = &self.flags;
            let found = foreign::preprocess(source, self.toolchain, flags, &self.include, store);
            let preprocessed = match found.map_err(|failure| self.blame(failure)) {
                Ok(preprocessed) => preprocessed,
                Err(failure) => return (Err(failure), false),
            };
            let known = self.known_object(&preprocessed.key).filter(|digest| store.verify_blob(digest, None).is_some());
            if let Some(object) = known {
                return (Ok((object, preprocessed.files)), true);
            }
            let compile = || {
                let compiled = foreign::compile(source, self.toolchain, flags, &self.include, store);
                let (object, messages) = compiled.map_err(|failure| self.blame(failure))?;
                self.note(&name, messages);
                let (digest, _) = store.adopt(object)?;
                store.record_action(&preprocessed.key, &digest.0)?;
                Ok((digest, preprocessed.files))
            };
            (compile(), false)
        })
    }

    /// The objects of packages' C files, checked.
    pub(crate) fn foreign_paths(&self, lane: usize) -> Result<Vec<PathBuf>, Failure> {
        let store = self.session.store;
        let paths = self.foreign_objects.iter().enumerate().map(|(index, made)| {
            match made.get().filter(|(digest, _)| store.verify_blob(digest, None).is_some()) {
                Some((digest, _)) => Ok(store.blob_path(digest)),
                None => Ok(store.blob_path(&self.foreign_object(index, lane)?.0)),
            }
        });
        paths.collect()
    }

    /// The files that packages' C files include, and these themselves.
    pub(crate) fn foreign_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self
            .foreign_objects
            .iter()
            .filter_map(OnceLock::get)
            .flat_map(|(_, files)| files.iter().cloned())
            .collect();
        files.sort();
        files.dedup();
        files
    }

    fn note(&self, name: &str, messages: Vec<u8>) {
        if !messages.is_empty() {
            self.messages.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), messages);
        }
    }

    /// The runtime sources that have to be compiled in this build.
    pub(crate) fn runtime_sources(&self) -> Vec<&'static str> {
        if self.flags.prebuilt_runtime { Vec::new() } else { runtime::sources(self.session.request.emit).collect() }
    }

    /// Links a group whose objects are all there, without the functions that the program does not reach.
    pub(crate) fn make_group(
        &self,
        group: usize,
        unreached: &BTreeMap<String, Vec<String>>,
        lane: usize,
    ) -> Result<(), Failure> {
        let members = self.groups[group].iter().copied();
        let members: Vec<u32> = members.filter(|number| self.is_linked(*number)).collect();
        if members.is_empty() {
            return Ok(());
        }
        let store = self.session.store;
        let unreached_of = |number: u32| {
            unreached.get(&self.program.modules[number as usize].id).map(Vec::as_slice).unwrap_or_default()
        };
        let mut key = KeyBuilder::new("group 2");
        key.digest(&self.toolchain.identity);
        for number in &members {
            key.digest(&self.object(*number).unwrap_or(Digest([0; 32]))).list(unreached_of(*number));
        }
        let key = key.finish();
        if let Some(old) = self.old.groups.get(&key)
            && let Some(stamp) = store.verify_blob(&old.object, Some(old.stamp))
        {
            let _ = self.group_records[group].set(GroupRecord { stamp, ..old.clone() });
            return Ok(());
        }
        let name = format!("group {group}");
        let record = self.session.action(ActionKind::Link, &name, lane, || {
            if let Some(object) = self.known_object(&key)
                && let Some(stamp) = store.verify_blob(&object, None)
            {
                return (Ok(GroupRecord { key, object, stamp }), true);
            }
            let roots = members.iter().flat_map(|number| self.units.symbols(*number, unreached_of(*number)));
            (self.link_group(&members, &roots.collect::<Vec<_>>(), key, lane), false)
        })?;
        let _ = self.group_records[group].set(record);
        Ok(())
    }

    fn link_group(&self, members: &[u32], roots: &[String], key: Digest, lane: usize) -> Result<GroupRecord, Failure> {
        let store = self.session.store;
        let paths: Result<Vec<PathBuf>, Failure> =
            members.iter().map(|number| self.object_path(*number, lane)).collect();
        let file = cc::link_group(self.toolchain, &paths?, roots, store)?;
        let (object, _) = store.adopt(file)?;
        store.record_action(&key, &object.0)?;
        let stamp = store.verify_blob(&object, None).unwrap_or_default();
        Ok(GroupRecord { key, object, stamp })
    }

    /// The records of all groups, for the database.
    pub(crate) fn group_records(&self) -> Vec<GroupRecord> {
        self.group_records.iter().filter_map(|record| record.get().cloned()).collect()
    }

    /// Links the executable, or finds it in the store. Gives its digest.
    pub(crate) fn link(&self, natives: &Natives, lane: usize) -> Result<Digest, Failure> {
        let store = self.session.store;
        let mut key = KeyBuilder::new("link");
        key.digest(&self.toolchain.identity).digest(&runtime::identity());
        key.number(u64::from(self.flags.prebuilt_runtime));
        Flags::add_to_key(&mut key, &self.flags.runtime)?;
        Flags::add_to_key(&mut key, &self.flags.link)?;
        Flags::add_to_key(&mut key, &self.flags.link_inputs)?;
        for number in self.linked() {
            key.digest(&self.object(number).unwrap_or(Digest([0; 32])));
        }
        for (index, made) in self.foreign_objects.iter().enumerate() {
            key.digest(&match made.get() {
                Some((digest, _)) => *digest,
                None => self.foreign_object(index, lane)?.0,
            });
        }
        natives.add_to_key(&mut key);
        let key = key.finish();
        self.session.action(ActionKind::Link, &self.session.place.name, lane, || {
            match self.known_object(&key).filter(|digest| store.verify_blob(digest, None).is_some()) {
                Some(executable) => (Ok(executable), true),
                None => (self.link_executable(&key, natives, lane), false),
            }
        })
    }

    fn link_executable(&self, key: &Digest, natives: &Natives, lane: usize) -> Result<Digest, Failure> {
        let store = self.session.store;
        let mut paths = if self.groups.is_empty() {
            self.object_paths(lane)?
        } else {
            let records = self.group_records();
            let mut paths: Vec<PathBuf> = records.iter().map(|record| store.blob_path(&record.object)).collect();
            for number in self.linked().filter(|number| self.program.modules[*number as usize].id == ENTRY) {
                paths.push(self.object_path(number, lane)?);
            }
            paths
        };
        let runtime = self.runtime(lane)?;
        paths.extend(runtime.objects);
        paths.extend(self.foreign_paths(lane)?);
        let mut inputs = natives.link_inputs();
        inputs.extend(self.flags.link_inputs.iter().cloned());
        inputs.extend(runtime.archive.map(|archive| archive.display().to_string()));
        let linked = cc::link(self.toolchain, &self.flags.link, &paths, &inputs, false, store);
        let (file, messages) = linked.map_err(|failure| self.explain_link(failure))?;
        self.note("link", messages);
        make_executable(&file)?;
        let (executable, _) = store.adopt(file)?;
        store.record_action(key, &executable.0)?;
        Ok(executable)
    }

    /// Notes which arguments of a failed call were the user's.
    fn blame(&self, failure: Failure) -> Failure {
        let Failure::CCompiler(mut failure) = failure else {
            return failure;
        };
        failure.user_arguments.clone_from(&self.flags.user);
        Failure::CCompiler(failure)
    }

    /// Names what a failed link misses: libraries, or `extern` functions.
    fn explain_link(&self, failure: Failure) -> Failure {
        let mut failure = match self.blame(failure) {
            Failure::CCompiler(failure) => failure,
            other => return other,
        };
        let text = String::from_utf8_lossy(&failure.stderr).into_owned();
        let missing = libraries::missing(&text);
        if !missing.is_empty() {
            let asking = |library: &str| self.foreign.asking_for(library).map(|package| package.name.clone());
            let libraries = missing.into_iter().map(|library| (library.clone(), asking(&library))).collect();
            failure.step = CCompilerStep::Link(Missing { externs: Vec::new(), libraries });
            return Failure::CCompiler(failure);
        }
        let mut missing = BTreeMap::new();
        for module in &self.program.modules {
            let Ok(Some(file)) = module.take_file() else {
                continue;
            };
            for decl in &file.decls {
                if let x07_ast::Decl::Extern(function) = decl
                    && is_undefined(&text, &function.link_name)
                {
                    missing.insert(function.name.clone(), function.link_name.clone());
                }
            }
        }
        let externs = missing.into_iter().collect();
        failure.step = CCompilerStep::Link(Missing { externs, libraries: Vec::new() });
        Failure::CCompiler(failure)
    }

    /// What the compilers said, in module order.
    pub(crate) fn messages(&self) -> Vec<u8> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.values().flatten().copied().collect()
    }

    /// The compiler's call for each C text, for `compile_commands.json`: the text's file and the arguments. The texts of
    /// units are those in `folder`.
    pub(crate) fn commands(&self, folder: &Path) -> Vec<(PathBuf, Vec<String>)> {
        let program = self.toolchain.program.to_string_lossy().into_owned();
        let include = format!("-I{}", self.include.display());
        let command = |flags: &[&[String]], file: PathBuf| {
            let mut words = vec![program.clone()];
            words.extend(flags.iter().copied().flatten().cloned());
            words.extend([include.clone(), "-c".to_owned(), file.display().to_string()]);
            (file, words)
        };
        let units = self.program.modules.iter().map(|module| folder.join(format!("{}.c", module.id)));
        let units = units.map(|file| command(&[&self.flags.unit], file));
        let foreign = self.foreign.sources().map(|source| source.path.to_owned());
        units.chain(foreign.map(|file| command(&[&self.flags.foreign, &self.flags.defines], file))).collect()
    }

    /// Links everything into one relocatable object, for an archive.
    pub(crate) fn link_relocatable(&self, natives: &Natives, lane: usize) -> Result<tempfile::TempPath, Failure> {
        let mut paths = self.object_paths(lane)?;
        paths.extend(self.runtime(lane)?.objects);
        paths.extend(self.foreign_paths(lane)?);
        paths.extend(natives.archives().map(|archive| archive.path.clone()));
        let name = &self.session.place.name;
        let linked = self.session.action(ActionKind::Link, name, lane, || {
            (cc::link(self.toolchain, &[], &paths, &[], true, self.session.store), false)
        });
        linked.map(|(file, _)| file)
    }
}

/// True when the linker says that nothing defines a symbol; ld, lld and Apple's each have their own words.
fn is_undefined(text: &str, symbol: &str) -> bool {
    ["`{}'", "'{}'", ": {}\n", "\"_{}\""].iter().any(|shape| {
        let quoted = shape.replace("{}", symbol);
        text.lines().any(|line| line.contains("ndefined") && format!("{line}\n").contains(&quoted))
    })
}

/// Divides the modules into groups by their ids alone, so that a new module does not move the others. The entry is in
/// none: the runtime calls into it.
fn groups(program: &Program) -> Vec<Vec<u32>> {
    let count = (program.modules.len() / GROUP_SIZE).next_power_of_two();
    let mut groups = vec![Vec::new(); count];
    for (number, module) in program.modules.iter().enumerate().filter(|(_, module)| module.id != ENTRY) {
        let digest = Digest::of(module.id.as_bytes());
        groups[usize::from(u16::from_le_bytes([digest.0[0], digest.0[1]])) % count].push(number as u32);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).map_err(io_failure("make executable", path))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<(), Failure> {
    Ok(())
}
