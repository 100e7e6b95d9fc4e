//! Runs the tests of X07 projects.
//!
//! A manifest names functions. `manifest` reads it, `driver` writes one program per world that can run each of them,
//! `compile` builds it through `x07-build`, `run` runs it once per test through `x07-runner`, in parallel and under limits,
//! and `outcome` holds what became of each test. `property` tries generated cases instead of one. `report` is all that as
//! JSON. What a person reads is made of the same outcomes, by the command.

mod artifacts;
mod blame;
mod compile;
mod driver;
pub mod manifest;
mod outcome;
mod pool;
pub mod property;
mod report;
mod run;
mod sandboxes;
mod select;
mod status;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use x07_build::Environment;

pub use self::manifest::Manifest;
use self::manifest::{Expect, Test};
pub use self::outcome::{Compile, Diag, FailureKind, Outcome, Results, Run, Status, Summary};
pub use self::report::{Call, Report};
pub use self::select::{Kind, Selection};
use crate::property::PropertyOptions;
use crate::sandboxes::Sandboxes;

/// How tests are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The manifest.
    pub manifest: PathBuf,
    /// The project's `x07.json`, whose modules and packages tests can import.
    pub project: Option<PathBuf>,
    /// Where modules are looked for instead of the project.
    pub module_roots: Vec<PathBuf>,
    /// Which tests.
    pub selection: Selection,
    /// How many tests run at once; `None` means one per core.
    pub jobs: Option<usize>,
    /// How often each test is run, to see whether it does the same again.
    pub repeat: u32,
    /// Begin no further test after one that did not do what is expected of it.
    pub fail_fast: bool,
    /// Compile, run nothing.
    pub only_compile: bool,
    /// Run tests in a sandbox although the kernel cannot enforce every part of its policy.
    pub accept_weaker_isolation: bool,
    /// Optimise the drivers.
    pub release: bool,
    /// Where files for people go.
    pub artifact_dir: PathBuf,
    /// Leave the drivers there too.
    pub keep_artifacts: bool,
    /// Settings of property tests.
    pub property: PropertyOptions,
    /// Settings of builds from the environment.
    pub environment: Environment,
}

impl Options {
    /// The usual way to run the tests of a manifest without a project.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Options {
            manifest: manifest.into(),
            project: None,
            module_roots: Vec::new(),
            selection: Selection::default(),
            jobs: None,
            repeat: 1,
            fail_fast: false,
            only_compile: false,
            accept_weaker_isolation: false,
            release: false,
            artifact_dir: Path::new("target").join("x07test"),
            keep_artifacts: false,
            property: PropertyOptions::default(),
            environment: Environment::read(),
        }
    }

    /// How many tests run at once.
    pub fn workers(&self) -> usize {
        self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
    }

    fn manifest_folder(&self) -> PathBuf {
        x07_files::parent(&self.manifest).to_owned()
    }
}

/// Why tests could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The project or the machine is not fit for a build.
    #[error(transparent)]
    Build(#[from] x07_build::Failure),
    /// A file cannot be read or written.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The call makes no sense.
    #[error("{0}")]
    Usage(String),
}

impl Problem {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Problem::Io { path: path.to_owned(), source }
    }
}

/// Learns of a call's progress.
pub trait Observer: x07_build::Observer {
    /// Everything is compiled, and so many tests are about to run.
    fn ready(&self, tests: usize);
    /// The next test, in order of ids.
    fn done(&self, outcome: &Outcome);
}

/// Runs the selected tests of a manifest.
pub fn run(manifest: Manifest, options: &Options, observer: &dyn Observer) -> Result<Results, Problem> {
    let started = Instant::now();
    let tests: Vec<Arc<Test>> = manifest.tests.into_iter().map(Arc::new).collect();
    let wanted = |test: &Test| match &options.property.repro {
        Some(repro) => test.id == repro.test_id,
        None => options.selection.includes(test),
    };
    if let Some(repro) = &options.property.repro {
        check_repro(repro, &tests)?;
    }
    let sandboxes =
        Sandboxes::read(tests.iter().map(Arc::as_ref), &options.manifest_folder(), options.accept_weaker_isolation);
    let compiled = compile::compile(&tests, wanted, &sandboxes, options, observer)?;
    let selected: Vec<Arc<Test>> = tests.iter().filter(|test| wanted(test)).cloned().collect();
    observer.ready(selected.len());

    let mut results = Results { only_compiled: options.only_compile, ..Results::default() };
    let one = |index: usize| {
        let test: &Arc<Test> = &selected[index];
        match (compiled.get(&test.id), &test.property) {
            _ if test.expect == Expect::Skip => Outcome::new(test.clone(), Status::Skip),
            (None, _) => unavailable(test, &sandboxes),
            (Some(compiled), Some(property)) => property::check(test, property, compiled, options),
            (Some(compiled), None) => run::unit(test, compiled, options),
        }
    };
    pool::in_order(selected.len(), options.workers(), one, |_, mut outcome| {
        if observer.is_cancelled() {
            // The signal ended this run, too.
            return false;
        }
        artifacts::write_contract_repro(&mut outcome, options);
        observer.done(&outcome);
        let goes_on = !options.fail_fast || options.only_compile || outcome.is_as_expected();
        results.outcomes.push(outcome);
        goes_on
    });
    for test in &selected[results.outcomes.len()..] {
        let diag = Diag::new("EFAIL_FAST", "not run, because a test before it did not do what is expected of it");
        results.outcomes.push(Outcome { diags: vec![diag], ..Outcome::new(test.clone(), Status::Skip) });
        results.cut_short += 1;
    }
    if options.keep_artifacts {
        artifacts::keep(&compiled, options)?;
    }
    results.duration = started.elapsed();
    Ok(results)
}

fn unavailable(test: &Arc<Test>, sandboxes: &Sandboxes) -> Outcome {
    let diag = match sandboxes.of(test) {
        Err(message) => Diag::new("ETEST_POLICY_INVALID", message),
        Ok(_) => {
            let message = format!("tests in world {} cannot be run by this version of x07 yet", test.world);
            Diag::new("ETEST_WORLD_UNAVAILABLE", message)
        }
    };
    Outcome::error(test.clone(), FailureKind::Run, diag)
}

fn check_repro(repro: &property::Repro, tests: &[Arc<Test>]) -> Result<(), Problem> {
    let test = tests.iter().find(|test| test.id == repro.test_id);
    let Some(test) = test else {
        return Err(Problem::Usage(format!("the manifest has no test \"{}\"", repro.test_id)));
    };
    let names = test.property.iter().flat_map(|property| &property.parameters).map(|parameter| &parameter.name);
    if !names.eq(&repro.names) {
        let message = format!("test \"{}\" does not have the parameters {}", test.id, repro.names.join(", "));
        return Err(Problem::Usage(message));
    }
    Ok(())
}
