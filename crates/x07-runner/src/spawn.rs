//! Starts a program with its limits in force, and connects it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use crate::execution::{Environment, Limits};
use crate::sandbox::Confinement;
use crate::tree::Tree;

/// A running program and our ends of what connects it with us, which do not block.
pub(crate) struct Program {
    pub(crate) tree: Tree,
    /// Takes the frame with the input.
    pub(crate) input: OwnedFd,
    /// Standard output; none when it is not ours to read.
    pub(crate) stdout: Option<File>,
    /// Gives what traps and metrics say, and with it, if that is ours to read, standard error.
    pub(crate) reports: File,
}

/// Who has the program's standard streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streams {
    /// We, each through a pipe.
    Ours,
    /// The program: it has the caller's, and one descriptor more for its input and its reports.
    Callers,
}

/// How often, and how long apart, a start is tried again while the executable is open for writing somewhere: another
/// thread that forked while the executable was written holds it open until its own child has started.
const BUSY_TRIES: u32 = 200;
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// The lowest number of the descriptor that an attached program gets besides the standard ones.
const AWAY: i32 = 100;

pub(crate) fn start(
    executable: &Path,
    streams: Streams,
    folder: Option<&Path>,
    limits: &Limits,
    environment: &Environment,
) -> io::Result<Program> {
    let mut command = Command::new(executable);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    if !environment.inherit {
        command.env_clear();
    }
    for name in &environment.removed {
        command.env_remove(name);
    }
    command.envs(environment.variables.iter().map(|(name, value)| (name, value)));
    let mut begin = Begin {
        // With the caller's terminal it stays in the caller's session, where it may read and Ctrl-C reaches it.
        own_session: streams == Streams::Ours,
        inherited: None,
        limits: resource_limits(limits),
        confinement: environment.confinement.clone(),
    };
    let own_session = begin.own_session;
    match streams {
        Streams::Ours => {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            begin.hook(&mut command);
            let child = spawn(&mut command)?;
            let mut tree = Tree::new(child, own_session, limits.starts_processes);
            let child = tree.leader_mut();
            let (Some(stdin), Some(stdout), Some(stderr)) =
                (child.stdin.take(), child.stdout.take(), child.stderr.take())
            else {
                return Err(io::Error::other("a pipe of the program is missing"));
            };
            connected(tree, stdin.into(), Some(stdout.into()), stderr.into())
        }
        Streams::Callers => {
            let (ours, theirs) = UnixStream::pair()?;
            // Out of the way: the lowest numbers, which a limit may leave it few of, are the program's.
            let theirs = rustix::io::fcntl_dupfd_cloexec(theirs, AWAY)?;
            command.arg(theirs.as_raw_fd().to_string());
            begin.inherited = Some(theirs);
            begin.hook(&mut command);
            let child = spawn(&mut command)?;
            // It holds their end, which must be the program's alone: its end is the end of the reports.
            drop(command);
            let tree = Tree::new(child, own_session, limits.starts_processes);
            connected(tree, ours.try_clone()?.into(), None, ours.into())
        }
    }
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut tries = 0;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                tries += 1;
                thread::sleep(BUSY_PAUSE);
            }
            result => return result,
        }
    }
}

fn connected(tree: Tree, input: OwnedFd, stdout: Option<OwnedFd>, reports: OwnedFd) -> io::Result<Program> {
    for descriptor in [input.as_fd(), reports.as_fd()].into_iter().chain(stdout.as_ref().map(AsFd::as_fd)) {
        rustix::io::ioctl_fionbio(descriptor, true)?;
    }
    Ok(Program { tree, input, stdout: stdout.map(File::from), reports: File::from(reports) })
}

/// The limits to set, none of them above what this process may give.
fn resource_limits(limits: &Limits) -> Vec<(Resource, Rlimit)> {
    let mut wanted = Vec::new();
    if let Some(seconds) = limits.cpu_seconds {
        // The second between the two is the time in which SIGXCPU can say what happened.
        wanted.push((Resource::Cpu, seconds, seconds.saturating_add(1)));
    }
    let equal = [
        (Resource::Fsize, limits.file_size),
        (Resource::Nofile, limits.open_files),
        (Resource::As, limits.address_space),
        (Resource::Nproc, limits.processes),
        (Resource::Core, (!limits.core_dumps).then_some(0)),
    ];
    wanted.extend(equal.into_iter().filter_map(|(resource, limit)| Some((resource, limit?, limit?))));
    let capped = |resource, soft: u64, hard: u64| {
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        (resource, Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) })
    };
    wanted.into_iter().map(|(resource, soft, hard)| capped(resource, soft, hard)).collect()
}

/// What a program's process does between fork and exec: limits and confinement must hold before its first instruction.
struct Begin {
    own_session: bool,
    /// A descriptor that it keeps.
    inherited: Option<OwnedFd>,
    limits: Vec<(Resource, Rlimit)>,
    confinement: Option<Arc<Confinement>>,
}

impl Begin {
    #[allow(unsafe_code, reason = "`pre_exec` is the only way to run code between fork and exec")]
    fn hook(self, command: &mut Command) {
        // SAFETY: the closure makes plain system calls on memory that was filled in before the fork; it allocates
        // nothing and takes no lock, so it may run in the child of a process with several threads.
        unsafe {
            command.pre_exec(move || self.run());
        }
    }

    fn run(&self) -> io::Result<()> {
        if self.own_session {
            rustix::process::setsid()?;
        }
        if let Some(descriptor) = &self.inherited {
            rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?;
        }
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        self.set_limits(|resource| resource != Resource::Nofile)?;
        if let Some(confinement) = &self.confinement {
            confinement.restrict_files()?;
        }
        // Setting up the sandbox takes descriptors itself, and afterwards no limit can be changed any more.
        self.set_limits(|resource| resource == Resource::Nofile)?;
        self.confinement.as_ref().map_or(Ok(()), |confinement| confinement.filter_calls())
    }

    fn set_limits(&self, which: impl Fn(Resource) -> bool) -> io::Result<()> {
        for (resource, limit) in self.limits.iter().filter(|(resource, _)| which(*resource)) {
            setrlimit(*resource, *limit)?;
        }
        Ok(())
    }
}
