//! `x07 doctor`: is this machine fit for the toolchain?

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use x07_build::{Abi, Environment, Failure, Request, Silent, Store, World};

use crate::render::MessageFormat;
use crate::shell::Shell;

/// Check what the toolchain needs of this machine
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How the result is told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    command: &'static str,
    platform: Platform,
    checks: Vec<Check>,
    suggestions: Vec<String>,
}

#[derive(Serialize)]
struct Platform {
    os: &'static str,
    arch: &'static str,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// Nothing basic needs an optional thing.
    required: bool,
    detail: String,
    #[serde(skip)]
    suggestion: Option<String>,
}

impl Check {
    fn new(name: &'static str, required: bool, result: Result<String, String>, suggestion: &str) -> Self {
        let suggestion = (result.is_err() && !suggestion.is_empty()).then(|| suggestion.to_owned());
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        Check { name, ok, required, detail, suggestion }
    }
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let mut environment = Environment::read();
        environment.cc = environment.cc.or_else(|| crate::settings::get().build.cc.clone());
        let checks = vec![
            Check::new("C compiler", true, compiler(&environment), ""),
            Check::new("build and run a program", true, program(), "set X07_CC to a C compiler that works"),
            Check::new("cache folder", true, cache(&environment), "set X07_CACHE_DIR to a folder you may write to"),
            Check::new("temporary folder", true, writable(&env::temp_dir()), "set TMPDIR to a folder you may write to"),
            Check::new("git", false, version("git"), "git keeps the history of a project"),
            Check::new("ar", false, version("ar"), "`x07 build --emit staticlib` needs ar, a part of binutils"),
        ];
        let ok = checks.iter().all(|check| check.ok || !check.required);
        match self.message_format {
            MessageFormat::Human => {
                for check in &checks {
                    shell.print(&line(check))?;
                }
            }
            MessageFormat::Json => {
                let suggestions = checks.iter().filter_map(|check| check.suggestion.clone()).collect();
                let platform = Platform { os: env::consts::OS, arch: env::consts::ARCH };
                let report = Report { ok, command: "doctor", platform, checks, suggestions };
                shell.print(&format!("{}\n", serde_json::to_string(&report)?))?;
            }
        }
        Ok(u8::from(!ok))
    }
}

fn line(check: &Check) -> String {
    use anstyle::AnsiColor::{Green, Red, Yellow};
    let (color, word) = match (check.ok, check.required) {
        (true, _) => (Green, "ok"),
        (false, true) => (Red, "missing"),
        (false, false) => (Yellow, "optional"),
    };
    let style = color.on_default().bold();
    let suggestion = check.suggestion.as_ref().map(|text| format!("\n{:>11}help: {text}", "")).unwrap_or_default();
    let detail = check.detail.replace('\n', &format!("\n{:>11}", ""));
    format!("{style}{word:>9}{style:#}  {}: {detail}{suggestion}\n", check.name)
}

fn compiler(environment: &Environment) -> Result<String, String> {
    let found = x07_build::c_compiler(environment).map_err(|failure| failure.to_string())?;
    Ok(format!("{} ({})", found.program.display(), found.version))
}

const PROGRAM: &str = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[],"decls":[],"solve":["bytes.lit","fit"]}"#;

/// Builds a program with everything a build needs, and runs it.
fn program() -> Result<String, String> {
    let text = |error: std::io::Error| error.to_string();
    let folder = tempfile::tempdir().map_err(text)?;
    let entry = folder.path().join("main.x07.json");
    fs::write(&entry, PROGRAM).map_err(text)?;
    let mut request = Request::program(&entry, [folder.path().to_owned()]);
    request.world = Some(World::SolvePure);
    request.abi = Abi::Raw;
    request.output = Some(folder.path().join("doctor"));
    // A cache of its own: an answer from the user's cache would prove nothing.
    request.environment.cache = Some(folder.path().join("cache"));
    let outcome = x07_build::build(&request, &Silent).map_err(|failure| of_a_lost_build(failure).to_string())?;
    let run = Command::new(&outcome.output).stdin(Stdio::null()).output().map_err(text)?;
    match run.stdout.as_slice() {
        b"fit" => Ok("works".to_owned()),
        _ => Err(format!("the program ended with {} and the wrong output", run.status)),
    }
}

/// The failure without the file that a failed build leaves to be looked at, for a build whose folder is not kept.
fn of_a_lost_build(failure: Failure) -> Failure {
    match failure {
        Failure::CCompiler(mut found) => {
            found.kept = None;
            Failure::CCompiler(found)
        }
        other => other,
    }
}

fn cache(environment: &Environment) -> Result<String, String> {
    let store = Store::open(environment.cache.as_deref()).map_err(|failure| failure.to_string())?;
    fs::create_dir_all(store.root()).map_err(|error| format!("{}: {error}", store.root().display()))?;
    writable(store.root())
}

fn writable(folder: &Path) -> Result<String, String> {
    match tempfile::NamedTempFile::new_in(folder) {
        Ok(_) => Ok(format!("{} is writable", folder.display())),
        Err(error) => Err(format!("{} is not writable: {error}", folder.display())),
    }
}

/// The first line that a program says about itself.
fn version(program: &str) -> Result<String, String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|_| format!("{program} is not installed"))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}
