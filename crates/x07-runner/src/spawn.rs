//! Starts a program in its own process group with its limits in force.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit};

use crate::execution::{Environment, Limits};
use crate::sandbox::Confinement;

/// A running program and our ends of its pipes, which do not block.
pub(crate) struct Program {
    pub(crate) group: Group,
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: File,
    pub(crate) stderr: File,
}

/// The leader of a process group. Dropped before it was reaped, it takes the whole group with it, so that no error path
/// leaves a program running.
pub(crate) struct Group {
    leader: Child,
    reaped: bool,
}

impl Group {
    pub(crate) fn leader(&self) -> Pid {
        Pid::from_child(&self.leader)
    }

    /// Kills every process of the group. An error means that none is left.
    pub(crate) fn kill(&self) {
        let _ = kill_process_group(self.leader(), Signal::KILL);
    }

    /// Waits for the leader. After that its id may belong to somebody else, so nothing can be killed any more.
    pub(crate) fn reap(mut self) -> io::Result<()> {
        self.reaped = true;
        self.leader.wait().map(drop)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = self.leader.wait();
        }
    }
}

/// How often, and how long apart, a start is tried again while the executable is open for writing somewhere: another
/// thread that forked while the executable was written holds it open until its own child has started.
const BUSY_TRIES: u32 = 200;
const BUSY_PAUSE: Duration = Duration::from_millis(2);

pub(crate) fn start(
    executable: &Path,
    folder: Option<&Path>,
    limits: &Limits,
    environment: &Environment,
) -> io::Result<Program> {
    let mut command = Command::new(executable);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
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
    apply_in_child(&mut command, resource_limits(limits), environment.confinement.clone());

    let mut tries = 0;
    let mut child = loop {
        match command.spawn() {
            Ok(child) => break child,
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                tries += 1;
                thread::sleep(BUSY_PAUSE);
            }
            Err(error) => return Err(error),
        }
    };
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let group = Group { leader: child, reaped: false };
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(io::Error::other("a pipe of the program is missing"));
    };
    let (stdin, stdout, stderr) = (OwnedFd::from(stdin), OwnedFd::from(stdout), OwnedFd::from(stderr));
    for pipe in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    Ok(Program { group, stdin, stdout: File::from(stdout), stderr: File::from(stderr) })
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

/// Limits and confinement must hold before the first instruction of the program, so they are set between fork and exec.
#[allow(unsafe_code, reason = "`pre_exec` is the only way to run code between fork and exec")]
fn apply_in_child(command: &mut Command, limits: Vec<(Resource, Rlimit)>, confinement: Option<Arc<Confinement>>) {
    let apply = move || {
        for (resource, limit) in &limits {
            setrlimit(*resource, *limit)?;
        }
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        confinement.as_ref().map_or(Ok(()), |confinement| confinement.enter())
    };
    // SAFETY: the closure makes plain system calls on memory that was filled in before the fork; it allocates nothing
    // and takes no lock, so it may run in the child of a process with several threads.
    unsafe {
        command.pre_exec(apply);
    }
}
