//! Runs one executable: its limits, its surroundings, and what became of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{io, path};

use crate::capture::{Captured, converse};
use crate::folder::TemporaryFolder;
use crate::sandbox::Confinement;
use crate::spawn::{Streams, start};

/// What a run may use. `None` leaves a limit as the caller's process has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CPU time: at this many seconds the program gets SIGXCPU, one second later SIGKILL.
    pub cpu_seconds: Option<u64>,
    /// Wall time, after which the program and what it has started is killed.
    pub wall: Option<Duration>,
    /// Largest file that it may write.
    pub file_size: Option<u64>,
    /// Open descriptors.
    pub open_files: Option<u64>,
    /// Address space.
    pub address_space: Option<u64>,
    /// Processes of the user.
    pub processes: Option<u64>,
    /// May it leave a core dump?
    pub core_dumps: bool,
    /// Bytes of output inside the frame.
    pub max_output: u64,
    /// Bytes of standard error.
    pub max_stderr: u64,
    /// Kill what it has started and left behind even after a normal end. After a signal or a time-out that is always done.
    pub kill_leftovers: bool,
    /// It may start processes: then they are looked for everywhere and not only in its process group.
    pub starts_processes: bool,
}

impl Limits {
    /// Bytes of standard error that are kept.
    pub const MAX_STDERR: u64 = 262_144;
    /// Bytes of output when nobody says otherwise.
    pub const DEFAULT_MAX_OUTPUT: u64 = 1 << 20;
    const HOST_OPEN_FILES: u64 = 32;

    /// The limits of a `solve-*` world.
    pub fn host(cpu_seconds: u64, max_output: u64) -> Self {
        Limits {
            file_size: Some(0),
            open_files: Some(Self::HOST_OPEN_FILES),
            kill_leftovers: true,
            starts_processes: false,
            ..Limits::os(cpu_seconds, max_output)
        }
    }

    /// The limits of `run-os`.
    pub fn os(cpu_seconds: u64, max_output: u64) -> Self {
        Limits {
            cpu_seconds: Some(cpu_seconds),
            wall: Some(Duration::from_secs(cpu_seconds.saturating_add(1))),
            file_size: None,
            open_files: None,
            address_space: None,
            processes: None,
            core_dumps: false,
            max_output,
            max_stderr: Self::MAX_STDERR,
            kill_leftovers: false,
            starts_processes: true,
        }
    }

    /// Bytes of standard output that are kept: the frame and one byte more, which tells that there was more.
    pub(crate) fn max_stdout(&self) -> u64 {
        self.max_output.saturating_add(5)
    }
}

/// Where a program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// A fresh folder of its own, removed afterwards.
    Temporary,
    /// The caller's.
    Current,
    /// This one.
    At(PathBuf),
}

/// What a program sees of the world around it.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its working folder.
    pub folder: Folder,
    /// Does it inherit the caller's environment variables?
    pub inherit: bool,
    /// Inherited variables that it must not see.
    pub removed: Vec<OsString>,
    /// Variables set on top.
    pub variables: Vec<(OsString, OsString)>,
    /// What the kernel holds it to.
    pub confinement: Option<Arc<Confinement>>,
}

impl Environment {
    /// The surroundings of a `solve-*` world: a folder of its own and no variables but the scheduler's debug switch.
    pub fn isolated() -> Self {
        let name = "X07_DEBUG_SCHED";
        Environment {
            folder: Folder::Temporary,
            inherit: false,
            removed: Vec::new(),
            variables: std::env::var_os(name).map(|value| (name.into(), value)).into_iter().collect(),
            confinement: None,
        }
    }

    /// The surroundings of `run-os`.
    pub fn os(folder: Folder) -> Self {
        Environment {
            folder,
            inherit: true,
            removed: std::env::vars_os().map(|(name, _)| name).filter(is_policy_variable).collect(),
            variables: vec![("X07_WORLD".into(), "run-os".into())],
            confinement: None,
        }
    }
}

/// A variable of a policy, which a program that has none must not inherit.
fn is_policy_variable(name: &OsString) -> bool {
    name.as_encoded_bytes().starts_with(b"X07_OS_")
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With this exit status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

impl Ending {
    /// The exit status as a shell shows it: 128 + N for signal N.
    pub fn status(self) -> i32 {
        match self {
            Ending::Exited(status) => status,
            Ending::Signalled(signal) => 128 + signal,
        }
    }
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// How the program ended.
    pub ending: Ending,
    /// It reached the wall limit and was killed.
    pub timed_out: bool,
    /// Its standard output, frame included; nothing of an attached program.
    pub stdout: Captured,
    /// Its standard error; of an attached program only what the runtime reports.
    pub stderr: Captured,
}

impl Execution {
    /// True when the program ended because whoever read its output closed the pipe, as a filter in front of `head` does.
    pub fn lost_its_reader(&self) -> bool {
        self.ending == Ending::Signalled(rustix::process::Signal::PIPE.as_raw())
    }
}

/// Why a program could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The executable does not start.
    #[error("cannot execute {}: {source}", path.display())]
    Start {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its folder could not be made.
    #[error("cannot create a folder for the run below {}: {source}", path.display())]
    Folder {
        /// The parent folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The input does not fit a frame.
    #[error("the input has {0} bytes; a frame holds at most 4294967295")]
    InputTooLarge(usize),
    /// A signal asked for the end; the program and what it had started are gone.
    #[error("the run was interrupted")]
    Interrupted,
    /// Talking to the running program failed.
    #[error("cannot watch the program: {0}")]
    Watch(#[from] io::Error),
}

/// Runs a framed executable on `input` and waits for its end.
///
/// The program never sees the caller's standard input, and whatever it prints is bounded by `limits`. When the calling
/// thread dies, so does the program.
pub fn run(executable: &Path, input: &[u8], limits: &Limits, environment: &Environment) -> Result<Execution, RunError> {
    begin(executable, Streams::Ours, input, limits, environment)
}

/// Runs an executable that was built to be attached: the standard streams that it has are the caller's.
///
/// Its output goes to standard output by itself, within the limit that it was built with.
pub fn attach(
    executable: &Path,
    input: &[u8],
    limits: &Limits,
    environment: &Environment,
) -> Result<Execution, RunError> {
    begin(executable, Streams::Callers, input, limits, environment)
}

fn begin(
    executable: &Path,
    streams: Streams,
    input: &[u8],
    limits: &Limits,
    environment: &Environment,
) -> Result<Execution, RunError> {
    let length = u32::try_from(input.len()).map_err(|_| RunError::InputTooLarge(input.len()))?;
    let start_error = |source| RunError::Start { path: executable.to_owned(), source };
    // The program starts in another folder, from which a relative path would mean something else.
    let absolute = path::absolute(executable).map_err(start_error)?;
    let temporary;
    let folder = match &environment.folder {
        Folder::Temporary => {
            temporary = TemporaryFolder::new()?;
            Some(temporary.path())
        }
        Folder::Current => None,
        Folder::At(path) => Some(path.as_path()),
    };
    let program = start(&absolute, streams, folder, limits, environment).map_err(start_error)?;
    converse(program, length.to_le_bytes(), input, limits)?.ok_or(RunError::Interrupted)
}
