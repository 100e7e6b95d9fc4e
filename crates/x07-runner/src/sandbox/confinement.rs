//! What the kernel enforces of a policy, and what it cannot.

use std::fmt;
use std::io;
use std::path::Path;

use super::policy::Policy;

#[cfg(target_os = "linux")]
use super::linux as system;

/// Systems without a way to confine a process.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    use super::{Gap, Policy};

    #[derive(Debug)]
    pub(super) struct Rules;

    impl Rules {
        pub(super) fn new(_: &Policy, _: &Path, _: &Path) -> Result<Self, String> {
            Ok(Rules)
        }

        pub(super) fn restrict_files(&self) -> std::io::Result<()> {
            Ok(())
        }

        pub(super) fn filter_calls(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    pub(super) fn embedded_rules(_: &Policy, _: &Path, _: bool) -> Result<Vec<u8>, String> {
        Err("this system has no way to confine a program".to_owned())
    }

    pub(super) fn gaps(_: &Policy) -> Vec<Gap> {
        vec![Gap::new("everything", "this system's kernel is not asked to confine the program")]
    }
}

/// A part of a policy that the kernel does not enforce here, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The part, as the policy names it.
    pub part: String,
    /// Why the program's own checks are all there is.
    pub reason: String,
}

impl Gap {
    pub(super) fn new(part: &str, reason: &str) -> Self {
        Gap { part: part.to_owned(), reason: reason.to_owned() }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.reason)
    }
}

/// The rules of a policy for one executable, ready to be entered.
#[derive(Debug)]
pub struct Confinement {
    rules: system::Rules,
}

impl Confinement {
    /// Prepares the rules. Relative paths of the policy count from `folder`, the working folder of the run.
    pub fn new(policy: &Policy, executable: &Path, folder: &Path) -> Result<Confinement, String> {
        Ok(Confinement { rules: system::Rules::new(policy, executable, folder)? })
    }

    /// Confines the calling process, for good: the half that opens descriptors. To be called between fork and exec: it
    /// makes plain system calls only.
    pub(crate) fn restrict_files(&self) -> io::Result<()> {
        self.rules.restrict_files()
    }

    /// The second half, after which no limit can be changed. To be called between fork and exec, too.
    pub(crate) fn filter_calls(&self) -> io::Result<()> {
        self.rules.filter_calls()
    }

    /// The rules for an executable that confines itself at its start, with paths from its working folder then. Unless it
    /// is `strict` it makes do with what the kernel of its machine can.
    pub fn embedded(policy: &Policy, folder: &Path, strict: bool) -> Result<Vec<u8>, String> {
        system::embedded_rules(policy, folder, strict)
    }

    /// The parts of a policy that the kernel cannot enforce on this machine.
    pub fn gaps(policy: &Policy) -> Vec<Gap> {
        system::gaps(policy)
    }
}
