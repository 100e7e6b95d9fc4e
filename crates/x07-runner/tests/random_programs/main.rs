//! Random well-typed programs: accepted, C without a warning, no leak, and the same from every profile.
//!
//! `X07_RANDOM_CASES` sets how many; `X07_RANDOM_SEED` makes them other ones.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]
#![allow(unreachable_pub, reason = "shared between the modules of this test")]

mod entropy;
mod expressions;
mod places;
mod program;

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::collection::vec;
use proptest::num::u16;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::Value;
use x07_build::{Abi, Profile, Request, Silent, World};
use x07_runner::{Environment, Limits, Runner, Solve, judge, run};
use x07c::{Interface, Interfaces, Options};

const CASES: u32 = 40;
const FUEL: u64 = 300_000;
/// The C compiler's arguments; the warnings left out are about what the program itself says, such as `x < x`.
const WARNINGS: &[&str] = &["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];

#[test]
fn random_programs_are_accepted_and_compile_to_equal_text() {
    check(20 * CASES, |program| unit(program).map(|_| true));
}

#[test]
fn random_programs_run_alike_in_every_profile_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for name in x07_runtime::HEADERS {
        fs::write(folder.path().join(name), x07_runtime::header(name).unwrap()).unwrap();
    }
    check(CASES, |program| examine(folder.path(), program));
}

/// Runs `examine` on random programs; it says whether one ended without a trap, which most must.
fn check(default_cases: u32, examine: impl Fn(&Value) -> Result<bool, String>) {
    let cases = number("X07_RANDOM_CASES").unwrap_or(default_cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number("X07_RANDOM_SEED").unwrap_or(0).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let ended = Cell::new(0);
    let outcome = runner.run(&vec(u16::ANY, 0..400), |numbers| {
        let program = program::program(&numbers);
        let without_trap = examine(&program).map_err(|problem| TestCaseError::fail(format!("{problem}\n{program}")))?;
        ended.set(ended.get() + u32::from(without_trap));
        Ok(())
    });
    match outcome {
        Ok(()) => assert!(ended.get() * 2 > cases, "only {} of {cases} programs ended without a trap", ended.get()),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Everything that must hold for a program; true if it ended without a trap.
fn examine(folder: &Path, program: &Value) -> Result<bool, String> {
    let entry = folder.join("main.x07.json");
    fs::write(&entry, program.to_string()).unwrap();
    let c = unit(program)?;
    fs::write(folder.join("unit.c"), &c).unwrap();
    let checked = Command::new("cc").args(WARNINGS).arg("unit.c").current_dir(folder).output().unwrap();
    if !checked.status.success() {
        return Err(format!("C warnings: {}", String::from_utf8_lossy(&checked.stderr)));
    }
    let dev = solve(folder, &entry, Profile::Dev)?;
    let release = solve(folder, &entry, Profile::Release)?;
    if dev != release {
        return Err(format!("dev and release differ:\n{dev:#?}\n{release:#?}"));
    }
    if let Some(trap) = &dev.trap {
        let known = ["fuel exhausted", "out of memory", "X07T_BUDGET", "X07T_CONTRACT_V1", "bytes.copy"];
        return if known.iter().any(|known| trap.contains(known)) { Ok(false) } else { Err(format!("trap: {trap}")) };
    }
    let stats = dev.metrics.mem_stats.ok_or("no mem_stats")?;
    let balanced = stats.alloc_calls + stats.realloc_calls == stats.free_calls;
    if stats.live_bytes != 0 || stats.live_allocs != 0 || !balanced {
        return Err(format!("leak: {stats:#?}"));
    }
    Ok(true)
}

struct NoInterfaces;

impl Interfaces for NoInterfaces {
    fn get(&self, _module: &str) -> Option<&Interface> {
        None
    }
}

/// The C text of the program, which must be accepted whole, unreachable functions too, and be the same each time.
fn unit(program: &Value) -> Result<String, String> {
    let parsed = x07_ast::parse(program.to_string().as_bytes(), x07_ast::Expected::Entry);
    let file = parsed.file.ok_or_else(|| format!("does not parse: {:?}", parsed.diagnostics))?;
    let options = Options {
        capabilities: x07_build::capabilities_of(World::SolvePure),
        limits: x07c::Limits { max_locals: 20_000, max_c_bytes: 32 << 20 },
        trusted: false,
        inline_across_modules: true,
        library: false,
    };
    let unit = x07c::compile(&file, &NoInterfaces, &options);
    if unit.c != x07c::compile(&file, &NoInterfaces, &options).c {
        return Err("compiled twice, the C differs".to_owned());
    }
    let functions = unit.summary.functions.iter().flat_map(|function| &function.diagnostics);
    let mut errors = unit.summary.diagnostics.iter().chain(functions).filter(|diagnostic| diagnostic.is_error());
    match errors.next() {
        Some(error) => Err(format!("refused: {}", error.compile_error())),
        None => Ok(unit.c),
    }
}

fn solve(folder: &Path, entry: &Path, profile: Profile) -> Result<Solve, String> {
    let mut request = Request::program(entry, []);
    request.world = Some(World::SolvePure);
    request.profile = profile;
    request.abi = Abi::Framed;
    request.fuel = Some(FUEL);
    request.jobs = Some(1);
    request.output = Some(folder.join(profile.as_str()));
    request.environment.cache = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache-of-random-programs"));
    let outcome = x07_build::build(&request, &Silent).map_err(|failure| format!("{profile:?}: {failure}"))?;
    let limits = Limits::host(10, 64 << 20);
    let execution = run(&outcome.output, b"some input", &limits, &Environment::isolated()).unwrap();
    Ok(judge(&execution, &limits, Runner::Host))
}
