//! The actions of a build and their workers: units in the order of their imports; the objects that the last build
//! linked as soon as their text is there, others that the program calls into when all units are made; groups as soon as
//! their objects are there.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use x07_ast::Diagnostic;

use crate::imports;
use crate::load::Program;
use crate::objects::Objects;
use crate::outcome::Failure;
use crate::pool::{self, Queue, Urgency};
use crate::session::Session;
use crate::units::Units;

/// What the whole-program check found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) findings: Vec<Diagnostic>,
    pub(crate) native_heads: Vec<String>,
    pub(crate) nodes: u64,
    /// The functions that the program never calls, by module.
    pub(crate) unreached: BTreeMap<String, Vec<String>>,
}

/// What a worker does next.
enum Task {
    /// Make the unit of a module.
    Unit(u32),
    /// Make its object.
    Object(u32),
    /// Make an object of the runtime.
    Runtime(&'static str),
    /// Make the object of a C file of a package.
    Foreign(usize),
    /// Link a group.
    Group(usize),
}

/// The shared state of the actions' workers.
struct Actions<'a> {
    session: &'a Session<'a>,
    program: &'a Program,
    units: &'a Units<'a>,
    objects: Option<&'a Objects<'a>>,
    /// How many imports of the modules of each knot lead out of it to knots of which units are to be made yet.
    waiting: Vec<AtomicU32>,
    /// How many units of each knot are to be made yet.
    unmade: Vec<AtomicU32>,
    /// How many modules have no unit yet.
    units_left: AtomicUsize,
    /// The group of each module, and how many objects each group lacks; one more until it is known which are linked.
    group_of: HashMap<u32, usize>,
    group_waiting: Vec<AtomicUsize>,
    verdict: OnceLock<Verdict>,
    /// Failures by module number, so that the one reported does not depend on who was faster.
    failures: Mutex<BTreeMap<u32, Failure>>,
    stopped: AtomicBool,
}

/// Makes all units, checks the program, and makes all objects; with mistakes in the program it stops before those.
pub(crate) fn run(
    session: &Session<'_>,
    program: &Program,
    units: &Units<'_>,
    objects: Option<&Objects<'_>>,
) -> Result<Verdict, Failure> {
    let objects = objects.filter(|_| program.is_sound());
    let imports_of_knots = imports_of_knots(program);
    let ready = program.knots.iter().zip(&imports_of_knots).filter(|(_, imports)| **imports == 0);
    let ready = ready.flat_map(|(knot, _)| knot).filter(|number| program.modules[**number as usize].has_tree);
    let mut tasks: Vec<(Urgency, Task)> = ready.map(|number| (Urgency::High, Task::Unit(*number))).collect();
    let actions = Actions {
        session,
        program,
        units,
        objects,
        waiting: imports_of_knots.iter().map(|imports| AtomicU32::new(*imports)).collect(),
        unmade: program.knots.iter().map(|knot| AtomicU32::new(knot.len() as u32)).collect(),
        units_left: AtomicUsize::new(program.modules.iter().filter(|module| module.has_tree).count()),
        group_of: objects.map(group_of).unwrap_or_default(),
        group_waiting: objects
            .map(|objects| objects.groups.iter().map(|group| AtomicUsize::new(group.len() + 1)).collect())
            .unwrap_or_default(),
        verdict: OnceLock::new(),
        failures: Mutex::new(BTreeMap::new()),
        stopped: AtomicBool::new(false),
    };
    for name in objects.map(Objects::runtime_sources).unwrap_or_default() {
        tasks.push((Urgency::Normal, Task::Runtime(name)));
    }
    for index in 0..objects.map_or(0, |objects| objects.foreign().sources().count()) {
        tasks.push((Urgency::Normal, Task::Foreign(index)));
    }
    if tasks.is_empty() {
        return Ok(Verdict::default());
    }
    let workers = session.workers.min(program.modules.len().max(tasks.len()));
    pool::run(workers, tasks, |task, queue, lane| actions.step(task, queue, lane));
    let mut failures = actions.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failures.pop_first() {
        Some((_, failure)) => Err(failure),
        None => Ok(actions.verdict.into_inner().unwrap_or_default()),
    }
}

/// For each knot how many imports lead out of it to modules that get a unit.
fn imports_of_knots(program: &Program) -> Vec<u32> {
    let mut counts = vec![0; program.knots.len()];
    for (module, knot) in program.modules.iter().zip(&program.knot_of) {
        let imports = module.imports.iter().map(|import| *import as usize);
        let out = imports.filter(|import| program.knot_of[*import] != *knot && program.modules[*import].has_tree);
        counts[*knot as usize] += out.count() as u32;
    }
    counts
}

fn group_of(objects: &Objects<'_>) -> HashMap<u32, usize> {
    let groups = objects.groups.iter().enumerate();
    groups.flat_map(|(group, members)| members.iter().map(move |member| (*member, group))).collect()
}

impl Actions<'_> {
    fn step(&self, task: Task, queue: &Queue<Task>, lane: usize) {
        let number = match task {
            Task::Unit(number) | Task::Object(number) => number,
            Task::Runtime(_) | Task::Foreign(_) | Task::Group(_) => u32::MAX,
        };
        let result = self.session.go_on().and_then(|()| match task {
            Task::Unit(number) => self.unit(number, queue, lane),
            Task::Object(number) => self.object(number, queue, lane),
            Task::Runtime(name) => self.runtime(name, lane),
            Task::Foreign(index) => self.foreign(index, lane),
            Task::Group(group) => self.group(group, lane),
        });
        if let Err(failure) = result {
            self.failures.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_insert(failure);
            self.stop(queue);
        }
    }

    fn stop(&self, queue: &Queue<Task>) {
        self.stopped.store(true, Ordering::Relaxed);
        queue.stop();
    }

    fn unit(&self, number: u32, queue: &Queue<Task>, lane: usize) -> Result<(), Failure> {
        self.units.make(number, lane)?;
        let knot = self.program.knot_of[number as usize];
        // Who imports one module of a cycle may come upon the others, as it does with all that is imported further down.
        if self.unmade[knot as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
            self.start_importers(knot, queue);
        }
        // Which modules are linked is known when all units are made; what the last build linked need not wait for that.
        if let Some(objects) = self.objects
            && objects.starts_early(number)
        {
            self.start_object(objects, number, queue);
        }
        if self.units_left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut verdict = judge(self.session, self.units)?;
            verdict.findings.extend(too_much_c(self.session, self.units, &verdict));
            let stops = verdict.findings.iter().any(Diagnostic::is_error);
            let _ = self.verdict.set(verdict);
            if stops {
                self.stop(queue);
            } else if let Some(objects) = self.objects {
                self.start_other_objects(objects, queue);
            }
        }
        Ok(())
    }

    /// Starts the units that waited only for the modules of a knot.
    fn start_importers(&self, knot: u32, queue: &Queue<Task>) {
        let dependents =
            self.program.knots[knot as usize].iter().flat_map(|module| &self.program.dependents[*module as usize]);
        let importers = dependents.map(|dependent| self.program.knot_of[*dependent as usize]);
        for importer in importers.filter(|importer| *importer != knot) {
            if self.waiting[importer as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                for module in &self.program.knots[importer as usize] {
                    queue.push(Urgency::High, Task::Unit(*module));
                }
            }
        }
    }

    fn start_object(&self, objects: &Objects<'_>, number: u32, queue: &Queue<Task>) {
        if objects.remember(number) {
            self.object_done(number, queue);
        } else {
            queue.push(Urgency::Normal, Task::Object(number));
        }
    }

    /// Starts the linked objects that have not been started when their units were made.
    fn start_other_objects(&self, objects: &Objects<'_>, queue: &Queue<Task>) {
        let modules = 0..self.program.modules.len() as u32;
        for number in modules.filter(|number| !objects.starts_early(*number)) {
            if objects.is_linked(number) {
                self.start_object(objects, number, queue);
            } else {
                self.object_done(number, queue);
            }
        }
        for group in 0..objects.groups.len() {
            self.group_lacks_one_less(group, queue);
        }
    }

    fn object(&self, number: u32, queue: &Queue<Task>, lane: usize) -> Result<(), Failure> {
        if let Some(objects) = self.objects {
            objects.make(number, lane)?;
            self.object_done(number, queue);
        }
        Ok(())
    }

    fn object_done(&self, number: u32, queue: &Queue<Task>) {
        self.session.unit_done();
        if let Some(group) = self.group_of.get(&number) {
            self.group_lacks_one_less(*group, queue);
        }
    }

    fn group_lacks_one_less(&self, group: usize, queue: &Queue<Task>) {
        if self.group_waiting[group].fetch_sub(1, Ordering::AcqRel) == 1 && !self.stopped.load(Ordering::Relaxed) {
            queue.push(Urgency::Normal, Task::Group(group));
        }
    }

    fn runtime(&self, name: &str, lane: usize) -> Result<(), Failure> {
        self.objects.map_or(Ok(()), |objects| objects.runtime_object(name, lane).map(|_| ()))
    }

    fn foreign(&self, index: usize, lane: usize) -> Result<(), Failure> {
        self.objects.map_or(Ok(()), |objects| objects.make_foreign(index, lane))
    }

    fn group(&self, group: usize, lane: usize) -> Result<(), Failure> {
        match (self.objects, self.verdict.get()) {
            (Some(objects), Some(verdict)) => objects.make_group(group, &verdict.unreached, lane),
            _ => Ok(()),
        }
    }
}

/// The mistake that all units together have more C text than allowed, when no unit alone has.
fn too_much_c(session: &Session<'_>, units: &Units<'_>, verdict: &Verdict) -> Option<Diagnostic> {
    let (most, size) = (session.request.limits.max_c_bytes, units.c_size());
    let is_told = verdict.findings.iter().any(|finding| finding.code == x07c::C_TOO_LARGE);
    (size > most && !is_told).then(|| x07c::c_too_large(most, size, None))
}

/// Which mistakes matter, and what is called. The answer depends on the summaries alone; one without errors is kept in
/// the store.
fn judge(session: &Session<'_>, units: &Units<'_>) -> Result<Verdict, Failure> {
    type Kept = (Vec<u8>, Vec<String>, u64, BTreeMap<String, Vec<String>>);
    let key = units.summaries_digest();
    if let Some(bytes) = session.store.action(&key)
        && let Ok((findings, native_heads, nodes, unreached)) = postcard::from_bytes::<Kept>(&bytes)
    {
        return Ok(Verdict { findings: imports::decode_findings(&findings), native_heads, nodes, unreached });
    }
    let summaries = units.summaries()?;
    let found = x07c::check_program(&summaries, session.request.limits.max_ast_nodes, units.scope());
    let verdict = Verdict {
        findings: found.diagnostics,
        native_heads: found.native_heads,
        nodes: found.nodes,
        unreached: found.unreached,
    };
    if !verdict.findings.iter().any(Diagnostic::is_error) {
        let findings = imports::encode_findings(&verdict.findings);
        let kept = (&findings, &verdict.native_heads, verdict.nodes, &verdict.unreached);
        session.store.record_action(&key, &postcard::to_stdvec(&kept).unwrap_or_default())?;
    }
    Ok(verdict)
}
