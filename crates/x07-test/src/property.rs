//! Property tests: cases, counterexamples, and how they are made small.

mod generate;
mod repro;
mod shrink;
mod unit;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use self::repro::RunFacts;
pub use self::repro::{Repro, read as read_repro};
pub(crate) use self::repro::{folder_name, write_json};
pub use self::unit::{UnitTest, unit_test};
use crate::Options;
use crate::compile::{Compiled, Ready};
use crate::manifest::{CaseBudget, Expect, Property, Test};
use crate::outcome::{Diag, FailureKind, Outcome, Status};
use crate::run::{self, Budget, Ran, Verdict, run_once};

/// Settings of property tests from the command line, in place of those of the manifest.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the flags")]
pub struct PropertyOptions {
    pub seed: u64,
    pub cases: Option<u32>,
    pub max_shrinks: Option<u32>,
    pub case_fuel: Option<u64>,
    pub case_timeout_ms: Option<u64>,
    pub case_mem_bytes: Option<u64>,
    pub case_output_bytes: Option<u64>,
    /// One case to run again, instead of new ones.
    pub repro: Option<Repro>,
}

impl PropertyOptions {
    pub(crate) fn budget(&self, property: &Property) -> CaseBudget {
        let own = property.budget;
        CaseBudget {
            fuel: self.case_fuel.unwrap_or(own.fuel),
            timeout_ms: self.case_timeout_ms.unwrap_or(own.timeout_ms),
            max_mem_bytes: self.case_mem_bytes.unwrap_or(own.max_mem_bytes),
            max_output_bytes: self.case_output_bytes.unwrap_or(own.max_output_bytes),
        }
    }
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An integer.
    I32(i32),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A case for which a property does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// The parameters' names and values.
    pub values: Vec<(String, Value)>,
    /// Which case it was before it was made smaller.
    pub case: u32,
    /// How many steps made it smaller.
    pub shrinks: u32,
}

/// A case as the driver takes it (case_v1): how many parameters, where each begins and the last ends, their contents.
pub(crate) fn encode(values: &[Value]) -> Vec<u8> {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let mut case = number(values.len()).to_vec();
    let mut payload = Vec::new();
    for value in values {
        case.extend(number(payload.len()));
        match value {
            Value::I32(value) => payload.extend(value.to_le_bytes()),
            Value::Bytes(value) => payload.extend(value),
        }
    }
    case.extend(number(payload.len()));
    case.extend(payload);
    case
}

/// What the failing cases of one property have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Status,
    Trap,
    Contract,
    BadStatus,
}

fn kind(verdict: &Verdict) -> Option<Kind> {
    match verdict {
        Verdict::Passed | Verdict::Skipped => None,
        Verdict::Failed { .. } => Some(Kind::Status),
        Verdict::Trapped(_) => Some(Kind::Trap),
        Verdict::Contract(_) => Some(Kind::Contract),
        Verdict::BadStatus(_) => Some(Kind::BadStatus),
    }
}

struct Search<'a> {
    test: &'a Arc<Test>,
    property: &'a Property,
    ready: &'a Ready,
    options: &'a Options,
    deadline: Option<Instant>,
}

/// Why a search ended without an answer.
enum Stopped {
    Run(String),
    OutOfTime,
}

impl Search<'_> {
    fn run(&self, values: &[Value]) -> Result<Ran, Stopped> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Stopped::OutOfTime);
        }
        let budget = self.options.property.budget(self.property);
        let budget = Budget { timeout_ms: budget.timeout_ms, max_output: budget.max_output_bytes };
        let input = encode(values);
        run_once(self.ready, self.test, &input, budget, self.options).map_err(Stopped::Run)
    }
}

/// Looks for a case that fails, and makes it small.
pub(crate) fn check(test: &Arc<Test>, property: &Property, compiled: &Compiled, options: &Options) -> Outcome {
    let ready = match compiled {
        Compiled::Ready(ready) => ready,
        Compiled::Failed(failed) => return run::not_compiled(test, failed),
    };
    let driver = &ready.driver;
    let compile = Some(run::compile_part(driver));
    if options.only_compile {
        return Outcome { compile, ..Outcome::new(test.clone(), Status::Skip) };
    }
    let started = Instant::now();
    let deadline = test.timeout_ms.map(|milliseconds| started + Duration::from_millis(milliseconds));
    let search = Search { test, property, ready, options, deadline };
    let result = match &options.property.repro {
        Some(repro) => search.replay(repro),
        None => search.search(),
    };
    let mut outcome = result.unwrap_or_else(|stopped| match stopped {
        Stopped::Run(message) => Outcome::error(test.clone(), FailureKind::Run, Diag::new("ETEST_RUN", message)),
        Stopped::OutOfTime => {
            let message = "the test's timeout_ms is over and not all cases were tried".to_owned();
            Outcome::error(test.clone(), FailureKind::Run, Diag::new("X07T_EPBT_TIMEOUT", message))
        }
    });
    outcome.duration = started.elapsed();
    outcome.compile = compile;
    outcome.sources = driver.sources.clone();
    outcome
}

impl Search<'_> {
    fn search(&self) -> Result<Outcome, Stopped> {
        let settings = &self.options.property;
        let cases = settings.cases.unwrap_or(self.property.cases);
        let mut skipped = 0;
        let mut last = None;
        for case in 0..cases {
            let values = generate::case(self.property, settings.seed, &self.test.id, case, cases);
            let ran = self.run(&values)?;
            if let Some(kind) = kind(&ran.verdict) {
                return Ok(self.found(values, case, kind, ran));
            }
            for again in 1..self.options.repeat {
                if let Some(difference) = run::difference(&ran, self.run(&values).map_err(Stopped::words)) {
                    let message = format!("run {} of case {case} differs from the first: {difference}", again + 1);
                    let diag = Diag::new("EDETERMINISM", message);
                    return Ok(Outcome::error(self.test.clone(), FailureKind::Determinism, diag));
                }
            }
            skipped += u32::from(ran.verdict == Verdict::Skipped);
            last = Some(ran);
        }
        let mut outcome = match &last {
            Some(ran) => run::judged(self.test, ran),
            None => Outcome::new(self.test.clone(), Status::Skip),
        };
        outcome.status = match self.test.expect {
            _ if skipped == cases => Status::Skip,
            Expect::Fail => Status::XfailPass,
            _ => Status::Pass,
        };
        outcome.run = outcome.run.filter(|_| cases == 1);
        Ok(outcome)
    }

    fn replay(&self, repro: &Repro) -> Result<Outcome, Stopped> {
        let ran = self.run(&repro.values)?;
        let mut outcome = run::judged(self.test, &ran);
        if kind(&ran.verdict).is_some() {
            self.add_counterexample(&mut outcome, &repro.values, repro.case_index, 0);
        }
        Ok(outcome)
    }

    /// The outcome for a case that fails: a smaller one, if there is one.
    fn found(&self, values: Vec<Value>, case: u32, kind: Kind, ran: Ran) -> Outcome {
        let most = self.options.property.max_shrinks.unwrap_or(self.property.max_shrinks);
        let mut smallest = ran;
        let (values, shrinks) = shrink::shrink(self.property, values, most, |candidate| {
            // A run that cannot be made, for want of time or of anything else, ends the search with what there is.
            let ran = self.run(candidate).ok()?;
            let is_like_it = self::kind(&ran.verdict) == Some(kind);
            if is_like_it {
                smallest = ran;
            }
            Some(is_like_it)
        });
        let mut outcome = run::judged(self.test, &smallest);
        self.add_counterexample(&mut outcome, &values, case, shrinks);
        let facts = RunFacts {
            values: &values,
            case_index: case,
            shrinks,
            seed: self.options.property.seed,
            failure: &outcome.diags,
        };
        match repro::write(self.test, self.property, &self.options.artifact_dir, &facts) {
            Ok(path) => outcome.repro = Some(path),
            Err(error) => {
                let message = format!("the case cannot be written down: {error}");
                outcome.diags.push(Diag::new("X07T_EPBT_REPRO_IO", message));
            }
        }
        outcome
    }

    fn add_counterexample(&self, outcome: &mut Outcome, values: &[Value], case: u32, shrinks: u32) {
        let names = self.property.parameters.iter().map(|parameter| parameter.name.clone());
        let counterexample = Counterexample { values: names.zip(values.iter().cloned()).collect(), case, shrinks };
        let shown: serde_json::Map<String, serde_json::Value> =
            counterexample.values.iter().map(|(name, value)| (name.clone(), repro::shown(value))).collect();
        let mut diag = Diag::new("X07T_EPBT_FAIL", format!("the property does not hold for case {case}"))
            .detail("case_index", case)
            .detail("shrinks", shrinks)
            .detail("params", serde_json::Value::Object(shown));
        diag.details.insert("seed".to_owned(), self.options.property.seed.into());
        outcome.diags.insert(0, diag);
        if outcome.failure == Some(FailureKind::Status) {
            outcome.failure = Some(FailureKind::Property);
        }
        // A case that traps does not hold either, and that is what an expected failure waits for.
        if self.test.expect == Expect::Fail && self.test.trap.is_none() {
            outcome.status = Status::XfailFail;
        } else if self.test.expect != Expect::Fail && outcome.status == Status::Error {
            outcome.status = Status::Fail;
        }
        outcome.counterexample = Some(counterexample);
    }
}

impl Stopped {
    fn words(self) -> String {
        match self {
            Stopped::Run(message) => message,
            Stopped::OutOfTime => "there was no time for it".to_owned(),
        }
    }
}
