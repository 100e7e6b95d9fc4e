//! The JSON that a runner prints (spec runners 9).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::execution::Execution;
use crate::judge::Solve;
use crate::metrics::Metrics;
use crate::native::Requirements;

/// The language that the compiler accepts.
pub(crate) const LANG_ID: &str = "x07-core@0.2.0";

/// Everything that a runner has to say about one call.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this shape.
    pub schema_version: &'static str,
    /// What was asked for.
    pub mode: &'static str,
    /// The runner's exit status.
    pub exit_code: u8,
    /// The world; only the OS runner tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<&'static str>,
    /// What was done.
    #[serde(flatten)]
    pub work: Work,
}

/// What a runner did.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Work {
    /// It compiled something.
    Compiled {
        /// The build.
        compile: Box<CompileReport>,
        /// The run, if there was one.
        solve: Option<Box<SolveReport>>,
    },
    /// It ran an existing executable.
    Ran(Box<SolveReport>),
}

/// The build's part of a report.
#[derive(Clone, Debug, Serialize)]
pub struct CompileReport {
    /// There is an executable.
    pub ok: bool,
    /// 0, or the status of the step that failed.
    pub exit_status: i32,
    /// The language that the compiler accepts.
    pub lang_id: &'static str,
    /// What the program needs to be linked with.
    pub native_requires: Requirements,
    /// Bytes of C text; 0 when there is none.
    pub c_source_size: u64,
    /// The executable.
    pub compiled_exe: Option<String>,
    /// Its size.
    pub compiled_exe_size: Option<u64>,
    /// Why there is none.
    pub compile_error: Option<String>,
    /// What the C compiler wrote to standard output.
    pub stdout_b64: String,
    /// What the C compiler wrote to standard error.
    pub stderr_b64: String,
    /// Compile-time fuel: 0, as the compiler needs none, or null when there is no C text.
    pub fuel_used: Option<u64>,
    /// Why the build could not even begin.
    pub trap: Option<String>,
}

/// The run's part of a report.
#[derive(Clone, Debug, Serialize)]
pub struct SolveReport {
    /// The run ended with status 0 and nothing is wrong.
    pub ok: bool,
    /// The program's exit status, or 128 + N for signal N.
    pub exit_status: i32,
    /// The output, without the length prefix.
    pub solve_output_b64: String,
    /// Standard output as it came.
    pub stdout_b64: String,
    /// Standard error as it came.
    pub stderr_b64: String,
    /// Statistics; null when unknown.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// What went wrong.
    pub trap: Option<String>,
}

impl SolveReport {
    /// The report of a judged run.
    pub fn new(execution: &Execution, solve: Solve) -> Self {
        SolveReport {
            ok: solve.ok,
            exit_status: solve.exit_status,
            solve_output_b64: base64(&solve.output),
            stdout_b64: base64(&execution.stdout.bytes),
            stderr_b64: base64(&execution.stderr.bytes),
            metrics: solve.metrics,
            trap: solve.trap,
        }
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
