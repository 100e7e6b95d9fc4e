//! The policy file of `run-os-sandboxed`: read, checked against its schema, and understood.

use std::fmt;
use std::path::{Path, PathBuf};

use boon::{Compiler, ErrorKind, Schemas, ValidationError};
use serde::Deserialize;
use serde_json::Value;

use super::patterns::is_regex_lite;

/// What the schema is called while it is compiled.
const SCHEMA_NAME: &str = "policy.schema.json";

/// The JSON Schema of policy files.
pub const SCHEMA: &str = include_str!("policy.schema.json");

/// Bytes of the name of a host.
pub(super) const MAX_HOST_BYTES: usize = 255;

/// What a program may do. The fields are those of the file, which says what each means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Policy {
    pub policy_id: String,
    pub limits: Limits,
    pub fs: Files,
    pub net: Net,
    pub env: Variables,
    pub time: Time,
    pub process: Processes,
    #[serde(default)]
    pub language: Language,
    #[serde(default)]
    pub threads: Threads,
    #[serde(default)]
    pub db: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Limits {
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub mem_bytes: u64,
    pub fds: u64,
    pub procs: u64,
    #[serde(default)]
    pub core_dumps: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Files {
    pub enabled: bool,
    pub read_roots: Vec<String>,
    pub write_roots: Vec<String>,
    pub deny_hidden: bool,
    #[serde(default)]
    pub allow_symlinks: bool,
    #[serde(default)]
    pub allow_mkdir: bool,
    #[serde(default)]
    pub allow_remove: bool,
    #[serde(default)]
    pub allow_rename: bool,
    #[serde(default)]
    pub allow_walk: bool,
    #[serde(default)]
    pub allow_glob: bool,
    #[serde(default)]
    pub max_read_bytes: u32,
    #[serde(default)]
    pub max_write_bytes: u32,
    #[serde(default)]
    pub max_entries: u32,
    #[serde(default)]
    pub max_depth: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Net {
    pub enabled: bool,
    pub allow_dns: bool,
    pub allow_tcp: bool,
    pub allow_udp: bool,
    pub allow_hosts: Vec<Host>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Host {
    pub host: String,
    pub ports: Vec<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Variables {
    pub enabled: bool,
    pub allow_keys: Vec<String>,
    pub deny_keys: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Time {
    pub enabled: bool,
    pub allow_monotonic: bool,
    pub allow_wall_clock: bool,
    pub allow_sleep: bool,
    pub max_sleep_ms: u32,
    pub allow_local_tzid: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Language {
    pub allow_unsafe: bool,
    pub allow_ffi: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Threads {
    pub enabled: bool,
    pub max_workers: u32,
    pub max_blocking: u32,
    pub max_queue: u32,
}

impl Default for Threads {
    fn default() -> Self {
        Threads { enabled: true, max_workers: 0, max_blocking: 4, max_queue: 1024 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "each is the field of that name in the policy file")]
pub struct Processes {
    pub enabled: bool,
    pub allow_spawn: bool,
    pub max_live: u32,
    pub max_spawns: u32,
    pub allow_execs: Vec<String>,
    pub allow_exec_prefixes: Vec<String>,
    pub allow_args_regex_lite: Vec<String>,
    pub allow_env_keys: Vec<String>,
    pub allow_exec: bool,
    pub allow_exit: bool,
    pub max_exe_bytes: u32,
    pub max_args: u32,
    pub max_arg_bytes: u32,
    pub max_env: u32,
    pub max_env_key_bytes: u32,
    pub max_env_val_bytes: u32,
    pub max_runtime_ms: u32,
    pub max_stdout_bytes: u32,
    pub max_stderr_bytes: u32,
    pub max_total_bytes: u32,
    pub max_stdin_bytes: u32,
    pub kill_on_drop: bool,
    pub kill_tree: bool,
    pub allow_cwd: bool,
    pub allow_cwd_roots: Vec<String>,
}

impl Default for Processes {
    fn default() -> Self {
        Processes {
            enabled: false,
            allow_spawn: false,
            max_live: 0,
            max_spawns: 0,
            allow_execs: Vec::new(),
            allow_exec_prefixes: Vec::new(),
            allow_args_regex_lite: Vec::new(),
            allow_env_keys: Vec::new(),
            allow_exec: false,
            allow_exit: false,
            max_exe_bytes: 4096,
            max_args: 64,
            max_arg_bytes: 4096,
            max_env: 64,
            max_env_key_bytes: 256,
            max_env_val_bytes: 4096,
            max_runtime_ms: 0,
            max_stdout_bytes: 0,
            max_stderr_bytes: 0,
            max_total_bytes: 0,
            max_stdin_bytes: 0,
            kill_on_drop: true,
            kill_tree: true,
            allow_cwd: false,
            allow_cwd_roots: Vec::new(),
        }
    }
}

impl Files {
    /// The roots that are to be there for a program that starts, because it may make them itself.
    pub(super) fn roots_to_make(&self) -> impl Iterator<Item = &str> {
        let roots = self.write_roots.iter().filter(|_| self.enabled && self.allow_mkdir);
        roots.map(|root| root.trim()).filter(|root| !root.is_empty())
    }
}

/// Why a policy file is refused.
#[derive(Debug)]
pub enum PolicyError {
    /// It cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// It is not JSON.
    NotJson(PathBuf, serde_json::Error),
    /// It breaks the schema or a rule, here and here.
    Invalid(PathBuf, Vec<Mistake>),
}

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// JSON pointer of the value at fault, empty for the whole file.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::Unreadable(path, error) => write!(f, "cannot read the policy {}: {error}", path.display()),
            PolicyError::NotJson(path, error) => write!(f, "the policy {} is not JSON: {error}", path.display()),
            PolicyError::Invalid(path, mistakes) => {
                write!(f, "the policy {} is invalid:", path.display())?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for PolicyError {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(f, "{pointer}: {}", self.message)
    }
}

impl Policy {
    /// Reads a policy file and reports everything that is wrong with it.
    pub fn read(path: &Path) -> Result<Policy, PolicyError> {
        let text = std::fs::read(path).map_err(|error| PolicyError::Unreadable(path.to_owned(), error))?;
        let value: Value =
            serde_json::from_slice(&text).map_err(|error| PolicyError::NotJson(path.to_owned(), error))?;
        Policy::from_value(&value).map_err(|mistakes| PolicyError::Invalid(path.to_owned(), mistakes))
    }

    /// Understands a policy, or tells every mistake in it.
    pub fn from_value(value: &Value) -> Result<Policy, Vec<Mistake>> {
        let mut mistakes = schema_mistakes(value);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let policy: Policy = serde_json::from_value(value.clone())
            .map_err(|error| vec![Mistake { pointer: String::new(), message: error.to_string() }])?;
        for (index, pattern) in policy.process.allow_args_regex_lite.iter().enumerate() {
            if !is_regex_lite(pattern) {
                mistakes.push(Mistake {
                    pointer: format!("/process/allow_args_regex_lite/{index}"),
                    message: format!("{pattern:?} is no pattern: `*` follows a character, `\\` precedes one"),
                });
            }
        }
        for (index, allowed) in policy.net.allow_hosts.iter().enumerate() {
            // The schema counts characters.
            if allowed.host.len() > MAX_HOST_BYTES {
                mistakes.push(Mistake {
                    pointer: format!("/net/allow_hosts/{index}/host"),
                    message: format!("a host has at most {MAX_HOST_BYTES} bytes, not {}", allowed.host.len()),
                });
            }
        }
        if mistakes.is_empty() { Ok(policy) } else { Err(mistakes) }
    }

    /// The switches of the file that have no effect, as sentences for a person.
    pub fn idle_settings(&self) -> Vec<String> {
        let mut idle = Vec::new();
        let mut say = |condition: bool, text: &str| idle.extend(condition.then(|| text.to_owned()));
        say(
            self.process.allow_spawn && !self.process.allow_exec,
            "process.allow_exec forbids nothing: no head replaces the program by another",
        );
        say(
            self.time.enabled && !self.time.allow_monotonic,
            "time.allow_monotonic forbids nothing: no head reads such a clock",
        );
        say(!self.threads.enabled, "threads.enabled forbids nothing: programs have no threads");
        let default = Threads::default();
        say(
            self.threads.max_workers != default.max_workers,
            "threads.max_workers sets nothing: programs have no threads",
        );
        say(self.threads.max_queue != default.max_queue, "threads.max_queue sets nothing: programs have no threads");
        say(self.db.get("enabled") == Some(&Value::Bool(true)), "db allows nothing: there are no database heads");
        idle
    }
}

fn schema_mistakes(value: &Value) -> Vec<Mistake> {
    let broken = |error: &dyn fmt::Display| {
        vec![Mistake { pointer: String::new(), message: format!("the schema is broken: {error}") }]
    };
    let schema: Value = match serde_json::from_str(SCHEMA) {
        Ok(schema) => schema,
        Err(error) => return broken(&error),
    };
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    let compiled =
        compiler.add_resource(SCHEMA_NAME, schema).and_then(|()| compiler.compile(SCHEMA_NAME, &mut schemas));
    let schema = match compiled {
        Ok(schema) => schema,
        Err(error) => return broken(&error),
    };
    let mut mistakes = Vec::new();
    if let Err(error) = schemas.validate(value, schema) {
        collect(&error, &mut mistakes);
    }
    mistakes.sort_by(|a, b| (&a.pointer, &a.message).cmp(&(&b.pointer, &b.message)));
    mistakes.dedup();
    mistakes
}

/// The mistakes themselves, without the schemas around them that therefore do not hold.
fn collect(error: &ValidationError<'_, '_>, mistakes: &mut Vec<Mistake>) {
    let mut tell = |message| mistakes.push(Mistake { pointer: error.instance_location.to_string(), message });
    match &error.kind {
        // The library lists properties in an order of its own, another one each time.
        ErrorKind::Required { want } => want.iter().for_each(|name| tell(format!("the property '{name}' is missing"))),
        ErrorKind::AdditionalProperties { got } => {
            got.iter().for_each(|name| tell(format!("the property '{name}' is not allowed")));
        }
        kind if error.causes.is_empty() => tell(kind.to_string()),
        _ => {}
    }
    for cause in &error.causes {
        collect(cause, mistakes);
    }
}
