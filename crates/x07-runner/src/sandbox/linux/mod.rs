//! Confinement on Linux: Landlock for files and TCP ports, seccomp for system calls.

mod embedded;
mod files;
mod gaps;
mod programs;
mod syscalls;

use std::io;
use std::path::Path;

use landlock::{RulesetCreated, RulesetStatus};
use seccompiler::BpfProgram;

use super::policy::Policy;

pub(super) use embedded::rules as embedded_rules;
pub(super) use gaps::gaps;

/// What is handed to the kernel.
#[derive(Debug)]
pub(super) struct Rules {
    files: RulesetCreated,
    has_landlock: bool,
    filters: Vec<BpfProgram>,
}

impl Rules {
    pub(super) fn new(policy: &Policy, executable: &Path, folder: &Path) -> Result<Rules, String> {
        let plan = files::Plan::new(policy, Some(executable), folder);
        let files = plan.ruleset(folder).map_err(|error| format!("Landlock: {error}"))?;
        let filters = syscalls::filters(&syscalls::Wanted::by(policy)).map_err(|error| format!("seccomp: {error}"))?;
        Ok(Rules { files, has_landlock: gaps::has_landlock(), filters })
    }

    pub(super) fn restrict_files(&self) -> io::Result<()> {
        let status = self.files.try_clone()?.restrict_self().map_err(|_| io::Error::last_os_error())?;
        if self.has_landlock && status.ruleset == RulesetStatus::NotEnforced {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        Ok(())
    }

    pub(super) fn filter_calls(&self) -> io::Result<()> {
        for filter in &self.filters {
            seccompiler::apply_filter(filter).map_err(|_| io::Error::last_os_error())?;
        }
        Ok(())
    }
}
