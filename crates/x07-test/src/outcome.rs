//! What became of each test.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use x07_ast::Diagnostic;
use x07_build::Sources;
use x07_runner::{Compared, MemStats, SchedStats};

use crate::manifest::{Expect, Test};
use crate::property::Counterexample;

/// The verdict on a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It passed, as expected.
    Pass,
    /// It failed.
    Fail,
    /// It was not run, or skipped itself.
    Skip,
    /// It could not be compiled, trapped, or gave no status.
    Error,
    /// It passed and should have failed.
    XfailPass,
    /// It failed, as expected.
    XfailFail,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It does not compile.
    Compile,
    /// Its status is a failure.
    Status,
    /// It trapped, reached a limit, or could not be run.
    Run,
    /// A clause of a contract does not hold.
    ContractViolation,
    /// Its output is no status.
    BadStatus,
    /// It does something else when it is run again.
    Determinism,
    /// A case of a property fails.
    Property,
}

/// A fact about a test, with a stable code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diag {
    /// The code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// JSON pointer into the module that `details` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// More, by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

impl Diag {
    /// A fact without details.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Diag { code, message: message.into(), path: None, details: Map::new() }
    }

    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// The compilation of a test's driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compile {
    /// There is an executable.
    pub ok: bool,
    /// 0, or the status of the C compiler that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_path: Option<PathBuf>,
    /// Bytes of C text of the whole driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_bytes: Option<u64>,
}

/// The run of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// It ended with status 0 and an output.
    pub ok: bool,
    /// Exit status, or 128 + N for signal N.
    pub exit_code: i32,
    /// Fuel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel_used: Option<u64>,
    /// What the allocator did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_stats: Option<MemStats>,
    /// What the scheduler did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sched_stats: Option<SchedStats>,
    /// The output, which is the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solve_output_b64: Option<String>,
    /// Standard output as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout_b64: Option<String>,
    /// Standard error as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr_b64: Option<String>,
    /// The code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_code_u32: Option<u32>,
    /// The text of a trap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trap: Option<String>,
}

/// A test and what became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The test.
    pub test: Arc<Test>,
    /// The verdict.
    pub status: Status,
    /// How long it ran.
    pub duration: Duration,
    /// What kind of failure it was, if any.
    pub failure: Option<FailureKind>,
    /// Where a failure can be repeated from.
    pub repro: Option<PathBuf>,
    /// The compilation.
    pub compile: Option<Compile>,
    /// The run.
    pub run: Option<Run>,
    /// Facts for the report.
    pub diags: Vec<Diag>,
    /// What the assertion that failed compared.
    pub compared: Option<Compared>,
    /// The case for which a property does not hold.
    pub counterexample: Option<Counterexample>,
    /// What the compiler found.
    pub findings: Vec<Diagnostic>,
    /// Where the texts of the driver's modules are.
    pub sources: Arc<Sources>,
}

impl Outcome {
    pub(crate) fn new(test: Arc<Test>, status: Status) -> Self {
        Outcome {
            test,
            status,
            duration: Duration::ZERO,
            failure: None,
            repro: None,
            compile: None,
            run: None,
            diags: Vec::new(),
            compared: None,
            counterexample: None,
            findings: Vec::new(),
            sources: Arc::default(),
        }
    }

    pub(crate) fn error(test: Arc<Test>, failure: FailureKind, diag: Diag) -> Self {
        Outcome { failure: Some(failure), diags: vec![diag], ..Outcome::new(test, Status::Error) }
    }

    /// True when the test did what its manifest expects.
    pub fn is_as_expected(&self) -> bool {
        matches!(
            (self.test.expect, self.status),
            (Expect::Pass, Status::Pass) | (Expect::Fail, Status::XfailFail) | (Expect::Skip, Status::Skip)
        )
    }

    /// True when it did not even run to its end.
    fn is_run_failure(&self) -> bool {
        self.status == Status::Error && self.failure != Some(FailureKind::Compile)
    }

    fn is_compile_failure(&self) -> bool {
        self.failure == Some(FailureKind::Compile)
    }
}

/// How many tests came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are those of the report")]
pub struct Summary {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    pub errors: usize,
    pub xfail_passed: usize,
    pub xfail_failed: usize,
    pub duration_ms: u64,
    pub compile_failures: usize,
    pub run_failures: usize,
}

/// Exit status when a test did not do what is expected of it.
const UNMET: u8 = 10;
const NOT_COMPILED: u8 = 11;
const NOT_RUN: u8 = 12;

/// What became of all tests.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// The tests that were selected, in order of their ids.
    pub outcomes: Vec<Outcome>,
    /// How long it took together.
    pub duration: Duration,
    /// Tests that were not begun because one before them did not do what is expected.
    pub cut_short: usize,
    /// Nothing was run, as was asked for.
    pub only_compiled: bool,
}

impl Results {
    /// How many tests came to what.
    pub fn summary(&self) -> Summary {
        let count = |is_it: &dyn Fn(&Outcome) -> bool| self.outcomes.iter().filter(|outcome| is_it(outcome)).count();
        let status = |status| count(&|outcome| outcome.status == status);
        Summary {
            passed: status(Status::Pass),
            failed: status(Status::Fail),
            skipped: status(Status::Skip),
            errors: status(Status::Error),
            xfail_passed: status(Status::XfailPass),
            xfail_failed: status(Status::XfailFail),
            duration_ms: u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            compile_failures: count(&Outcome::is_compile_failure),
            run_failures: count(&Outcome::is_run_failure),
        }
    }

    /// The status to exit with.
    pub fn exit_code(&self) -> u8 {
        let summary = self.summary();
        if summary.compile_failures > 0 {
            NOT_COMPILED
        } else if summary.run_failures > 0 {
            NOT_RUN
        } else if self.only_compiled {
            0
        } else if self.outcomes.iter().any(|outcome| !outcome.is_as_expected()) {
            UNMET
        } else {
            0
        }
    }
}
