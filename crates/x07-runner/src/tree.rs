//! A running program and everything that it has started.

use std::io;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A program, which may start others. Dropped before it was reaped, it takes them all with it, so that no error path
/// leaves something running.
pub(crate) struct Tree {
    leader: Child,
    reaped: bool,
    /// It leads a session, and with it a process group, of its own.
    own_session: bool,
    /// It may start programs, so that killing it means looking for them.
    starts_processes: bool,
}

impl Tree {
    pub(crate) fn new(leader: Child, own_session: bool, starts_processes: bool) -> Self {
        Tree { leader, reaped: false, own_session, starts_processes }
    }

    pub(crate) fn leader(&self) -> Pid {
        Pid::from_child(&self.leader)
    }

    pub(crate) fn leader_mut(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Kills the program and what it has started, wherever that has moved to since. An error of a signal means that who
    /// should get it is gone already.
    pub(crate) fn kill(&self) {
        let leader = self.leader();
        if self.starts_processes {
            // Stopped, it starts nothing more, and it stays the parent by which the others are found.
            let _ = kill_process(leader, Signal::STOP);
            kill_descendants(leader, self.own_session);
        }
        if self.own_session {
            let _ = kill_process_group(leader, Signal::KILL);
        }
        let _ = kill_process(leader, Signal::KILL);
    }

    /// Waits for the program. After that its id may belong to somebody else, so nothing can be killed any more.
    pub(crate) fn reap(mut self) -> io::Result<()> {
        self.reaped = true;
        self.leader.wait().map(drop)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = self.leader.wait();
        }
    }
}

#[cfg(target_os = "linux")]
use linux::kill_descendants;

/// Systems that do not tell who belongs to whom: the process group is all that can be reached.
#[cfg(not(target_os = "linux"))]
fn kill_descendants(_: Pid, _: bool) {}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashSet;
    use std::fs;
    use std::thread;
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process};

    /// How often the list of processes is looked through for those that were started meanwhile.
    const ROUNDS: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(1);

    /// Kills what `leader` has started, directly or not, and what is in its session, until nothing is left.
    pub(super) fn kill_descendants(leader: Pid, own_session: bool) {
        let leader = leader.as_raw_nonzero().get();
        for _ in 0..ROUNDS {
            let found = descendants(leader, own_session, &processes());
            if found.is_empty() {
                return;
            }
            for pid in found.into_iter().filter_map(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
            thread::sleep(PAUSE);
        }
    }

    /// One line of the system's list of processes.
    #[derive(Clone, Copy, Debug)]
    struct Process {
        pid: i32,
        parent: i32,
        session: i32,
        is_dead: bool,
    }

    impl Process {
        /// `PID (name) state parent group session …`; the name may hold anything.
        fn parse(stat: &str) -> Option<Process> {
            let (pid, rest) = stat.split_once(' ')?;
            let mut fields = rest.rsplit_once(')')?.1.split_ascii_whitespace();
            let is_dead = matches!(fields.next()?, "Z" | "X");
            let parent = fields.next()?.parse().ok()?;
            let session = fields.nth(1)?.parse().ok()?;
            Some(Process { pid: pid.parse().ok()?, parent, session, is_dead })
        }
    }

    fn processes() -> Vec<Process> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbered = entries.filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit());
        numbered
            .filter_map(|entry| fs::read(entry.path().join("stat")).ok())
            .filter_map(|stat| Process::parse(&String::from_utf8_lossy(&stat)))
            .collect()
    }

    /// The living ones that came from `leader`: children of children, and members of its session and of sessions that
    /// these have begun.
    fn descendants(leader: i32, own_session: bool, processes: &[Process]) -> Vec<i32> {
        let mut known = HashSet::from([leader]);
        let mut sessions = HashSet::new();
        if own_session {
            sessions.insert(leader);
        }
        loop {
            let before = known.len();
            for process in processes.iter().filter(|process| process.pid != leader) {
                let is_ours = known.contains(&process.parent) || sessions.contains(&process.session);
                if is_ours && known.insert(process.pid) && process.session == process.pid {
                    sessions.insert(process.session);
                }
            }
            if known.len() == before {
                break;
            }
        }
        processes.iter().filter(|p| p.pid != leader && !p.is_dead && known.contains(&p.pid)).map(|p| p.pid).collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn descendants_are_found_by_parent_and_by_session() {
            let lines = [
                "10 (x) S 5 10 10 0",
                "11 (sh) S 10 11 10 0",
                "12 (a) b) S 11 11 10 0",
                "13 (orphan) S 1 11 10 0",
                "14 (moved) S 12 14 14 0",
                "15 (of the moved) S 1 14 14 0",
                "16 (dead) Z 10 10 10 0",
                "20 (other) S 5 20 20 0",
                "21 (others) S 20 20 5 0",
            ];
            let processes: Vec<Process> = lines.iter().filter_map(|line| Process::parse(line)).collect();
            assert_eq!(processes.len(), lines.len());
            assert_eq!(descendants(10, true, &processes), [11, 12, 13, 14, 15]);
            assert_eq!(descendants(10, false, &processes), [11, 12, 14, 15]);
        }
    }
}
