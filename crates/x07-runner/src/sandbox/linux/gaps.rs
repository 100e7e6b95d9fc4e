//! What the kernel of this machine cannot enforce of a policy.

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, Scope};
use seccompiler::TargetArch;

use crate::sandbox::Gap;
use crate::sandbox::policy::Policy;

/// Where the kernel lists what seccomp can do.
const SECCOMP_ACTIONS: &str = "/proc/sys/kernel/seccomp/actions_avail";

fn strict() -> Ruleset {
    Ruleset::default().set_compatibility(CompatLevel::HardRequirement)
}

pub(super) fn has_landlock() -> bool {
    strict().handle_access(AccessFs::from_all(ABI::V1)).and_then(Ruleset::create).is_ok()
}

fn has_port_rules() -> bool {
    strict().handle_access(AccessNet::from_all(ABI::V4)).and_then(Ruleset::create).is_ok()
}

pub(super) fn has_signal_scope() -> bool {
    strict().scope(Scope::Signal).and_then(Ruleset::create).is_ok()
}

fn has_seccomp() -> bool {
    TargetArch::try_from(std::env::consts::ARCH).is_ok() && std::path::Path::new(SECCOMP_ACTIONS).exists()
}

/// The gaps of a policy. Code that is not ours is C functions and pointers, which the compiler lets in, and the programs
/// that are started: what only the runtime checks does not bind them.
pub(crate) fn gaps(policy: &Policy) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut add = |missing: bool, part: &str, reason: &str| gaps.extend(missing.then(|| Gap::new(part, reason)));
    let (fs, time, process) = (&policy.fs, &policy.time, &policy.process);
    let spawns = process.enabled && process.allow_spawn;
    let foreign = policy.language.allow_unsafe || policy.language.allow_ffi;
    let has_roots = fs.enabled && !(fs.read_roots.is_empty() && fs.write_roots.is_empty());

    add(!has_landlock(), "fs", "this kernel has no Landlock");
    add(!has_seccomp(), "net, process", "this kernel or processor has no seccomp");
    add(
        spawns && !has_signal_scope(),
        "process",
        "this kernel cannot keep signals from other programs (Linux 6.12 can)",
    );
    add(
        spawns && rustix::process::geteuid().is_root(),
        "limits.procs",
        "the kernel does not count the processes of root",
    );
    if policy.net.enabled && (spawns || policy.language.allow_ffi) {
        let (tcp, udp) = (policy.net.allow_tcp, policy.net.allow_udp || policy.net.allow_dns);
        add(tcp && !has_port_rules(), "net.allow_tcp", "this kernel cannot tell ports apart (Linux 6.7 can)");
        add(tcp, "net.allow_hosts", "the kernel tells ports apart, not hosts");
        add(udp, "net.allow_udp, net.allow_dns", "the kernel cannot tell where datagrams go");
    }
    add(
        has_roots && fs.deny_hidden && (foreign || spawns),
        "fs.deny_hidden",
        "the kernel knows no hidden files, and code that is not X07 can open those below the roots",
    );
    add(
        has_roots && fs.allow_rename && !(fs.allow_remove && fs.allow_mkdir) && (foreign || spawns),
        "fs.allow_remove, fs.allow_mkdir",
        "what may rename may also remove and create, for code that is not X07",
    );
    add(
        foreign && !(time.enabled && time.allow_wall_clock),
        "time",
        "clocks are read without the kernel, by code that is not X07",
    );
    add(
        foreign && has_roots && [fs.max_read_bytes, fs.max_write_bytes].iter().any(|limit| *limit > 0),
        "fs.max_read_bytes, fs.max_write_bytes",
        "the kernel does not count bytes, and code that is not X07 need not",
    );
    add(
        foreign && spawns,
        "process.max_spawns, process.allow_args_regex_lite and the other rules for requests",
        "code that is not X07 can start an allowed program in its own way",
    );
    gaps
}
