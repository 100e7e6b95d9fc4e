//! Landlock rules: which files and TCP ports a policy leaves open.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, Scope, make_bitflags,
};

use super::programs;
use crate::sandbox::policy::Policy;

/// The newest interface known here. An older kernel enforces what it knows of it; `gaps` tells the rest.
const NEWEST: ABI = ABI::V9;

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

/// A set of rules under construction; a path that does not exist opens nothing.
struct Rules<'a> {
    ruleset: RulesetCreated,
    folder: &'a Path,
}

impl Rules<'_> {
    fn allow(&mut self, path: impl AsRef<Path>, access: BitFlags<AccessFs>) -> Result<(), RulesetError> {
        let path = self.folder.join(path);
        let Ok(metadata) = path.metadata() else { return Ok(()) };
        let Ok(opened) = PathFd::new(&path) else { return Ok(()) };
        let access = if metadata.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
        if !access.is_empty() {
            (&mut self.ruleset).add_rule(PathBeneath::new(opened, access))?;
        }
        Ok(())
    }
}

/// The rules of a policy. Relative paths count from `folder`.
pub(super) fn ruleset(policy: &Policy, executable: &Path, folder: &Path) -> Result<RulesetCreated, RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let mut rules = Rules { ruleset, folder };
    let run = make_bitflags!(AccessFs::{Execute | ReadFile});
    rules.allow(executable, run)?;
    if let Some(interpreter) = programs::interpreter(executable) {
        rules.allow(interpreter, run)?;
    }
    for path in LIBRARIES.iter().chain(READABLE_DEVICES) {
        rules.allow(path, AccessFs::ReadFile.into())?;
    }
    rules.allow(NULL_DEVICE, make_bitflags!(AccessFs::{ReadFile | WriteFile}))?;
    allow_roots(&mut rules, policy)?;
    if policy.process.enabled && policy.process.allow_spawn {
        for program in programs::allowed(&policy.process, folder) {
            rules.allow(&program, run)?;
            if let Some(interpreter) = programs::interpreter(&folder.join(&program)) {
                rules.allow(interpreter, run)?;
            }
        }
    }
    if policy.net.enabled && policy.net.allow_tcp {
        for port in policy.net.allow_hosts.iter().flat_map(|host| &host.ports) {
            (&mut rules.ruleset).add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
    }
    Ok(rules.ruleset)
}

fn allow_roots(rules: &mut Rules<'_>, policy: &Policy) -> Result<(), RulesetError> {
    let fs = &policy.fs;
    if !fs.enabled {
        return Ok(());
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
        rules.allow(root.trim(), read)?;
    }
    for root in &fs.write_roots {
        rules.allow(root.trim(), write)?;
    }
    Ok(())
}
