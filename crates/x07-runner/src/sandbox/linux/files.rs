//! Landlock rules: which files and TCP ports a policy leaves open.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, Scope, make_bitflags,
};

use super::programs;
use crate::sandbox::policy::Policy;

/// The newest interface known here. An older kernel enforces what it knows of it; `gaps` tells the rest.
pub(super) const NEWEST: ABI = ABI::V9;

/// Libraries of the system: code that programs are made of, readable by everybody.
const LIBRARIES: &[&str] = &[
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
];
const READABLE_DEVICES: &[&str] = &["/dev/zero", "/dev/random", "/dev/urandom"];
const NULL_DEVICE: &str = "/dev/null";

/// What a policy leaves open.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Paths, absolute or from the working folder, and what may be done below each.
    pub(super) paths: Vec<(PathBuf, BitFlags<AccessFs>)>,
    /// TCP ports that may be connected to.
    pub(super) ports: Vec<u16>,
}

const RUN: BitFlags<AccessFs> = make_bitflags!(AccessFs::{Execute | ReadFile});

impl Plan {
    /// The plan of a policy, whose relative paths count from `folder`. Without an executable the program is running
    /// already, and only what it still needs is left open.
    pub(super) fn new(policy: &Policy, executable: Option<&Path>, folder: &Path) -> Plan {
        let mut plan = Plan::default();
        if let Some(executable) = executable {
            plan.run(executable, folder);
        }
        for path in LIBRARIES.iter().chain(READABLE_DEVICES) {
            plan.allow(path, AccessFs::ReadFile.into());
        }
        plan.allow(NULL_DEVICE, make_bitflags!(AccessFs::{ReadFile | WriteFile}));
        plan.roots(policy);
        if policy.process.enabled && policy.process.allow_spawn {
            for program in programs::allowed(&policy.process, folder) {
                plan.run(&program, folder);
            }
        }
        if policy.net.enabled && policy.net.allow_tcp {
            plan.ports = policy.net.allow_hosts.iter().flat_map(|host| host.ports.iter().copied()).collect();
        }
        plan
    }

    fn allow(&mut self, path: impl Into<PathBuf>, access: BitFlags<AccessFs>) {
        self.paths.push((path.into(), access));
    }

    /// A program file, and the loader that the kernel starts in its place.
    fn run(&mut self, program: &Path, folder: &Path) {
        self.allow(program, RUN);
        if let Some(interpreter) = programs::interpreter(&folder.join(program)) {
            self.allow(interpreter, RUN);
        }
    }

    fn roots(&mut self, policy: &Policy) {
        let fs = &policy.fs;
        if !fs.enabled {
            return;
        }
        let mut read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
        let mut write = make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg});
        if fs.allow_walk {
            read |= AccessFs::ReadDir;
        }
        if fs.allow_mkdir {
            write |= AccessFs::MakeDir;
        }
        if fs.allow_remove {
            // A folder is removed with what is in it, which has to be listed.
            write |= make_bitflags!(AccessFs::{RemoveFile | RemoveDir | ReadDir});
        }
        if fs.allow_rename {
            write |= make_bitflags!(AccessFs::{RemoveFile | RemoveDir | MakeDir | Refer});
        }
        for root in &fs.read_roots {
            self.allow(root.trim(), read);
        }
        for root in &fs.write_roots {
            self.allow(root.trim(), write);
        }
    }

    /// The plan as a Landlock ruleset. A path that does not exist opens nothing.
    pub(super) fn ruleset(&self, folder: &Path) -> Result<RulesetCreated, RulesetError> {
        let mut ruleset = Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        for (path, access) in &self.paths {
            let path = folder.join(path);
            let (Ok(metadata), Ok(opened)) = (path.metadata(), PathFd::new(&path)) else {
                continue;
            };
            let access = if metadata.is_dir() { *access } else { *access & AccessFs::from_file(NEWEST) };
            if !access.is_empty() {
                (&mut ruleset).add_rule(PathBeneath::new(opened, access))?;
            }
        }
        for port in &self.ports {
            (&mut ruleset).add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
        Ok(ruleset)
    }
}
