//! `run-os-sandboxed`: a policy, the variables that tell it to the runtime, and what the kernel enforces of it.
//!
//! The runtime checks every head against the policy and answers as the language says. The kernel holds the process to
//! what it can hold it to, so that code that is not ours (C functions, started programs, a bug in the runtime) stays
//! inside too. Where the kernel cannot, `Confinement::gaps` says so.

mod changes;
mod confinement;
#[cfg(target_os = "linux")]
mod linux;
mod patterns;
mod policy;
mod template;
mod variables;

pub use changes::Changes;
pub use confinement::{Confinement, Gap};
pub use policy::{Language, Mistake, Policy, PolicyError, SCHEMA};
pub use template::{TEMPLATES, template};
pub use variables::variables;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use x07_build::{Capabilities, Request, World, capabilities_of};

use crate::execution::{Environment, Folder, Limits};

/// Address space that a process needs besides its heap: libraries, stack, the C runtime.
const BESIDES_HEAP: u64 = 16 << 20;
/// The smallest heap worth starting a program with.
const SMALLEST_HEAP: u64 = 1 << 20;
/// Standard input, output and error, and one to open a library with.
const FEWEST_FILES: u64 = 4;

/// A policy and whom it is enforced by.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The policy.
    pub policy: Policy,
    /// The kernel enforces it too.
    pub by_kernel: bool,
}

impl Sandbox {
    /// Checks that a process can be started under the limits of the policy.
    pub fn new(policy: Policy, by_kernel: bool) -> Result<Sandbox, String> {
        let limits = &policy.limits;
        if limits.mem_bytes < BESIDES_HEAP + SMALLEST_HEAP {
            return Err(format!(
                "limits.mem_bytes = {} cannot start a process; it takes at least {}",
                limits.mem_bytes,
                BESIDES_HEAP + SMALLEST_HEAP
            ));
        }
        if limits.fds < FEWEST_FILES {
            return Err(format!(
                "limits.fds = {} cannot start a process; it takes at least {FEWEST_FILES}",
                limits.fds
            ));
        }
        Ok(Sandbox { policy, by_kernel })
    }

    /// What the compiler lets a program do.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            allow_unsafe: self.policy.language.allow_unsafe,
            allow_ffi: self.policy.language.allow_ffi,
            ..capabilities_of(World::RunOsSandboxed)
        }
    }

    /// The heap that a program may have when it asks for `wanted` bytes.
    pub fn memory_cap(&self, wanted: u64) -> u64 {
        wanted.min(self.policy.limits.mem_bytes - BESIDES_HEAP)
    }

    /// The limits of a run.
    pub fn limits(&self, max_output: u64) -> Limits {
        let limits = &self.policy.limits;
        Limits {
            cpu_seconds: Some(limits.cpu_ms.div_ceil(1000)),
            wall: Some(Duration::from_millis(limits.wall_ms)),
            open_files: Some(limits.fds),
            address_space: Some(limits.mem_bytes),
            processes: Some(limits.procs),
            core_dumps: limits.core_dumps,
            kill_leftovers: true,
            starts_processes: self.starts_processes(),
            ..Limits::os(limits.cpu_ms.div_ceil(1000), max_output)
        }
    }

    /// Makes the folders that a program may write to and make. The kernel opens only what is there when it starts; a root
    /// that cannot be made stays closed, and the heads say so.
    fn make_roots(&self, folder: &Path) {
        for root in self.policy.fs.roots_to_make() {
            let _ = std::fs::create_dir_all(folder.join(root));
        }
    }

    fn starts_processes(&self) -> bool {
        let (process, language) = (&self.policy.process, &self.policy.language);
        (process.enabled && process.allow_spawn) || language.allow_ffi || language.allow_unsafe
    }

    /// The surroundings of a run of `executable`. The program gets the variables of the policy, and of the caller's those
    /// that the policy lets it read; nothing else is there to be read by other means.
    pub fn environment(&self, executable: &Path, folder: Folder) -> Result<Environment, String> {
        let root = match &folder {
            Folder::At(path) => path.clone(),
            Folder::Current | Folder::Temporary => Path::new(".").to_owned(),
        };
        self.make_roots(&root);
        let confinement = match self.by_kernel {
            true => Some(Arc::new(Confinement::new(&self.policy, executable, &root)?)),
            false => None,
        };
        let mut variables: Vec<(OsString, OsString)> = Vec::new();
        for name in self.inherited_names() {
            if let Some(value) = std::env::var_os(&name) {
                variables.push((name.into(), value));
            }
        }
        variables.push(("X07_WORLD".into(), World::RunOsSandboxed.as_str().into()));
        variables.push(("X07_OS_SANDBOXED".into(), "1".into()));
        variables
            .extend(variables::variables(&self.policy).into_iter().map(|(name, value)| (name.into(), value.into())));
        Ok(Environment { folder, inherit: false, removed: Vec::new(), variables, confinement })
    }

    /// Makes an executable carry the policy: what its own code checks, and how it confines itself at its start.
    pub fn embed(&self, request: &mut Request, folder: &Path, strict: bool) -> Result<(), String> {
        request.capabilities = Some(self.capabilities());
        request.memory_cap = self.memory_cap(request.memory_cap);
        request.embedded_policy = Some(variables::variables(&self.policy));
        if self.by_kernel {
            request.confinement = Some(Confinement::embedded(&self.policy, folder, strict)?);
        }
        Ok(())
    }

    fn inherited_names(&self) -> Vec<String> {
        let env = &self.policy.env;
        let allowed = env.allow_keys.iter().map(|key| key.trim()).filter(|_| env.enabled);
        let denied = |key: &str| env.deny_keys.iter().any(|denied| denied.trim() == key);
        // Such a name would say something about the policy itself, or change what is loaded into the program.
        let is_special = |key: &str| key.starts_with("X07_OS_") || key.starts_with("LD_") || key.contains('=');
        let mut names: Vec<String> =
            allowed.filter(|key| !key.is_empty() && !denied(key) && !is_special(key)).map(str::to_owned).collect();
        if self.policy.time.enabled && self.policy.time.allow_local_tzid {
            names.push("TZ".to_owned());
        }
        names
    }
}
