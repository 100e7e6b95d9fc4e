//! seccomp filters: the system calls that a policy leaves open. What is not listed fails with EPERM.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpArgLen::Qword, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::gaps::has_signal_scope;
use crate::sandbox::policy::Policy;

/// What a policy needs besides files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    processes: bool,
    threads: bool,
    tcp: bool,
    udp: bool,
    signals: bool,
}

impl Wanted {
    pub(super) fn by(policy: &Policy) -> Self {
        let processes = policy.process.enabled && policy.process.allow_spawn;
        let threads = policy.language.allow_ffi;
        // No head opens a socket, so a program without foreign code has no use for one.
        let net = policy.net.enabled && (processes || threads);
        Wanted {
            processes,
            threads,
            tcp: net && policy.net.allow_tcp,
            udp: net && (policy.net.allow_udp || policy.net.allow_dns),
            signals: processes || has_signal_scope(),
        }
    }
}

/// The filters, in the order in which they are installed.
pub(super) fn filters(wanted: &Wanted) -> Result<Vec<BpfProgram>, Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let compiled = |rules, otherwise, matched| -> Result<BpfProgram, Error> {
        Ok(SeccompFilter::new(rules, otherwise, matched, arch)?.try_into()?)
    };
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let mut calls = open_calls(wanted)?;
    // Its flags are in memory, where no filter can look; C libraries fall back to `clone` when it is not there at all.
    calls.insert(libc::SYS_clone3, Vec::new());
    let open = compiled(calls, denied, SeccompAction::Allow)?;
    let missing = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let clone3 = compiled(missing, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    // The last one closes the door to installing more.
    Ok(vec![clone3, open])
}

fn open_calls(wanted: &Wanted) -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = ALWAYS.iter().map(|call| (*call, Vec::new())).collect();
    calls.insert(libc::SYS_openat, opening(2)?);
    #[cfg(target_arch = "x86_64")]
    calls.insert(libc::SYS_open, opening(1)?);
    calls.insert(libc::SYS_ioctl, any_of(1, IOCTLS)?);
    calls.insert(libc::SYS_prctl, any_of(0, PRCTLS)?);
    // Limits can be read, and nobody's can be changed.
    calls.insert(libc::SYS_prlimit64, vec![rule([Test::is(2, 0).wide()])?]);
    if wanted.processes {
        calls.insert(libc::SYS_clone, vec![rule([Test::bits(0, NAMESPACES, 0)])?]);
        #[cfg(target_arch = "x86_64")]
        calls.extend([(libc::SYS_fork, Vec::new()), (libc::SYS_vfork, Vec::new())]);
    } else if wanted.threads {
        let thread = libc::CLONE_THREAD as u64;
        calls.insert(libc::SYS_clone, vec![rule([Test::bits(0, NAMESPACES | thread, thread)])?]);
    }
    if wanted.signals {
        calls.extend(SIGNALS.iter().map(|call| (*call, Vec::new())));
    }
    if wanted.tcp || wanted.udp {
        calls.extend(SOCKETS.iter().map(|call| (*call, Vec::new())));
        let mut sockets = Vec::new();
        for (open, kind, protocol) in
            [(wanted.tcp, libc::SOCK_STREAM, libc::IPPROTO_TCP), (wanted.udp, libc::SOCK_DGRAM, libc::IPPROTO_UDP)]
        {
            for domain in [libc::AF_INET, libc::AF_INET6] {
                for protocol in [0, protocol] {
                    let tests = [
                        Test::is(0, domain as u64),
                        Test::bits(1, SOCKET_KIND, kind as u64),
                        Test::is(2, protocol as u64),
                    ];
                    sockets.extend(open.then(|| rule(tests)).transpose()?);
                }
            }
        }
        calls.insert(libc::SYS_socket, sockets);
        // With this flag a message opens a connection, past the rules for `connect`.
        calls.insert(libc::SYS_sendto, vec![rule([Test::bits(3, libc::MSG_FASTOPEN as u64, 0)])?]);
        calls.insert(libc::SYS_sendmsg, vec![rule([Test::bits(2, libc::MSG_FASTOPEN as u64, 0)])?]);
    }
    Ok(calls)
}

/// Opening a file. To empty one it must be opened for writing: some kernels forget to ask whether it may be written.
fn opening(flags: u8) -> Result<Vec<SeccompRule>, Error> {
    let (emptying, mode) = (libc::O_TRUNC as u64, libc::O_ACCMODE as u64);
    Ok(vec![
        rule([Test::bits(flags, emptying, 0)])?,
        rule([Test::bits(flags, mode, libc::O_WRONLY as u64)])?,
        rule([Test::bits(flags, mode, libc::O_RDWR as u64)])?,
    ])
}

/// A test of one argument.
#[derive(Clone, Copy)]
struct Test {
    argument: u8,
    mask: Option<u64>,
    value: u64,
    is_wide: bool,
}

impl Test {
    fn is(argument: u8, value: u64) -> Self {
        Test { argument, mask: None, value, is_wide: false }
    }

    /// The bits of `mask` are those of `value`.
    fn bits(argument: u8, mask: u64, value: u64) -> Self {
        Test { argument, mask: Some(mask), value, is_wide: false }
    }

    fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }
}

fn rule(tests: impl IntoIterator<Item = Test>) -> Result<SeccompRule, Error> {
    let mut conditions = Vec::new();
    for test in tests {
        let operator = test.mask.map_or(SeccompCmpOp::Eq, SeccompCmpOp::MaskedEq);
        let width = if test.is_wide { Qword } else { Dword };
        conditions.push(SeccompCondition::new(test.argument, width, operator, test.value)?);
    }
    Ok(SeccompRule::new(conditions)?)
}

fn any_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, Error> {
    values.iter().map(|value| rule([Test::is(argument, *value)])).collect()
}

/// The kind of a socket without the flags that come with it.
const SOCKET_KIND: u64 = 0xf;

const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// What terminals and pipes are asked; nothing that reaches a device.
const IOCTLS: &[u64] = &[libc::TCGETS, libc::TIOCGWINSZ, libc::FIONREAD, libc::FIONBIO, libc::FIOCLEX, libc::FIONCLEX];

const PRCTLS: &[u64] = &[
    libc::PR_SET_PDEATHSIG as u64,
    libc::PR_GET_PDEATHSIG as u64,
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_GET_DUMPABLE as u64,
    libc::PR_SET_NO_NEW_PRIVS as u64,
    libc::PR_GET_NO_NEW_PRIVS as u64,
    // Names for pieces of memory, which C libraries give.
    0x5356_4d41,
];

const SIGNALS: &[i64] = &[
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
];

const SOCKETS: &[i64] = &[
    libc::SYS_connect,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
];

/// Calls that reach only what the process has already, or what Landlock decides.
const ALWAYS: &[i64] = &[
    // Descriptors.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_lseek,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_readahead,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    // Names of files, which Landlock guards.
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_statfs,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_execve,
    // Memory.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_msync,
    libc::SYS_membarrier,
    // The process itself.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_setpgid,
    libc::SYS_umask,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_getcpu,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getpriority,
    libc::SYS_getrandom,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_sigsuspend,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time.
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_delete,
    // Threads wait for each other.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    // The older names of calls above.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getdents,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pipe,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_create,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getpgrp,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getrlimit,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pause,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_alarm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];
