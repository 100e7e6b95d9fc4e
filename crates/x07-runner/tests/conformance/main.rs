//! Runs the conformance cases of `tests/conformance` and the project's own of `tests/language` and `tests/stdlib`, one
//! test each.
//!
//! A case is compiled and run by the runners' own code in this process, except where its environment variables or the
//! operating system's worlds ask for a process of its own.

#![allow(clippy::unwrap_used, reason = "a panic is how this test program says that it cannot begin")]

mod areas;
mod case;
mod verdict;

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::{env, fs, io};

use case::{Case, CaseFile};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const CACHE: &str = "X07_CACHE_DIR";
const OWN_CACHE: &str = "X07_CONFORMANCE_CACHE";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if env::var_os(OWN_CACHE).is_none() {
        return with_own_cache();
    }
    let folder = tempfile::Builder::new().prefix("x07-conformance-").tempdir().unwrap();
    let trials = trials(folder.path());
    let conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit_code()
}

/// Starts this test again with an empty cache, so that no result of an older compiler can pass for the current one's.
fn with_own_cache() -> ExitCode {
    let cache = tempfile::Builder::new().prefix("x07-conformance-cache-").tempdir().unwrap();
    let program = env::current_exe().unwrap();
    let mut command = Command::new(&program);
    command.args(env::args_os().skip(1)).env(OWN_CACHE, "1").env(CACHE, cache.path());
    for name in ["X07_CC", "X07_CC_ARGS", "X07_KEEP_C", "X07_MAX_C_BYTES", "X07_MAX_LOCALS", "X07_MAX_AST_NODES"] {
        command.env_remove(name);
    }
    match command.arg0(&program).status().unwrap().code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn trials(folder: &Path) -> Vec<Trial> {
    let workspace = workspace();
    let mut trials = Vec::new();
    for (prefix, cases) in [("", "tests/conformance"), ("language/", "tests/language"), ("stdlib/", "tests/stdlib")] {
        for path in json_files(&workspace.join(cases)) {
            let area = format!("{prefix}{}", path.file_stem().unwrap().to_string_lossy());
            let text = fs::read(&path).unwrap();
            let file: CaseFile =
                serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            trials.extend(file.cases.into_iter().map(|case| trial(&area, case, folder)));
        }
    }
    trials
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn trial(area: &str, case: Case, folder: &Path) -> Trial {
    let name = format!("{area}::{}", case.id);
    let home = folder.join(area).join(&case.id);
    let skip = areas::reason_to_skip(area);
    let case = Arc::new(case);
    let trial =
        Trial::test(name, move || run(&case, &home).map_err(|why| Failed::from(format!("{}\n{why}", case.doc))));
    match skip {
        Some(reason) => trial.with_kind(format!("not yet: {reason}")).with_ignored_flag(true),
        None => trial,
    }
}

fn run(case: &Case, home: &Path) -> Result<(), String> {
    let arguments = prepare(case, home).map_err(|error| format!("cannot prepare the case: {error}"))?;
    let os_world = case.world.starts_with("run-os");
    let report = if os_world || !case.env.is_empty() || case.stdin.is_some() {
        in_process_of_its_own(case, home, &arguments)?
    } else {
        let answer = x07_runner::host::main(arguments);
        match answer.report() {
            Some(report) => serde_json::to_value(report).map_err(|error| error.to_string())?,
            None => return Err(format!("no report: {answer:?}")),
        }
    };
    verdict::check(&report, case)
}

/// Writes the case's files and gives the runner's arguments, its name first.
fn prepare(case: &Case, home: &Path) -> io::Result<Vec<OsString>> {
    fs::create_dir_all(home)?;
    let program = home.join("main.x07.json");
    let text = serde_json::from_str::<String>(case.program.get()).unwrap_or_else(|_| case.program.get().to_owned());
    fs::write(&program, text)?;
    let input = home.join("input.bin");
    fs::write(&input, case.input.as_ref().map(case::Blob::bytes).unwrap_or_default())?;

    let mut arguments: Vec<OsString> = vec!["runner".into(), "--program".into(), program.into()];
    arguments.extend(["--world".into(), case.world.clone().into(), "--input".into(), input.into()]);
    if !case.modules.is_empty() {
        arguments.extend(["--module-root".into(), home.join("src").into()]);
    }
    for name in &case.packages {
        arguments.extend(["--module-root".into(), package(name)?.join("modules").into()]);
    }
    for (module, source) in &case.modules {
        let path = home.join("src").join(format!("{}.x07.json", module.replace('.', "/")));
        write_below(&path, source.get().as_bytes())?;
    }
    for (name, contents) in &case.files {
        write_below(&home.join(name), &contents.bytes())?;
    }
    arguments.extend(case.args.iter().map(|argument| in_folder(argument, home).into()));
    Ok(arguments)
}

/// The newest version of an official package.
fn package(name: &str) -> io::Result<PathBuf> {
    let folder = workspace().join("packages/ext").join(format!("x07-ext-{name}"));
    let numbers = |path: &PathBuf| -> Vec<u64> {
        let version = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
    };
    let versions = folder.read_dir()?.flatten().map(|entry| entry.path());
    versions.max_by_key(numbers).ok_or_else(|| io::Error::other(format!("{} is empty", folder.display())))
}

fn write_below(path: &Path, contents: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, contents)
}

fn in_folder(text: &str, home: &Path) -> String {
    text.replace("{dir}", &home.to_string_lossy())
}

fn in_process_of_its_own(case: &Case, home: &Path, arguments: &[OsString]) -> Result<Value, String> {
    let runner = if case.world.starts_with("run-os") {
        env!("CARGO_BIN_EXE_x07-os-runner")
    } else {
        env!("CARGO_BIN_EXE_x07-host-runner")
    };
    let mut command = Command::new(runner);
    command.args(&arguments[1..]).current_dir(home);
    command.envs(case.env.iter().map(|(name, value)| (name, in_folder(value, home))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let (Some(mut pipe), Some(stdin)) = (child.stdin.take(), &case.stdin) {
        io::Write::write_all(&mut pipe, &stdin.bytes()).map_err(|error| error.to_string())?;
    }
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&done.stdout).map_err(|error| {
        let (stdout, stderr) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        format!("no JSON report ({error}), {}: {stdout} {stderr}", done.status)
    })
}
