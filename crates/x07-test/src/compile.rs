//! Compiles the drivers, and finds out which tests are to blame when one does not compile.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use x07_ast::Diagnostic;
use x07_build::{Abi, Capabilities, Failure, Observer, Outcome, Profile, Request, Silent, Sources, Store, Target};
use x07_runner::sandbox::Sandbox;

use crate::blame;
use crate::driver;
use crate::manifest::{Expect, Test, World};
use crate::sandboxes::Sandboxes;
use crate::{Options, Problem};

/// The entry file of a driver.
pub(crate) const ENTRY: &str = "main.x07.json";
/// Fuel of a test.
const FUEL: u64 = 400_000_000;
/// Heap of a test.
const MEMORY: u64 = 64 << 20;

/// An executable that runs any of several tests.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) executable: PathBuf,
    /// Where its sources are.
    pub(crate) folder: PathBuf,
    /// What its inputs begin with.
    pub(crate) tag: u32,
    pub(crate) c_bytes: u64,
    pub(crate) sources: Arc<Sources>,
}

/// Why a test has no driver.
#[derive(Clone, Debug)]
pub(crate) struct NotCompiled {
    /// What the compiler found; empty when the C compiler failed.
    pub(crate) findings: Vec<Diagnostic>,
    pub(crate) sources: Arc<Sources>,
    /// What the C compiler said.
    pub(crate) message: Option<String>,
    pub(crate) exit_code: i32,
}

/// A test that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) driver: Arc<Driver>,
    /// The test's number in it.
    pub(crate) number: usize,
    /// What holds the test in run-os-sandboxed.
    pub(crate) sandbox: Option<Arc<Sandbox>>,
}

/// What came of the compilation for one test.
#[derive(Clone, Debug)]
pub(crate) enum Compiled {
    Ready(Ready),
    Failed(NotCompiled),
}

/// What decides which driver a test is in: what is fixed when a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    world: World,
    fuel: u64,
    memory: u64,
    capabilities: Option<Capabilities>,
}

impl Group {
    /// The name of its driver's folder.
    fn folder(&self) -> String {
        let mut name = format!("{}-{}-{}", self.world, self.fuel, self.memory);
        let allowed = self.capabilities.map(|allowed| (allowed.allow_unsafe, allowed.allow_ffi));
        let (allow_unsafe, allow_ffi) = allowed.unwrap_or_default();
        name.push_str(if allow_unsafe { "-unsafe" } else { "" });
        name.push_str(if allow_ffi { "-ffi" } else { "" });
        name
    }
}

/// True for worlds that this version can run tests in.
pub(crate) fn is_available(world: World) -> bool {
    matches!(world, World::SolvePure) || world.is_os()
}

/// Compiles what the wanted tests need. Their drivers hold the other tests of the manifest too, so that a filter
/// changes no driver and costs no build.
pub(crate) fn compile(
    tests: &[Arc<Test>],
    wanted: impl Fn(&Test) -> bool,
    sandboxes: &Sandboxes,
    options: &Options,
    observer: &dyn Observer,
) -> Result<BTreeMap<String, Compiled>, Problem> {
    let compiler = Compiler::new(options)?;
    let mut groups: Vec<(Group, Vec<Arc<Test>>)> = Vec::new();
    let mut held = BTreeMap::new();
    for test in tests.iter().filter(|test| is_available(test.world) && test.expect != Expect::Skip) {
        // Without a policy to go by there is nothing to compile.
        let Ok(sandbox) = sandboxes.of(test) else { continue };
        let group = compiler.group(test, sandbox.as_deref());
        held.extend(sandbox.map(|sandbox| (test.id.clone(), sandbox)));
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, tests)) => tests.push(test.clone()),
            None => groups.push((group, vec![test.clone()])),
        }
    }
    let mut compiled = BTreeMap::new();
    for (group, tests) in groups {
        if tests.iter().any(|test| wanted(test)) {
            compiler.compile_group(group, &tests, observer, &mut compiled)?;
        }
    }
    for (id, sandbox) in held {
        if let Some(Compiled::Ready(ready)) = compiled.get_mut(&id) {
            ready.sandbox = Some(sandbox);
        }
    }
    Ok(compiled)
}

pub(crate) struct Compiler<'a> {
    options: &'a Options,
    /// Where the texts of the drivers are, so that the next build finds them unchanged.
    folder: PathBuf,
}

impl<'a> Compiler<'a> {
    fn new(options: &'a Options) -> Result<Self, Problem> {
        let store = Store::open(options.environment.cache.as_deref())?;
        let manifest =
            std::path::absolute(&options.manifest).map_err(|source| Problem::io(&options.manifest, source))?;
        let place = blake3::hash(manifest.as_os_str().as_encoded_bytes()).to_hex();
        let folder = store.root().join("tests").join(&place.as_str()[..32]);
        fs::create_dir_all(&folder).map_err(|source| Problem::io(&folder, source))?;
        Ok(Compiler { options, folder })
    }

    fn group(&self, test: &Test, sandbox: Option<&Sandbox>) -> Group {
        let budget = test.property.as_ref().map(|property| self.options.property.budget(property));
        let memory = budget.map_or(MEMORY, |budget| budget.max_mem_bytes);
        Group {
            world: test.world,
            fuel: budget.map_or(FUEL, |budget| budget.fuel),
            memory: sandbox.map_or(memory, |sandbox| sandbox.memory_cap(memory)),
            capabilities: sandbox.map(Sandbox::capabilities),
        }
    }

    fn compile_group(
        &self,
        group: Group,
        tests: &[Arc<Test>],
        observer: &dyn Observer,
        compiled: &mut BTreeMap<String, Compiled>,
    ) -> Result<(), Problem> {
        let first = match self.build(group, tests, observer)? {
            Ok(driver) => {
                ready(driver, tests, compiled);
                return Ok(());
            }
            Err(failed) => failed,
        };
        let mut good = Vec::new();
        if first.message.is_none() {
            let check = |tests: &[Arc<Test>]| self.check(group, tests);
            for (test, failed) in blame::find(tests, &check)? {
                match failed {
                    None => good.push(test),
                    Some(failed) => drop(compiled.insert(test.id.clone(), Compiled::Failed(failed))),
                }
            }
        }
        let nobody_is_to_blame = good.len() == tests.len();
        let second = match good.as_slice() {
            [] => Err(first),
            _ if nobody_is_to_blame => Err(first),
            good => self.build(group, good, observer)?,
        };
        match second {
            Ok(driver) => ready(driver, &good, compiled),
            Err(failed) => {
                for test in tests {
                    compiled.entry(test.id.clone()).or_insert_with(|| Compiled::Failed(failed.clone()));
                }
            }
        }
        Ok(())
    }

    fn build(
        &self,
        group: Group,
        tests: &[Arc<Test>],
        observer: &dyn Observer,
    ) -> Result<Result<Driver, NotCompiled>, Problem> {
        let folder = self.folder.join(group.folder());
        fs::create_dir_all(&folder).map_err(|source| Problem::io(&folder, source))?;
        let tag = write(&folder, tests)?;
        match x07_build::build(&self.request(group, &folder), observer) {
            Ok(Outcome { output, c_source_size, sources, .. }) => {
                Ok(Ok(Driver { executable: output, folder, tag, c_bytes: c_source_size, sources: Arc::new(sources) }))
            }
            Err(failure) => not_compiled(failure).map(Err),
        }
    }

    /// Checks a driver for these tests alone.
    fn check(&self, group: Group, tests: &[Arc<Test>]) -> Result<Option<NotCompiled>, Problem> {
        let folder = tempfile::Builder::new()
            .prefix(".x07-")
            .tempdir_in(&self.folder)
            .map_err(|source| Problem::io(&self.folder, source))?;
        write(folder.path(), tests)?;
        match x07_build::check(&self.request(group, folder.path()), &Silent) {
            Ok(report) if report.ok() => Ok(None),
            Ok(report) => not_compiled(Failure::Diagnostics(report.diagnostics, report.sources)).map(Some),
            Err(failure) => not_compiled(failure).map(Some),
        }
    }

    /// The build of the driver in a folder.
    fn request(&self, group: Group, driver: &Path) -> Request {
        let options = self.options;
        let folder = options.manifest_folder();
        let entry = driver.join(ENTRY);
        let mut request = match (&options.project, options.module_roots.as_slice()) {
            (Some(project), []) => {
                let mut request = Request::new(Target::Project(project.clone()));
                request.entry = Some(entry);
                request.further_roots = vec![x07_files::parent(project).to_owned(), folder];
                request
            }
            (_, []) => Request::program(entry, [folder]),
            (_, roots) => Request::program(entry, roots.to_vec()),
        };
        request.further_roots.push(driver.to_owned());
        request.world = Some(group.world);
        request.capabilities = group.capabilities;
        request.profile = if options.release { Profile::Release } else { Profile::Dev };
        request.abi = Abi::Framed;
        request.name = Some("tests".to_owned());
        request.fuel = Some(group.fuel);
        request.memory_cap = group.memory;
        request.record_assertions = true;
        request.jobs = options.jobs;
        request.environment = options.environment.clone();
        request
    }
}

/// Writes a driver's files into a folder, unless they are there already, and gives its tag.
fn write(folder: &Path, tests: &[Arc<Test>]) -> Result<u32, Problem> {
    let tests: Vec<&Test> = tests.iter().map(Arc::as_ref).collect();
    let module = driver::module(&tests);
    let name = format!("{}.x07.json", driver::MODULE);
    for (name, text) in [(ENTRY, driver::entry()), (name.as_str(), module.text)] {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        let written = x07_files::write_atomic(&path, text.as_bytes(), x07_files::Access::Ordinary);
        written.map_err(|source| Problem::io(&path, source))?;
    }
    Ok(module.tag)
}

fn ready(driver: Driver, tests: &[Arc<Test>], compiled: &mut BTreeMap<String, Compiled>) {
    let driver = Arc::new(driver);
    for (number, test) in tests.iter().enumerate() {
        let ready = Ready { driver: driver.clone(), number, sandbox: None };
        compiled.insert(test.id.clone(), Compiled::Ready(ready));
    }
}

/// A failure that is a test's; what is wrong with the call or the machine's files is nobody's test.
fn not_compiled(failure: Failure) -> Result<NotCompiled, Problem> {
    let told = |message: String, exit_code| NotCompiled {
        findings: Vec::new(),
        sources: Arc::default(),
        message: Some(message),
        exit_code,
    };
    match failure {
        Failure::Diagnostics(findings, sources) => {
            Ok(NotCompiled { findings, sources: Arc::new(sources), message: None, exit_code: 1 })
        }
        Failure::NoCCompiler(message) => Ok(told(message, 1)),
        Failure::CCompiler(failure) => Ok(told(failure.to_string(), failure.status)),
        other => Err(other.into()),
    }
}
