//! A folder with something to reach and something to keep out of reach, and runs in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What no program may ever get hold of.
pub const SECRET: &str = "the secret outside";

/// `inside` is a root of the policy, `outside` is not.
pub struct Place {
    folder: TempDir,
}

/// What came of a run.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The program's output.
    Output(Vec<u8>),
    /// Why the run failed.
    Trap(String),
    /// Why the program does not compile.
    CompileError(String),
    /// The runner did not even try.
    Refused(String),
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["inside", "inside/folder", "outside"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        for (name, text) in [
            ("inside/file", "public"),
            ("inside/.hidden", SECRET),
            ("inside/folder/.hidden", SECRET),
            ("outside/secret", SECRET),
        ] {
            fs::write(path.join(name), text).unwrap();
        }
        for (name, target) in [
            ("inside/link", "../outside/secret"),
            ("inside/absolute", path.join("outside/secret").to_str().unwrap()),
            ("inside/way", "../outside"),
            ("inside/nowhere", "../outside/new"),
            ("inside/unhidden", ".hidden"),
            ("inside/environment", "/proc/self/environ"),
            ("inside/root", "/"),
        ] {
            symlink(target, path.join(name)).unwrap();
        }
        Place { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The secret and the names around it are as they were.
    pub fn assert_untouched(&self) {
        let outside = self.path().join("outside");
        let names: Vec<String> =
            fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), SECRET);
        assert!(!fs::metadata(outside.join("secret")).unwrap().permissions().readonly());
    }

    /// Calls the OS runner for a program under a policy. `flags` are split at spaces.
    pub fn call(
        &self,
        program: &Value,
        policy: &Value,
        input: &[u8],
        flags: &str,
        variables: &[(&str, &str)],
    ) -> Output {
        let files = [("main.x07.json", program.to_string()), ("policy.json", policy.to_string())];
        for (name, text) in files {
            fs::write(self.path().join(name), text).unwrap();
        }
        fs::write(self.path().join("input"), input).unwrap();
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("escapes");
        Command::new(env!("CARGO_BIN_EXE_x07-os-runner"))
            .args("--program main.x07.json --world run-os-sandboxed --policy policy.json --input input".split(' '))
            .args(flags.split_whitespace())
            .env("X07_CACHE_DIR", cache)
            .env("OUTSIDE_SECRET", SECRET)
            .envs(variables.iter().copied())
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    /// Runs a program, with whatever the kernel cannot enforce accepted.
    pub fn run(&self, program: &Value, policy: &Value, input: &[u8]) -> End {
        end_of(&self.call(program, policy, input, "--i-accept-weaker-isolation", &[]))
    }
}

/// What an answer of the runner says.
pub fn end_of(done: &Output) -> End {
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    let Ok(report) = serde_json::from_slice::<Value>(&done.stdout) else {
        return End::Refused(told);
    };
    if let Some(error) = report["compile"]["compile_error"].as_str() {
        return End::CompileError(error.to_owned());
    }
    let solve = &report["solve"];
    if solve["ok"] != true {
        return End::Trap(solve["trap"].as_str().unwrap_or(&told).to_owned());
    }
    End::Output(STANDARD.decode(solve["solve_output_b64"].as_str().unwrap()).unwrap())
}

/// A policy that lets a program read and write `inside`, and nothing else; `change` makes it another.
pub fn policy(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = json!({
        "schema_version": "x07.run-os-policy@0.1.0", "policy_id": "escapes",
        "limits": { "cpu_ms": 5000, "wall_ms": 8000, "mem_bytes": 536_870_912u64, "fds": 64, "procs": 1024 },
        "fs": { "enabled": true, "read_roots": ["inside"], "write_roots": ["inside"], "deny_hidden": true,
                "allow_mkdir": true, "allow_remove": true, "allow_rename": true, "allow_walk": true, "allow_glob": true },
        "net": { "enabled": false, "allow_dns": false, "allow_tcp": false, "allow_udp": false, "allow_hosts": [] },
        "env": { "enabled": true, "allow_keys": ["HOME"], "deny_keys": [] },
        "time": { "enabled": true, "allow_monotonic": true, "allow_wall_clock": true, "allow_sleep": true,
                  "max_sleep_ms": 10, "allow_local_tzid": false },
        "process": { "enabled": true, "allow_spawn": false, "max_live": 0, "max_spawns": 0, "allow_exec": false,
                     "allow_exit": false },
    });
    change(&mut policy);
    policy
}

/// A program of this expression.
pub fn program(imports: &[&str], decls: Value, solve: Value) -> Value {
    json!({ "schema_version": "x07.x07ast@0.5.0", "kind": "entry", "module_id": "main", "imports": imports,
            "decls": decls, "solve": solve })
}
