//! A policy as the variables that the runtime reads (spec os-worlds 4).

use super::policy::Policy;

/// The names and values of a policy's variables.
pub fn variables(policy: &Policy) -> Vec<(String, String)> {
    let mut all = Vec::new();
    files(policy, &mut all);
    processes(policy, &mut all);
    let Policy { net, env, time, threads, .. } = policy;
    flag(&mut all, "NET", net.enabled);
    flag(&mut all, "NET_ALLOW_TCP", net.allow_tcp);
    flag(&mut all, "NET_ALLOW_UDP", net.allow_udp);
    flag(&mut all, "NET_ALLOW_DNS", net.allow_dns);
    let hosts: Vec<String> = net
        .allow_hosts
        .iter()
        .map(|host| {
            let ports: Vec<String> = host.ports.iter().map(u16::to_string).collect();
            format!("{}:{}", host.host, ports.join(","))
        })
        .collect();
    list(&mut all, "NET_ALLOW_HOSTS", &hosts);
    flag(&mut all, "DB", false);
    flag(&mut all, "ENV", env.enabled);
    list(&mut all, "ENV_ALLOW_KEYS", &env.allow_keys);
    list(&mut all, "ENV_DENY_KEYS", &env.deny_keys);
    flag(&mut all, "TIME", time.enabled);
    flag(&mut all, "TIME_ALLOW_WALL_CLOCK", time.allow_wall_clock);
    flag(&mut all, "TIME_ALLOW_MONOTONIC", time.allow_monotonic);
    flag(&mut all, "TIME_ALLOW_SLEEP", time.allow_sleep);
    number(&mut all, "TIME_MAX_SLEEP_MS", time.max_sleep_ms);
    flag(&mut all, "TIME_ALLOW_LOCAL_TZID", time.allow_local_tzid);
    flag(&mut all, "THREADS", threads.enabled);
    number(&mut all, "THREADS_MAX_WORKERS", threads.max_workers);
    number(&mut all, "THREADS_MAX_BLOCKING", threads.max_blocking);
    number(&mut all, "THREADS_MAX_QUEUE", threads.max_queue);
    all
}

fn files(policy: &Policy, all: &mut Vec<(String, String)>) {
    let fs = &policy.fs;
    flag(all, "FS", fs.enabled);
    flag(all, "DENY_HIDDEN", fs.deny_hidden);
    list(all, "FS_READ_ROOTS", &fs.read_roots);
    list(all, "FS_WRITE_ROOTS", &fs.write_roots);
    flag(all, "FS_ALLOW_SYMLINKS", fs.allow_symlinks);
    flag(all, "FS_ALLOW_MKDIR", fs.allow_mkdir);
    flag(all, "FS_ALLOW_REMOVE", fs.allow_remove);
    flag(all, "FS_ALLOW_RENAME", fs.allow_rename);
    flag(all, "FS_ALLOW_WALK", fs.allow_walk);
    flag(all, "FS_ALLOW_GLOB", fs.allow_glob);
    number(all, "FS_MAX_READ_BYTES", fs.max_read_bytes);
    number(all, "FS_MAX_WRITE_BYTES", fs.max_write_bytes);
    number(all, "FS_MAX_ENTRIES", fs.max_entries);
    number(all, "FS_MAX_DEPTH", fs.max_depth);
}

fn processes(policy: &Policy, all: &mut Vec<(String, String)>) {
    let process = &policy.process;
    flag(all, "PROC", process.enabled);
    flag(all, "PROC_ALLOW_EXIT", process.allow_exit);
    flag(all, "PROC_ALLOW_SPAWN", process.allow_spawn);
    flag(all, "PROC_ALLOW_EXEC", process.allow_exec);
    list(all, "PROC_ALLOW_EXECS", &process.allow_execs);
    list(all, "PROC_ALLOW_EXEC_PREFIXES", &process.allow_exec_prefixes);
    list(all, "PROC_ALLOW_ARGS_REGEX_LITE", &process.allow_args_regex_lite);
    list(all, "PROC_ALLOW_ENV_KEYS", &process.allow_env_keys);
    flag(all, "PROC_ALLOW_CWD", process.allow_cwd);
    list(all, "PROC_ALLOW_CWD_ROOTS", &process.allow_cwd_roots);
    number(all, "PROC_MAX_LIVE", process.max_live);
    number(all, "PROC_MAX_SPAWNS", process.max_spawns);
    number(all, "PROC_MAX_RUNTIME_MS", process.max_runtime_ms);
    number(all, "PROC_MAX_STDOUT_BYTES", process.max_stdout_bytes);
    number(all, "PROC_MAX_STDERR_BYTES", process.max_stderr_bytes);
    number(all, "PROC_MAX_TOTAL_BYTES", process.max_total_bytes);
    number(all, "PROC_MAX_STDIN_BYTES", process.max_stdin_bytes);
    number(all, "PROC_MAX_EXE_BYTES", process.max_exe_bytes);
    number(all, "PROC_MAX_ARGS", process.max_args);
    number(all, "PROC_MAX_ARG_BYTES", process.max_arg_bytes);
    number(all, "PROC_MAX_ENV", process.max_env);
    number(all, "PROC_MAX_ENV_KEY_BYTES", process.max_env_key_bytes);
    number(all, "PROC_MAX_ENV_VAL_BYTES", process.max_env_val_bytes);
    flag(all, "PROC_KILL_ON_DROP", process.kill_on_drop);
    flag(all, "PROC_KILL_TREE", process.kill_tree);
}

fn put(all: &mut Vec<(String, String)>, name: &str, value: String) {
    all.push((format!("X07_OS_{name}"), value));
}

fn flag(all: &mut Vec<(String, String)>, name: &str, value: bool) {
    put(all, name, u32::from(value).to_string());
}

fn number(all: &mut Vec<(String, String)>, name: &str, value: u32) {
    put(all, name, value.to_string());
}

fn list(all: &mut Vec<(String, String)>, name: &str, items: &[String]) {
    put(all, name, items.join(";"));
}
