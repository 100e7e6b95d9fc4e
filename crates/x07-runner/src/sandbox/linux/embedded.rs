//! Rules for an executable that confines itself: what `os_confine.c` reads.

use std::path::Path;

use landlock::{ABI, Access, AccessFs, AccessNet, Scope};

use super::files::{NEWEST, Plan};
use super::syscalls::{Wanted, filters};
use crate::sandbox::policy::Policy;

/// In place of a resource: milliseconds of wall time.
const WALL: u32 = 0xffff;

/// Beside the access to a path: the folder is made if it is not there.
const MAKE: u64 = 1 << 63;

/// Little-endian numbers, one behind the other.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn count(&mut self, count: usize) -> Result<(), String> {
        self.u32(u32::try_from(count).map_err(|_| "the policy is too large".to_owned())?);
        Ok(())
    }
}

/// The rules of a policy as bytes. `strict`: the program refuses to start on a kernel that cannot enforce them.
pub(crate) fn rules(policy: &Policy, folder: &Path, strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Writer::default();
    let limits = limits(policy);
    out.count(limits.len())?;
    for (resource, value) in limits {
        out.u32(resource);
        out.u64(value);
    }

    let plan = Plan::new(policy, None, folder);
    out.u32(if strict { needed_version(policy) } else { 0 });
    out.u64(AccessFs::from_all(NEWEST).bits());
    out.u64(AccessNet::from_all(NEWEST).bits());
    out.u64(Scope::from_all(NEWEST).bits());
    out.count(plan.paths.len())?;
    let made: Vec<&Path> = policy.fs.roots_to_make().map(Path::new).collect();
    for (path, access) in &plan.paths {
        let make = if made.contains(&path.as_path()) { MAKE } else { 0 };
        let path = path.as_os_str().as_encoded_bytes();
        out.u64(access.bits() | make);
        out.count(path.len() + 1)?;
        out.0.extend_from_slice(path);
        out.0.push(0);
    }
    out.count(plan.ports.len())?;
    for port in plan.ports {
        out.u64(AccessNet::ConnectTcp as u64);
        out.u32(u32::from(port));
    }

    let filters = filters(&Wanted::by(policy)).map_err(|error| format!("seccomp: {error}"))?;
    out.count(filters.len())?;
    for filter in filters {
        out.count(filter.len())?;
        for step in filter {
            out.u32(u32::from(step.code) | u32::from(step.jt) << 16 | u32::from(step.jf) << 24);
            out.u32(step.k);
        }
    }
    Ok(out.0)
}

fn limits(policy: &Policy) -> Vec<(u32, u64)> {
    let limits = &policy.limits;
    let mut all = vec![
        (WALL, limits.wall_ms),
        // One second more than asked for: at the soft limit, one below, a signal says what happened.
        (libc::RLIMIT_CPU, limits.cpu_ms.div_ceil(1000) + 1),
        (libc::RLIMIT_NOFILE, limits.fds),
        (libc::RLIMIT_AS, limits.mem_bytes),
        (libc::RLIMIT_NPROC, limits.procs),
    ];
    if !limits.core_dumps {
        all.push((libc::RLIMIT_CORE, 0));
    }
    all
}

/// The version of Landlock that enforces all that `gaps` counts on.
fn needed_version(policy: &Policy) -> u32 {
    let spawns = policy.process.enabled && policy.process.allow_spawn;
    let connects = policy.net.enabled && policy.net.allow_tcp && (spawns || policy.language.allow_ffi);
    let needed = match (spawns, connects) {
        (true, _) => ABI::V6,
        (false, true) => ABI::V4,
        (false, false) => ABI::V1,
    };
    needed as u32
}
