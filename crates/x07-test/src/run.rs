//! Runs one test and says what the run was worth.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use x07_runner::{Compared, Environment, Execution, Folder, Limits, Runner, Solve, judge};

use crate::compile::{Compiled, Driver, NotCompiled, Ready};
use crate::manifest::{Expect, Test};
use crate::outcome::{Compile, Diag, FailureKind, Outcome, Run, Status};
use crate::status::{Record, TestStatus, decode};
use crate::{Options, driver};

/// Processor time of a test when its manifest does not say.
const TIMEOUT_MS: u64 = 5000;
/// Bytes of output of a test.
const MAX_OUTPUT: u64 = 1 << 20;

/// One run, judged.
pub(crate) struct Ran {
    pub(crate) execution: Execution,
    pub(crate) solve: Solve,
    pub(crate) verdict: Verdict,
}

/// What a run says about its test.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    Skipped,
    Failed { code: i32, compared: Option<Compared> },
    Trapped(String),
    Contract(Value),
    BadStatus(String),
}

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) timeout_ms: u64,
    pub(crate) max_output: u64,
}

impl Budget {
    pub(crate) fn of(test: &Test) -> Self {
        Budget { timeout_ms: test.timeout_ms.unwrap_or(TIMEOUT_MS), max_output: MAX_OUTPUT }
    }
}

/// Runs a test once.
pub(crate) fn run_once(
    ready: &Ready,
    test: &Test,
    input: &[u8],
    budget: Budget,
    options: &Options,
) -> Result<Ran, String> {
    let seconds = budget.timeout_ms.div_ceil(1000).max(1);
    let driver = &ready.driver;
    let folder = Folder::At(options.manifest_folder());
    let (runner, limits, environment) = match (test.world.is_os(), &ready.sandbox) {
        (true, Some(sandbox)) => {
            let limits = sandboxed(sandbox.limits(budget.max_output), seconds);
            (Runner::Os, limits, sandbox.environment(&driver.executable, folder)?)
        }
        (true, None) => (Runner::Os, Limits::os(seconds, budget.max_output), Environment::os(folder)),
        (false, _) => (Runner::Host, Limits::host(seconds, budget.max_output), Environment::isolated()),
    };
    let input = driver::input(driver.tag, ready.number, input);
    let execution = x07_runner::run(&driver.executable, &input, &limits, &environment).map_err(|e| e.to_string())?;
    let solve = judge(&execution, &limits, runner);
    if solve.output == driver::NOT_MEANT {
        return Err("another call has built these tests anew meanwhile; run them again".to_owned());
    }
    let verdict = verdict(&solve);
    Ok(Ran { execution, solve, verdict })
}

/// The policy's limits, and the test's where these are tighter.
fn sandboxed(limits: Limits, seconds: u64) -> Limits {
    let test = Limits::os(seconds, limits.max_output);
    Limits { cpu_seconds: limits.cpu_seconds.min(test.cpu_seconds), wall: limits.wall.min(test.wall), ..limits }
}

fn verdict(solve: &Solve) -> Verdict {
    if let Some(trap) = &solve.trap {
        let contract = trap.strip_prefix("X07T_CONTRACT_V1 ").and_then(|json| serde_json::from_str(json).ok());
        return contract.map_or_else(|| Verdict::Trapped(trap.clone()), Verdict::Contract);
    }
    if !solve.ok {
        return Verdict::Trapped(format!("the program ended with exit status {}", solve.exit_status));
    }
    match decode(&solve.output) {
        Err(message) => Verdict::BadStatus(message),
        Ok(TestStatus::Passed) => Verdict::Passed,
        Ok(TestStatus::Skipped) => Verdict::Skipped,
        Ok(TestStatus::Failed { code, record }) => {
            let noted = solve.metrics.assertion.clone().filter(|assertion| assertion.code == code);
            let compared = noted.map(|assertion| assertion.compared).or(record.map(compared));
            Verdict::Failed { code, compared }
        }
    }
}

fn compared(record: Record) -> Compared {
    let same = record.got.iter().zip(&record.expected).take_while(|(got, expected)| got == expected).count();
    Compared::Bytes {
        got_len: record.got_len,
        expected_len: record.expected_len,
        difference: same as u32,
        from: 0,
        got_hex: hex::encode(record.got),
        expected_hex: hex::encode(record.expected),
    }
}

/// Runs a unit test as often as asked and gives its outcome.
pub(crate) fn unit(test: &Arc<Test>, compiled: &Compiled, options: &Options) -> Outcome {
    let ready = match compiled {
        Compiled::Ready(ready) => ready,
        Compiled::Failed(failed) => return not_compiled(test, failed),
    };
    let driver = &ready.driver;
    if options.only_compile {
        return Outcome { compile: Some(compile_part(driver)), ..Outcome::new(test.clone(), Status::Skip) };
    }
    let started = Instant::now();
    let run = || run_once(ready, test, &test.input, Budget::of(test), options);
    let mut outcome = match run() {
        Ok(first) => {
            let mut outcome = judged(test, &first);
            for again in 1..options.repeat {
                if let Some(difference) = difference(&first, run()) {
                    let message = format!("run {} differs from the first: {difference}", again + 1);
                    outcome.status = Status::Error;
                    outcome.failure = Some(FailureKind::Determinism);
                    outcome.diags.push(Diag::new("EDETERMINISM", message));
                    break;
                }
            }
            outcome
        }
        Err(message) => Outcome::error(test.clone(), FailureKind::Run, Diag::new("ETEST_RUN", message)),
    };
    outcome.duration = started.elapsed();
    outcome.compile = Some(compile_part(driver));
    outcome.sources = driver.sources.clone();
    outcome
}

/// What a second run did differently from the first.
pub(crate) fn difference(first: &Ran, second: Result<Ran, String>) -> Option<String> {
    let second = match second {
        Ok(second) => second,
        Err(message) => return Some(message),
    };
    let (a, b) = (&first.execution, &second.execution);
    let fuel = |ran: &Ran| ran.solve.metrics.fuel_used.map_or("unknown".to_owned(), |fuel| fuel.to_string());
    if a.stdout != b.stdout {
        Some("its output is another".to_owned())
    } else if a.ending != b.ending {
        Some(format!("it ended with {:?} instead of {:?}", b.ending, a.ending))
    } else if first.solve.metrics.fuel_used != second.solve.metrics.fuel_used {
        Some(format!("it used {} fuel instead of {}", fuel(&second), fuel(first)))
    } else if first.solve.metrics != second.solve.metrics {
        Some("its memory or scheduler statistics are others".to_owned())
    } else if a.stderr != b.stderr {
        Some("its standard error is another".to_owned())
    } else {
        None
    }
}

/// The outcome of a test that has no driver.
pub(crate) fn not_compiled(test: &Arc<Test>, failed: &NotCompiled) -> Outcome {
    let code = "ETEST_COMPILE";
    let mut diags: Vec<Diag> = failed.message.iter().map(|message| Diag::new(code, message.clone())).collect();
    for finding in failed.findings.iter().filter(|finding| finding.is_error()) {
        let mut diag = Diag::new(code, finding.compile_error()).detail("code", finding.code.clone());
        if !finding.module.is_empty() {
            diag = diag.detail("module", finding.module.clone());
        }
        diag.path = finding.pointer.clone();
        diags.push(diag);
    }
    Outcome {
        failure: Some(FailureKind::Compile),
        compile: Some(Compile { ok: false, exit_code: Some(failed.exit_code), artifact_path: None, c_bytes: None }),
        diags,
        findings: failed.findings.clone(),
        sources: failed.sources.clone(),
        ..Outcome::new(test.clone(), Status::Error)
    }
}

pub(crate) fn compile_part(driver: &Driver) -> Compile {
    Compile {
        ok: true,
        exit_code: Some(0),
        artifact_path: Some(driver.executable.clone()),
        c_bytes: Some(driver.c_bytes),
    }
}

/// The outcome of a test that ran once.
pub(crate) fn judged(test: &Arc<Test>, ran: &Ran) -> Outcome {
    let expects_failure = test.expect == Expect::Fail;
    let mut outcome = Outcome::new(test.clone(), Status::Error);
    outcome.run = Some(run_part(ran));
    match &ran.verdict {
        Verdict::Passed => outcome.status = if expects_failure { Status::XfailPass } else { Status::Pass },
        Verdict::Skipped => outcome.status = Status::Skip,
        Verdict::Failed { code, compared } => {
            let is_met = expects_failure && test.trap.is_none();
            outcome.status = if is_met { Status::XfailFail } else { Status::Fail };
            outcome.failure = Some(FailureKind::Status);
            outcome.compared = compared.clone();
            outcome.diags.push(failed_diag(*code, compared.as_ref()));
        }
        Verdict::Trapped(trap) => {
            outcome.failure = Some(FailureKind::Run);
            outcome.diags.push(trap_diag(trap));
        }
        Verdict::Contract(contract) => {
            outcome.failure = Some(FailureKind::ContractViolation);
            outcome.diags.push(contract_diag(contract));
        }
        Verdict::BadStatus(message) => {
            outcome.failure = Some(FailureKind::BadStatus);
            outcome.diags.push(Diag::new("EBAD_STATUS", message.clone()));
        }
    }
    if let (Some(expected), Some(trap)) = (&test.trap, &ran.solve.trap) {
        if trap.contains(expected.as_str()) {
            outcome.status = Status::XfailFail;
        } else {
            outcome.diags.push(Diag::new("ETEST_TRAP", format!("a trap with \"{expected}\" in its text is expected")));
        }
    }
    outcome
}

fn run_part(ran: &Ran) -> Run {
    let (solve, execution) = (&ran.solve, &ran.execution);
    let encode = |bytes: &[u8]| Some(STANDARD.encode(bytes));
    Run {
        ok: solve.ok,
        exit_code: solve.exit_status,
        fuel_used: solve.metrics.fuel_used,
        mem_stats: solve.metrics.mem_stats,
        sched_stats: solve.metrics.sched_stats.clone(),
        solve_output_b64: encode(&solve.output),
        stdout_b64: encode(&execution.stdout.bytes),
        stderr_b64: encode(&execution.stderr.bytes),
        failure_code_u32: match &ran.verdict {
            Verdict::Failed { code, .. } => Some(*code as u32),
            _ => None,
        },
        trap: solve.trap.clone(),
    }
}

/// The names of `std.test`'s own codes.
fn code_name(code: i32) -> Option<&'static str> {
    Some(match code {
        1001 => "assert_true",
        1002 => "assert_i32_eq",
        1003 => "assert_bytes_eq",
        1004 => "assert_view_eq",
        _ => return None,
    })
}

pub(crate) fn failed_diag(code: i32, compared: Option<&Compared>) -> Diag {
    let by = code_name(code).map(|name| format!(" ({name})")).unwrap_or_default();
    let message = format!("failed with code {code}{by}");
    match compared {
        None => Diag::new("X07T_FAILED", message).detail("failure_code", code),
        Some(Compared::Numbers { got, expected }) => {
            Diag::new("X07T_ASSERT_I32_EQ", format!("{message}: got {got}, expected {expected}"))
                .detail("failure_code", code)
                .detail("got", *got)
                .detail("expected", *expected)
        }
        Some(Compared::Bytes { got_len, expected_len, difference, from, got_hex, expected_hex }) => {
            let text = |digits: &str| String::from_utf8_lossy(&hex::decode(digits).unwrap_or_default()).into_owned();
            let message = format!(
                "{message}: got {got_len} bytes, expected {expected_len} bytes, which differ from index {difference} on"
            );
            Diag::new("X07T_ASSERT_BYTES_EQ", message)
                .detail("failure_code", code)
                .detail("got_len", *got_len)
                .detail("expected_len", *expected_len)
                .detail("difference", *difference)
                .detail("prefix_from", *from)
                .detail("got_prefix_hex", got_hex.clone())
                .detail("expected_prefix_hex", expected_hex.clone())
                .detail("got_prefix_text", text(got_hex))
                .detail("expected_prefix_text", text(expected_hex))
        }
    }
}

/// A trap with the place that it names.
pub(crate) fn trap_diag(trap: &str) -> Diag {
    let fact = |name: &str| trap.split(' ').find_map(|word| word.strip_prefix(name)).map(str::to_owned);
    let mut diag = Diag::new("ETEST_RUN", trap).detail("trap", trap);
    diag.path = fact("ptr=");
    if diag.path.is_some() {
        diag = diag.detail("module", fact("module=").unwrap_or_else(|| "main".to_owned()));
    }
    diag
}

pub(crate) fn contract_diag(contract: &Value) -> Diag {
    let text = |key: &str| contract[key].as_str().unwrap_or_default();
    let (code, what) = match text("contract_kind") {
        "requires" => ("X07T_ECONTRACT_REQUIRES", "a precondition"),
        "ensures" => ("X07T_ECONTRACT_ENSURES", "a postcondition"),
        _ => ("X07T_ECONTRACT_INVARIANT", "an invariant"),
    };
    let message = format!("{what} of {} does not hold: {}", text("fn"), text("clause_id"));
    let mut diag = Diag::new(code, message).detail("contract", contract.clone());
    diag.path = Some(text("clause_ptr").to_owned());
    diag
}
