//! Runs X07 programs under deterministic limits and reports on them.
//!
//! `run` starts a framed executable and watches it, `attach` one that has the caller's standard streams; `judge` says what
//! that run was worth. The two runners, `host` and `os`, are command lines around them: flags in, a build through
//! `x07-build`, a run, one JSON report out.

mod answer;
mod capture;
mod compile;
mod execution;
mod flags;
mod folder;
pub mod host;
pub mod interrupt;
mod judge;
mod metrics;
mod native;
pub mod os;
mod pipeline;
mod report;
pub mod sandbox;
mod spawn;
mod specrows;
mod tree;
mod watch;

pub use answer::Answer;
pub use capture::Captured;
pub use execution::{Ending, Environment, Execution, Folder, Limits, RunError, attach, run};
pub use judge::{Solve, judge, judge_attached};
pub use metrics::{Assertion, Compared, DebugStats, MemStats, Metrics, SchedStats};
pub use native::{Requirement, Requirements};
pub use report::{CompileReport, Report, SolveReport, Work};

/// The two runners: which worlds they take and how some of their texts read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `x07-host-runner`: the deterministic `solve-*` worlds.
    Host,
    /// `x07-os-runner`: the `run-os` worlds.
    Os,
}

impl Runner {
    /// The command's name.
    pub fn command(self) -> &'static str {
        match self {
            Runner::Host => "x07-host-runner",
            Runner::Os => "x07-os-runner",
        }
    }

    /// `schema_version` of its reports.
    pub fn schema_version(self) -> &'static str {
        match self {
            Runner::Host => "x07-host-runner.report@0.3.0",
            Runner::Os => "x07-os-runner.report@0.3.0",
        }
    }

    /// The trap text of a run that reached the wall limit.
    pub fn wall_trap(self) -> &'static str {
        match self {
            Runner::Host => "wall timeout",
            Runner::Os => "timed out",
        }
    }

    /// CPU seconds of a run when nobody says otherwise.
    pub fn default_cpu_seconds(self) -> u64 {
        match self {
            Runner::Host => 5,
            Runner::Os => 30,
        }
    }
}
