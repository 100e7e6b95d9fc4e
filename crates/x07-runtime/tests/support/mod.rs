//! Compiles units as the X07 compiler would emit them and runs them against the runtime.

#![allow(dead_code, clippy::unwrap_used, reason = "each test program uses its part of this one")]

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use x07_runtime::{DEBUG_BORROW_FLAG, EMBED, FLAGS, HEADERS, PIC_FLAGS, SOURCES, Variant, file, prebuilt};

/// How unit and runtime are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Config {
    /// Against the archive that the crate carries.
    Release,
    /// With borrow checks, from source.
    Debug,
    /// With the address and undefined behaviour sanitizers, from source.
    Sanitized,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    /// Exit status, or 128 + signal.
    pub(crate) status: i32,
}

impl Outcome {
    /// The payload of the frame on standard output.
    pub(crate) fn output(&self) -> &[u8] {
        let (head, payload) = self.stdout.split_at_checked(4).unwrap_or_else(|| panic!("no frame: {self:?}"));
        assert_eq!(u32::from_le_bytes(head.try_into().unwrap()) as usize, payload.len(), "{self:?}");
        payload
    }

    /// The metrics line, flattened: `mem_stats.live_bytes` and so on.
    pub(crate) fn metric(&self, path: &str) -> u64 {
        let line = self.stderr.lines().last().unwrap_or_default();
        let metrics: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no metrics: {self:?}"));
        let value = path.split('.').fold(&metrics, |value, key| &value[key]);
        value.as_u64().unwrap_or_else(|| panic!("no metric {path}: {self:?}"))
    }
}

/// A frame as the runners write it.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32).to_le_bytes(), payload].concat()
}

/// A program's configuration: the last lines of an entry unit.
pub(crate) fn program(abi: &str, fuel: u64, memory_cap: u64, max_output: u64) -> String {
    format!(
        "const x07_program x07_program_config = {{.fuel = {fuel}ull, .memory_cap = {memory_cap}ull, \
         .max_output = {max_output}ull, .name = \"na\\303\\257ve\", .abi = {abi}, .cpu_seconds = 0}};\n"
    )
}

/// A built executable; its folder goes with it.
pub(crate) struct Executable {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Executable {
    pub(crate) fn run(&self, arguments: &[&str], stdin: &[u8]) -> Outcome {
        self.run_into(Stdio::piped(), arguments, stdin)
    }

    /// Runs it with this standard output.
    pub(crate) fn run_into(&self, stdout: impl Into<Stdio>, arguments: &[&str], stdin: &[u8]) -> Outcome {
        let mut child = Command::new(&self.path)
            .args(arguments)
            .env("ASAN_OPTIONS", "handle_sigill=0:handle_segv=0:detect_leaks=1")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that traps early closes its end; that is its right.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Outcome {
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap()),
        }
    }
}

/// Compiles and links one unit; a warning is an error.
pub(crate) fn build(unit: &str, config: Config) -> Executable {
    let dir = tempfile::tempdir().unwrap();
    let sources = sources_dir();
    let unit_path = dir.path().join("unit.c");
    std::fs::write(&unit_path, unit).unwrap();
    let path = dir.path().join("program");
    let mut command = compiler();
    command.args(["-O2", "-Wall", "-Wextra", "-Werror"]).args(config_flags(config)).arg("-I").arg(sources);
    command.arg(&unit_path).arg("-o").arg(&path).arg("-Wl,--gc-sections").args(runtime(config));
    succeed(command);
    Executable { _dir: dir, path }
}

/// Builds the unit and the runtime as a library with the given C program around it.
pub(crate) fn build_library(unit: &str, host: &str) -> Executable {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("program");
    let mut command = compiler();
    command.args(["-O2", "-Wall", "-Wextra", "-Werror"]).args(PIC_FLAGS).arg("-I").arg(sources_dir());
    for (name, text) in [("unit.c", unit), ("host.c", host)] {
        std::fs::write(dir.path().join(name), text).unwrap();
        command.arg(dir.path().join(name));
    }
    let runtime = dir.path().join("runtime.a");
    std::fs::write(&runtime, prebuilt(Variant::Pic).archive.unpack()).unwrap();
    command.arg(runtime).arg("-pthread").arg("-o").arg(&path);
    succeed(command);
    Executable { _dir: dir, path }
}

fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

fn succeed(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn config_flags(config: Config) -> &'static [&'static str] {
    match config {
        Config::Release => &[],
        Config::Debug => &[DEBUG_BORROW_FLAG],
        Config::Sanitized => &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"],
    }
}

/// The embedded files as files, once per process.
fn sources_dir() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        for name in HEADERS.iter().chain(SOURCES) {
            std::fs::write(dir.path().join(name), &*file(name).unwrap()).unwrap();
        }
        dir
    })
    .path()
}

/// The runtime for a configuration, as objects or an archive of them, made once per process.
fn runtime(config: Config) -> &'static [PathBuf] {
    static OBJECTS: [OnceLock<(tempfile::TempDir, Vec<PathBuf>)>; 3] = [const { OnceLock::new() }; 3];
    let (_, paths) = OBJECTS[config as usize].get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        if config == Config::Release {
            let path = dir.path().join("runtime.a");
            std::fs::write(&path, prebuilt(Variant::Executable).archive.unpack()).unwrap();
            paths.push(path);
        } else {
            for source in SOURCES.iter().filter(|source| **source != EMBED) {
                let path = dir.path().join(source).with_extension("o");
                let mut command = compiler();
                command.args(["-O1", "-Wall", "-Wextra", "-Werror", "-c"]).args(FLAGS).args(config_flags(config));
                command.arg(sources_dir().join(source)).arg("-o").arg(&path);
                succeed(command);
                paths.push(path);
            }
        }
        (dir, paths)
    });
    paths
}
