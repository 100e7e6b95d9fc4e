//! Modules to units. A unit is taken from the last build, else from the store, else compiled; the first two need that
//! every function it used then still looks the same from outside.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};
use x07_ast::Diagnostic;
use x07c::{Interface, Interfaces, Scope, Summary};

use crate::database::{UnitRecord, UsedRecord};
use crate::digest::{Digest, KeyBuilder};
use crate::event::ActionKind;
use crate::front;
use crate::load::{ENTRY, Module, Old, Program};
use crate::outcome::Failure;
use crate::request::{Emit, Profile};
use crate::session::Session;

/// A module keeps the results for this many states of what it imports; switching between two branches needs two.
const VARIANTS: usize = 3;

/// A compiled module.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) record: UnitRecord,
    /// Its interface is that of the last build.
    same_interface: bool,
    /// The C text, unless nobody has needed it so far.
    c: Mutex<Option<String>>,
    summary: Mutex<Option<Summary>>,
}

/// All units of a program; each is set once its imports are.
pub(crate) struct Units<'a> {
    session: &'a Session<'a>,
    program: &'a Program,
    old: &'a Old,
    numbers: HashMap<&'a str, u32>,
    slots: Vec<Slot>,
    /// What went wrong where there was no way to say so.
    failure: Mutex<Option<Failure>>,
}

#[derive(Default)]
struct Slot {
    unit: OnceLock<Unit>,
    interface: OnceLock<Option<Interface>>,
    /// What those that it is in a cycle with see of it.
    declared: OnceLock<Option<Interface>>,
}

/// The interfaces of a program as one of its modules sees them.
struct View<'u, 'a> {
    units: &'u Units<'a>,
    module: u32,
}

/// Lengths of the parts of one result in the store, which follow the list of all heads.
#[derive(Serialize, Deserialize)]
struct Head {
    record: UnitRecord,
    interface: u32,
    summary: u32,
    c: u32,
}

/// One result in the store.
struct Stored {
    record: UnitRecord,
    interface: Vec<u8>,
    summary: Vec<u8>,
    c: String,
}

impl<'a> Units<'a> {
    pub(crate) fn new(session: &'a Session<'a>, program: &'a Program, old: &'a Old) -> Self {
        let numbers = program.modules.iter().enumerate();
        Units {
            session,
            program,
            old,
            numbers: numbers.map(|(number, module)| (module.id.as_str(), number as u32)).collect(),
            slots: program.modules.iter().map(|_| Slot::default()).collect(),
            failure: Mutex::new(None),
        }
    }

    /// The unit of a module that has been made.
    pub(crate) fn get(&self, module: u32) -> Option<&Unit> {
        self.slots.get(module as usize)?.unit.get()
    }

    /// Makes the unit of a module. All that it imports have theirs, but for those that have no tree and those that it is in
    /// a cycle with.
    pub(crate) fn make(&self, number: u32, lane: usize) -> Result<(), Failure> {
        let module = &self.program.modules[number as usize];
        let slot = &self.slots[number as usize];
        // How far the others of a cycle are differs from run to run, and with it what could be reused.
        let is_reusable = !self.program.is_in_cycle(number);
        if let Some(record) = is_reusable.then(|| self.remembered(module)).flatten() {
            let _ = slot.unit.set(Unit::of(record, true, None, None));
            return Ok(());
        }
        let unit = self.session.action(ActionKind::Compile, &module.id, lane, || {
            let mut variants = self.variants(module);
            if let Some(index) = variants.iter().position(|stored| is_reusable && self.is_usable(stored)) {
                let stored = variants.swap_remove(index);
                let same = self.is_old_interface(module, &stored.record.interface);
                return (Ok(Unit::of(stored.record, same, Some(stored.c), None)), true);
            }
            (self.compile(number, variants, Some(slot)), false)
        })?;
        let _ = slot.unit.set(unit);
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// The last build's record of this module, if everything it used is unchanged.
    fn remembered(&self, module: &Module) -> Option<UnitRecord> {
        let old = self.old.modules.get(&module.id)?;
        let unit = old.record.unit.as_ref().filter(|_| old.meaning == module.meaning)?;
        let current = unit
            .used
            .iter()
            .all(|used| self.provider(used).is_some_and(|provider| provider.same_interface) || self.is_current(used));
        current.then(|| unit.clone())
    }

    /// The store's results for this module, each for another state of what it imports.
    fn variants(&self, module: &Module) -> Vec<Stored> {
        self.session.store.action(&self.first_key(module)).and_then(|bytes| decode(&bytes)).unwrap_or_default()
    }

    /// True when everything that a result used is as it is now.
    fn is_usable(&self, stored: &Stored) -> bool {
        stored.record.used.iter().all(|used| self.is_current(used))
    }

    fn provider(&self, used: &UsedRecord) -> Option<&Unit> {
        self.get(*self.numbers.get(used.module.as_str())?)
    }

    fn is_current(&self, used: &UsedRecord) -> bool {
        let Some(provider) = self.provider(used) else {
            return false;
        };
        match &used.function {
            None => Some(provider.record.interface) == used.digest,
            Some(function) => {
                let interface = self.get_interface(&used.module);
                interface.is_some_and(|interface| interface.digest(function).map(Digest) == used.digest)
            }
        }
    }

    /// What a unit depends on besides the interfaces it turns out to use.
    fn first_key(&self, module: &Module) -> Digest {
        let mut key = KeyBuilder::new("compile 3");
        key.text(x07c::COMPILER_ID).text(&module.id).digest(&module.meaning).list(&module.import_ids);
        key.text(&format!("{:?}", self.options(module)));
        key.finish()
    }

    fn options(&self, module: &Module) -> x07c::Options {
        let request = self.session.request;
        let options = front::options(
            self.session.project.capabilities,
            &request.limits,
            module.is_builtin(),
            request.profile == Profile::Release,
        );
        x07c::Options { library: request.emit != Emit::Exe, ..options }
    }

    /// Compiles a module and adds the result to those in the store, `variants`, if it is one for later builds too.
    fn compile(&self, number: u32, mut variants: Vec<Stored>, slot: Option<&Slot>) -> Result<Unit, Failure> {
        let module = &self.program.modules[number as usize];
        let Some(file) = module.take_file()? else {
            return Err(Failure::Usage(format!("module \"{}\" was changed during the build; build again", module.id)));
        };
        let view = View { units: self, module: number };
        let unit = x07c::compile(&file, &view, &self.options(module));
        drop(file);
        let mut used: Vec<UsedRecord> = unit
            .used
            .iter()
            .map(|used| UsedRecord {
                module: used.module.clone(),
                function: Some(used.function.clone()),
                digest: self
                    .get_interface(&used.module)
                    .and_then(|interface| interface.digest(&used.function))
                    .map(Digest),
            })
            .collect();
        // A mistake may be about something that is not there, which leaves no trace among the functions used.
        if front::has_findings(&unit.summary) {
            used.extend(module.import_ids.iter().map(|import| UsedRecord {
                module: import.clone(),
                function: None,
                digest: self.numbers.get(import.as_str()).and_then(|n| self.get(*n)).map(|unit| unit.record.interface),
            }));
        }
        let interface = front::encode_interface(&unit.interface);
        let summary = front::encode_summary(&unit.summary);
        let first_key = self.first_key(module);
        let mut variant = KeyBuilder::new("variant");
        variant.digest(&first_key).bytes(&postcard::to_stdvec(&used).unwrap_or_default());
        let record = UnitRecord {
            variant: variant.finish(),
            used,
            links: unit.links,
            interface: Digest::of(&interface),
            summary: Digest::of(&summary),
            c: Digest::of(unit.c.as_bytes()),
            c_size: unit.c.len() as u64,
            sound: !front::has_findings(&unit.summary),
        };
        variants.retain(|stored| stored.record.variant != record.variant);
        variants.truncate(VARIANTS - 1);
        variants.insert(0, Stored { record: record.clone(), interface, summary, c: unit.c });
        // What was unknown or known from declarations alone is not among what was used: nothing would tell a later build
        // that it looks otherwise now.
        if module.parses && !unit.has_unknown && !self.program.is_in_cycle(number) {
            self.session.store.record_action(&first_key, &encode(&variants))?;
        }
        let same = self.is_old_interface(module, &record.interface);
        if let Some(slot) = slot {
            let _ = slot.interface.set(Some(unit.interface));
        }
        Ok(Unit::of(record, same, Some(variants.swap_remove(0).c), Some(unit.summary)))
    }

    fn is_old_interface(&self, module: &Module, interface: &Digest) -> bool {
        let old = self.old.modules.get(&module.id).and_then(|old| old.record.unit.as_ref());
        old.is_some_and(|unit| unit.interface == *interface)
    }

    /// The result that a unit was made from, from the store, or made again when it is gone from there.
    fn reload(&self, number: u32) -> Result<Stored, Failure> {
        let module = &self.program.modules[number as usize];
        let variant = self.get(number).map(|unit| unit.record.variant);
        let is_wanted = |stored: &Stored| Some(stored.record.variant) == variant;
        let mut variants = self.variants(module);
        if let Some(index) = variants.iter().position(is_wanted) {
            return Ok(variants.swap_remove(index));
        }
        self.compile(number, variants, None)?;
        self.variants(module).into_iter().find(is_wanted).ok_or_else(|| Failure::Io {
            doing: "read back a result from the store in",
            path: self.session.store.root().to_owned(),
            source: std::io::Error::other("it is not there right after it was written"),
        })
    }

    fn get_interface(&self, module: &str) -> Option<&Interface> {
        let number = *self.numbers.get(module)?;
        let slot = &self.slots[number as usize];
        // A module that is not made yet has no interface now, but will have one: that answer is not kept.
        slot.unit.get()?;
        let load = || match self.reload(number) {
            Ok(stored) => front::decode_interface(&stored.interface),
            Err(failure) => {
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                None
            }
        };
        slot.interface.get_or_init(load).as_ref()
    }

    /// What a module's declarations tell of it.
    fn declared(&self, number: u32) -> Option<&Interface> {
        let module = &self.program.modules[number as usize];
        let load = || match module.with_file(|file| x07c::declared(file, &self.options(module))) {
            Ok(interface) => interface,
            Err(failure) => {
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                None
            }
        };
        self.slots[number as usize].declared.get_or_init(load).as_ref()
    }

    /// The C text of a unit.
    pub(crate) fn c_text(&self, number: u32) -> Result<String, Failure> {
        let kept = self.get(number).and_then(|unit| unit.c.lock().unwrap_or_else(PoisonError::into_inner).clone());
        match kept {
            Some(text) => Ok(text),
            None => Ok(self.reload(number)?.c),
        }
    }

    /// Lets go of a C text that has been compiled.
    pub(crate) fn release_c_text(&self, number: u32) {
        if let Some(unit) = self.get(number) {
            unit.c.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    fn summary(&self, number: u32) -> Result<Summary, Failure> {
        let kept = self.get(number).and_then(|unit| unit.summary.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(summary) = kept {
            return Ok(summary);
        }
        let stored = self.reload(number)?;
        Ok(front::decode_summary(&stored.summary).unwrap_or_default())
    }

    /// The summaries of all units that were made, in the program's order.
    pub(crate) fn summaries(&self) -> Result<Vec<Summary>, Failure> {
        let made = (0..self.slots.len() as u32).filter(|number| self.get(*number).is_some());
        made.map(|number| self.summary(number)).collect()
    }

    /// The digest of all summaries: the whole-program check depends on nothing else.
    pub(crate) fn summaries_digest(&self) -> Digest {
        let mut key = KeyBuilder::new("check 3");
        key.text(x07c::COMPILER_ID).number(self.session.request.limits.max_ast_nodes);
        key.text(&format!("{:?}", self.scope()));
        for (module, slot) in self.program.modules.iter().zip(&self.slots) {
            if let Some(unit) = slot.unit.get() {
                key.text(&module.id).digest(&unit.record.summary);
            }
        }
        key.finish()
    }

    /// Which mistakes count. What a program calls that lacks modules is not known, and then all count.
    pub(crate) fn scope(&self) -> Scope {
        if self.program.is_sound() { self.session.request.scope } else { Scope::Library }
    }

    /// Which modules' objects the program calls into, directly or not, once all units are made.
    pub(crate) fn linked(&self) -> Vec<bool> {
        let mut linked = vec![false; self.slots.len()];
        let mut open: Vec<u32> = self.numbers.get(ENTRY).copied().into_iter().collect();
        while let Some(number) = open.pop() {
            if std::mem::replace(&mut linked[number as usize], true) {
                continue;
            }
            let links = self.get(number).map(|unit| unit.record.links.as_slice());
            let numbers = links.unwrap_or_default().iter();
            open.extend(numbers.filter_map(|id| self.numbers.get(id.as_str())));
        }
        linked
    }

    /// The C symbols by which other objects may call into a module's, but for those of the functions named.
    pub(crate) fn symbols(&self, number: u32, unreached: &[String]) -> Vec<String> {
        let interface = self.get_interface(&self.program.modules[number as usize].id);
        let functions = interface.iter().flat_map(|interface| &interface.functions);
        functions
            .filter(|(name, function)| {
                !function.inline && !function.is_extern && function.template.is_none() && !unreached.contains(name)
            })
            .map(|(_, function)| function.symbol.clone())
            .collect()
    }

    /// Bytes of C text of all units.
    pub(crate) fn c_size(&self) -> u64 {
        self.slots.iter().filter_map(|slot| slot.unit.get()).map(|unit| unit.record.c_size).sum()
    }
}

impl Interfaces for View<'_, '_> {
    fn get(&self, module: &str) -> Option<&Interface> {
        let number = *self.units.numbers.get(module)?;
        match self.units.program.are_in_cycle(self.module, number) {
            true => self.units.declared(number),
            false => self.units.get_interface(module),
        }
    }

    fn is_unknown(&self, module: &str) -> bool {
        let number = self.units.numbers.get(module);
        number.is_none_or(|number| !self.units.program.modules[*number as usize].has_tree)
    }
}

impl Unit {
    fn of(record: UnitRecord, same_interface: bool, c: Option<String>, summary: Option<Summary>) -> Unit {
        Unit { record, same_interface, c: Mutex::new(c), summary: Mutex::new(summary) }
    }
}

fn encode(results: &[Stored]) -> Vec<u8> {
    let heads: Vec<Head> = results
        .iter()
        .map(|stored| Head {
            record: stored.record.clone(),
            interface: stored.interface.len() as u32,
            summary: stored.summary.len() as u32,
            c: stored.c.len() as u32,
        })
        .collect();
    let mut bytes = postcard::to_stdvec(&heads).unwrap_or_default();
    for stored in results {
        bytes.extend_from_slice(&stored.interface);
        bytes.extend_from_slice(&stored.summary);
        bytes.extend_from_slice(stored.c.as_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Vec<Stored>> {
    let (heads, mut rest): (Vec<Head>, &[u8]) = postcard::take_from_bytes(bytes).ok()?;
    let mut take = |length: u32| {
        let (part, after) = rest.split_at_checked(length as usize)?;
        rest = after;
        Some(part.to_vec())
    };
    let mut results = Vec::new();
    for head in heads {
        let (interface, summary, c) = (take(head.interface)?, take(head.summary)?, take(head.c)?);
        results.push(Stored { record: head.record, interface, summary, c: String::from_utf8(c).ok()? });
    }
    Some(results)
}

/// Puts diagnostics in the order in which a reader expects them: by module as the program lists them, errors and
/// warnings as found.
pub(crate) fn sort_findings(findings: &mut [Diagnostic], program: &Program) {
    let place: HashMap<&str, usize> =
        program.modules.iter().enumerate().map(|(number, module)| (module.id.as_str(), number)).collect();
    findings.sort_by_key(|finding| place.get(finding.module.as_str()).copied().unwrap_or(usize::MAX));
}
