//! Tests for a person, as `cargo test` shows them: a line per test, then the failures, then one line for all.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::{io, mem};

use anstyle::{AnsiColor, Style};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x07_ast::Diagnostic;
use x07_build::{Event, Observer};
use x07_test::manifest::Expect;
use x07_test::property::{Counterexample, Value};
use x07_test::{FailureKind, Outcome, Results, Run, Status};

use super::compared;
use crate::commands::trap;
use crate::files::shown;
use crate::progress::Progress;
use crate::render::person;
use crate::shell::{Shell, count};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const PASSED_OVER: Style = AnsiColor::Yellow.on_default();

/// Bytes of a generated value that are shown.
const SHOWN_BYTES: usize = 64;

/// Prints outcomes as they come.
pub(super) struct Printer<'a> {
    shell: &'a Shell,
    progress: Progress<'a>,
    is_silent: bool,
    verbose: bool,
    /// What went wrong when printing; printing goes on in silence.
    broken: Mutex<Option<io::Error>>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(shell: &'a Shell, is_silent: bool, verbose: bool) -> Self {
        Printer { shell, progress: Progress::new(shell, "tests"), is_silent, verbose, broken: Mutex::default() }
    }

    fn print(&self, text: &str) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if broken.is_none() {
            *broken = self.shell.print(text).err();
        }
    }

    /// The failures and the summary.
    pub(super) fn finish(&self, results: &Results, left_out: usize) -> anyhow::Result<()> {
        let failed: Vec<&Outcome> = results.outcomes.iter().filter(|outcome| is_failure(outcome, results)).collect();
        if !failed.is_empty() {
            self.print("\nfailures:\n");
            let mut told: BTreeMap<String, &str> = BTreeMap::new();
            for outcome in &failed {
                let id = outcome.test.id.as_str();
                let details = details(outcome);
                // What many tests share, such as a C compiler that does not work, is told once.
                let text = match told.get(&details) {
                    Some(first) if details.lines().count() > 2 => format!("the same as {first}\n"),
                    _ => details.clone(),
                };
                self.print(&format!("\n---- {id} ----\n{text}"));
                told.entry(details).or_insert(id);
            }
            let names: String = failed.iter().map(|outcome| format!("    {}\n", outcome.test.id)).collect();
            self.print(&format!("\nfailures:\n{names}"));
        }
        self.print(&summary(results));
        let broken = mem::take(&mut *self.broken.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(error) = broken {
            return Err(error.into());
        }
        if results.cut_short > 0 {
            let tests = count(results.cut_short, "test");
            self.shell.note(&format!("{tests} not run after the first failure; --no-fail-fast goes on"));
        }
        if left_out > 0 {
            let tests = count(left_out, "property test");
            self.shell.note(&format!("{tests} left out; --all runs everything"));
        }
        Ok(())
    }
}

/// True for an outcome that has to be told at length.
fn is_failure(outcome: &Outcome, results: &Results) -> bool {
    let was_cut = outcome.diags.iter().any(|diag| diag.code == "EFAIL_FAST");
    let is_only_compiled = results.only_compiled && outcome.failure.is_none();
    !outcome.is_as_expected() && !was_cut && !is_only_compiled
}

impl Observer for Printer<'_> {
    fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }

    fn event(&self, event: Event<'_>) {
        if !self.is_silent {
            self.progress.event(event);
        }
    }
}

impl x07_test::Observer for Printer<'_> {
    fn ready(&self, tests: usize) {
        self.progress.clear();
        if !self.is_silent && !self.shell.is_quiet() {
            self.print(&format!("running {}\n", count(tests, "test")));
        }
    }

    fn done(&self, outcome: &Outcome) {
        if self.is_silent || self.shell.is_quiet() {
            return;
        }
        let mut line = format!("test {} ... {}", outcome.test.id, verdict(outcome));
        if self.verbose {
            line.push_str(&usage(outcome));
        }
        line.push('\n');
        if self.verbose
            && let Some(run) = &outcome.run
        {
            line.push_str(&written(run));
        }
        self.print(&line);
    }
}

fn verdict(outcome: &Outcome) -> String {
    let styled = |style: Style, text: &str| format!("{style}{text}{style:#}");
    match (outcome.status, outcome.test.expect) {
        (Status::Pass, _) => styled(GOOD, "ok"),
        (Status::XfailFail, _) => styled(GOOD, "ok") + " (fails, as expected)",
        (Status::Skip, Expect::Skip) => styled(PASSED_OVER, "skipped"),
        (Status::Skip, _) if outcome.compile.is_some() && outcome.run.is_none() => styled(GOOD, "compiled"),
        (Status::Skip, _) => styled(BAD, "FAILED") + " (skips itself)",
        (Status::XfailPass, _) => styled(BAD, "FAILED") + " (passes, but should fail)",
        (Status::Fail, _) => styled(BAD, "FAILED"),
        (Status::Error, _) => match outcome.failure {
            Some(FailureKind::Compile) => styled(BAD, "FAILED") + " (does not compile)",
            Some(FailureKind::Determinism) => styled(BAD, "FAILED") + " (not deterministic)",
            _ => styled(BAD, "FAILED") + " (could not be run to its end)",
        },
    }
}

fn usage(outcome: &Outcome) -> String {
    let milliseconds = outcome.duration.as_secs_f64() * 1000.0;
    let run = outcome.run.as_ref();
    let fuel = run.and_then(|run| run.fuel_used).map(|fuel| format!(", {fuel} fuel")).unwrap_or_default();
    let peak = run.and_then(|run| run.mem_stats).map(|stats| format!(", {} bytes at most", stats.peak_live_bytes));
    format!(" ({milliseconds:.1} ms{fuel}{})", peak.unwrap_or_default())
}

/// What the test itself wrote to standard error.
fn written(run: &Run) -> String {
    let stderr = run.stderr_b64.as_deref().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    let lines = stderr.lines().filter(|line| !line.starts_with("{\"fuel_used\":"));
    lines.map(|line| format!("    {line}\n")).collect()
}

fn details(outcome: &Outcome) -> String {
    let mut text = String::new();
    if !outcome.findings.is_empty() {
        for finding in outcome.findings.iter().filter(|finding| finding.is_error()) {
            let _ = writeln!(text, "{}", person(finding, outcome.sources.as_ref()).trim_end());
        }
        return text;
    }
    if let Some(counterexample) = &outcome.counterexample {
        text.push_str(&case(counterexample));
    }
    if let Some(trap) = outcome.run.as_ref().and_then(|run| run.trap.as_deref()) {
        let _ = writeln!(text, "{}", person(&explained(trap), outcome.sources.as_ref()).trim_end());
    }
    for diag in &outcome.diags {
        match diag.code {
            "X07T_EPBT_FAIL" => {}
            // The trap above says it already.
            "ETEST_RUN" if diag.details.contains_key("trap") && outcome.run.is_some() && has_trap(outcome) => {}
            code if code.starts_with("X07T_ECONTRACT_") && diag.details.contains_key("contract") => {}
            "X07T_ASSERT_BYTES_EQ" | "X07T_ASSERT_I32_EQ" => {
                let head = diag.message.split(": got ").next().unwrap_or_default();
                let _ = writeln!(text, "{head}");
                if let Some(compared) = &outcome.compared {
                    text.push_str(&compared::lines(compared));
                }
            }
            _ => {
                let _ = writeln!(text, "{}", diag.message);
            }
        }
    }
    match (outcome.status, outcome.test.expect) {
        (Status::XfailPass, _) => text.push_str("it passes, but \"expect\" is \"fail\"\n"),
        (Status::Skip, Expect::Pass | Expect::Fail) => {
            let _ = writeln!(text, "it skips itself, but \"expect\" is \"{}\"", outcome.test.expect.as_str());
        }
        (Status::Error, Expect::Fail) if has_trap(outcome) && outcome.test.trap.is_none() => {
            text.push_str(
                "a trap is not the failure that \"expect\" waits for; add \"trap\" with a part of its text if it is\n",
            );
        }
        _ => {}
    }
    if let Some(path) = &outcome.repro {
        let path = shown(path);
        let _ = match outcome.counterexample {
            Some(_) => writeln!(text, "again: x07 test --pbt-repro {}", path.display()),
            None => writeln!(text, "written down in {}", path.display()),
        };
    }
    text
}

fn has_trap(outcome: &Outcome) -> bool {
    outcome.run.as_ref().is_some_and(|run| run.trap.is_some())
}

/// A trap in plain words; advice about flags of `x07 run` does not help here.
fn explained(trap: &str) -> Diagnostic {
    let mut found = trap::explain(trap);
    found.help = match found.code.as_str() {
        "X07-RUN-0005" => Some("\"timeout_ms\" in the manifest gives the test more".to_owned()),
        _ => found.help.filter(|help| !help.starts_with("--")),
    };
    found
}

fn case(counterexample: &Counterexample) -> String {
    let mut text = format!("the property does not hold for case {}", counterexample.case);
    match counterexample.shrinks {
        0 => {}
        1 => text.push_str(", made smaller in 1 step"),
        steps => {
            let _ = write!(text, ", made smaller in {steps} steps");
        }
    }
    text.push_str(":\n");
    for (name, value) in &counterexample.values {
        let _ = writeln!(text, "    {name} = {}", shown_value(value));
    }
    text
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::I32(value) => value.to_string(),
        Value::Bytes(bytes) => {
            let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
            let more = if shown.len() < bytes.len() { "…" } else { "" };
            format!("\"{}\"{more} ({})", shown.escape_ascii(), count(bytes.len(), "byte"))
        }
    }
}

fn summary(results: &Results) -> String {
    let counts = results.summary();
    let verdict = match results.exit_code() {
        0 => format!("{GOOD}ok{GOOD:#}"),
        _ => format!("{BAD}FAILED{BAD:#}"),
    };
    let mut parts = vec![format!("{} passed", counts.passed + counts.xfail_failed)];
    let failed = counts.failed + counts.xfail_passed + counts.errors;
    parts.push(format!("{failed} failed"));
    let skipped = counts.skipped - results.cut_short;
    match results.only_compiled {
        true => {
            parts =
                vec![format!("{skipped} compiled"), format!("{} failed", counts.compile_failures + counts.run_failures)]
        }
        false => parts.push(format!("{skipped} skipped")),
    }
    if results.cut_short > 0 {
        parts.push(format!("{} not run", results.cut_short));
    }
    let seconds = results.duration.as_secs_f64();
    format!("\ntest result: {verdict}. {}; finished in {seconds:.2}s\n", parts.join("; "))
}
