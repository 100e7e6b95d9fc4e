//! The flags that both runners have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use x07_build::{DEFAULT_FUEL, DEFAULT_MEMORY_CAP, World};

use crate::Runner;
use crate::execution::Limits;

/// A heap of more than this cannot be addressed by the 32-bit lengths of the language.
const MAX_MEMORY: u64 = 4 << 30;

/// The flags that both runners have.
#[derive(Clone, Debug, Args)]
#[allow(missing_docs, reason = "the documentation is the help text")]
pub(crate) struct Common {
    /// Compile and run one entry file; its name ends in .x07.json
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// Compile and run a project: its x07.json
    #[arg(long, value_name = "FILE")]
    pub(crate) project: Option<PathBuf>,
    /// Run an executable that was built before; nothing is compiled
    #[arg(long, value_name = "FILE")]
    pub(crate) artifact: Option<PathBuf>,
    /// The world to compile for
    #[arg(long, value_name = "WORLD")]
    pub(crate) world: Option<World>,
    /// The file whose bytes are the program's input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// A folder in which modules are looked for; may be repeated
    #[arg(long = "module-root", value_name = "FOLDER")]
    pub(crate) module_roots: Vec<PathBuf>,
    /// Flags of the C compiler
    #[arg(long, value_name = "PROFILE", value_enum, default_value_t = CcProfile::Default)]
    pub(crate) cc_profile: CcProfile,
    /// Largest generated C text
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_c_bytes: Option<u64>,
    /// Fuel of a run
    #[arg(long, value_name = "UNITS", default_value_t = DEFAULT_FUEL)]
    pub(crate) solve_fuel: u64,
    /// Heap of a run, at most 4 GiB
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_MEMORY_CAP,
          value_parser = clap::value_parser!(u64).range(..=MAX_MEMORY))]
    pub(crate) max_memory_bytes: u64,
    /// Largest output of a run
    #[arg(long, value_name = "BYTES", default_value_t = Limits::DEFAULT_MAX_OUTPUT)]
    pub(crate) max_output_bytes: u64,
    /// CPU time of a run; the wall clock gets one second more
    #[arg(long, value_name = "SECONDS")]
    pub(crate) cpu_time_limit_seconds: Option<u64>,
    /// Count uses of views after the end of what they look at
    #[arg(long)]
    pub(crate) debug_borrow_checks: bool,
    /// Also put the executable here
    #[arg(long, value_name = "FILE")]
    pub(crate) compiled_out: Option<PathBuf>,
    /// Print the table of flags as JSON
    #[arg(long)]
    pub(crate) cli_specrows: bool,
}

/// Sets of C compiler flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CcProfile {
    /// Optimised for speed
    Default,
    /// Optimised for size
    Size,
}

/// What a call works on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    Artifact(&'a PathBuf),
    Program(&'a PathBuf),
    Project(&'a PathBuf),
}

impl Common {
    /// The one of `--artifact`, `--program` and `--project` that was given.
    pub(crate) fn subject(&self) -> Result<Subject<'_>, String> {
        match (&self.artifact, &self.program, &self.project) {
            (Some(path), None, None) => Ok(Subject::Artifact(path)),
            (None, Some(path), None) if path.to_string_lossy().ends_with(".x07.json") => Ok(Subject::Program(path)),
            (None, Some(path), None) => {
                Err(format!("--program must name a file that ends in .x07.json, not {}", path.display()))
            }
            (None, None, Some(path)) => Ok(Subject::Project(path)),
            (None, None, None) => Err("one of --program, --project and --artifact is needed".to_owned()),
            _ => Err("only one of --program, --project and --artifact can be given".to_owned()),
        }
    }

    pub(crate) fn cpu_seconds(&self, runner: Runner) -> u64 {
        self.cpu_time_limit_seconds.unwrap_or(runner.default_cpu_seconds())
    }
}
