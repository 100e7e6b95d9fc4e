//! Learns that a child has ended without reaping it, so that its process group's id stays reserved.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::execution::Ending;

/// Tells when one child process ends.
pub(crate) struct Watch {
    pid: Pid,
    /// Readable once the child has ended; systems without such a descriptor are asked at intervals.
    descriptor: Option<OwnedFd>,
}

impl Watch {
    pub(crate) fn new(pid: Pid) -> Self {
        #[cfg(target_os = "linux")]
        let descriptor = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok();
        #[cfg(not(target_os = "linux"))]
        let descriptor = None;
        Watch { pid, descriptor }
    }

    pub(crate) fn descriptor(&self) -> Option<&OwnedFd> {
        self.descriptor.as_ref()
    }

    /// How long one may sleep without missing the end.
    pub(crate) fn interval(&self) -> Option<Duration> {
        self.descriptor.is_none().then_some(Duration::from_millis(1))
    }

    /// How the child ended, if it has. It stays a zombie.
    pub(crate) fn ending(&self) -> io::Result<Option<Ending>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.pid), options)?;
        Ok(status.and_then(|status| {
            let exited = status.exit_status().map(Ending::Exited);
            exited.or_else(|| status.terminating_signal().map(Ending::Signalled))
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_child_is_seen_to_end_with_and_without_a_descriptor() {
        for with_descriptor in [true, false] {
            for (script, expected) in [("read line; exit 3", Ending::Exited(3)), ("kill -9 $$", Ending::Signalled(9))] {
                let mut child = Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
                let mut watch = Watch::new(Pid::from_child(&child));
                if !with_descriptor {
                    watch.descriptor = None;
                }
                assert_eq!(watch.interval().is_none(), watch.descriptor().is_some());
                if expected == Ending::Exited(3) {
                    assert_eq!(watch.ending().unwrap(), None);
                }
                drop(child.stdin.take());
                let ending = (0..1000).find_map(|_| {
                    thread::sleep(Duration::from_millis(2));
                    watch.ending().unwrap()
                });
                assert_eq!(ending, Some(expected));
                child.wait().unwrap();
            }
        }
    }
}
