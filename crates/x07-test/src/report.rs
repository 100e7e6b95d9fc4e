//! The JSON report (`x07.x07test@0.3.0`).

use std::path::Path;

use serde::Serialize;

use crate::Options;
use crate::manifest::Finding;
use crate::outcome::{Compile, Diag, FailureKind, Outcome, Results, Run, Status, Summary};

/// Everything that there is to say about one call.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    schema_version: &'static str,
    tool: Tool,
    invocation: Invocation<'a>,
    summary: Summary,
    tests: Vec<Test<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diags: Vec<ManifestDiag<'a>>,
}

#[derive(Debug, Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Invocation<'a> {
    argv: &'a [String],
    cwd: &'a Path,
    started_at_unix_ms: u64,
    repeat: u32,
    jobs: usize,
    manifest_path: &'a Path,
    module_root: &'a [std::path::PathBuf],
    stdlib_lock: Option<&'a Path>,
}

#[derive(Debug, Serialize)]
struct Test<'a> {
    id: &'a str,
    world: &'static str,
    expect: &'static str,
    status: Status,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_kind: Option<FailureKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_repro_path: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pbt_repro_path: Option<&'a Path>,
    entry: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixture_root: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compile: Option<&'a Compile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a Run>,
    #[serde(skip_serializing_if = "<[Diag]>::is_empty")]
    diags: &'a [Diag],
}

#[derive(Debug, Serialize)]
struct ManifestDiag<'a> {
    severity: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// How `x07 test` was called.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The command line.
    pub argv: &'a [String],
    /// The folder that it was called in.
    pub cwd: &'a Path,
    /// `--stdlib-lock`.
    pub stdlib_lock: Option<&'a Path>,
}

impl<'a> Report<'a> {
    /// The report of results.
    pub fn of(results: &'a Results, warnings: &'a [Finding], options: &'a Options, call: &Call<'a>) -> Self {
        Report {
            summary: results.summary(),
            tests: results.outcomes.iter().map(test).collect(),
            diags: diags("warning", warnings),
            ..Report::empty(options, call)
        }
    }

    /// The report of a manifest that cannot be used.
    pub fn of_manifest_errors(errors: &'a [Finding], options: &'a Options, call: &Call<'a>) -> Self {
        Report {
            summary: Summary { errors: errors.len(), ..Summary::default() },
            diags: diags("error", errors),
            ..Report::empty(options, call)
        }
    }

    fn empty(options: &'a Options, call: &Call<'a>) -> Self {
        Report {
            schema_version: "x07.x07test@0.3.0",
            tool: Tool { name: "x07", version: env!("CARGO_PKG_VERSION") },
            invocation: Invocation {
                argv: call.argv,
                cwd: call.cwd,
                // A report is a function of the project as far as it can be.
                started_at_unix_ms: 0,
                repeat: options.repeat,
                jobs: options.workers(),
                manifest_path: &options.manifest,
                module_root: &options.module_roots,
                stdlib_lock: call.stdlib_lock,
            },
            summary: Summary::default(),
            tests: Vec::new(),
            diags: Vec::new(),
        }
    }
}

fn diags<'a>(severity: &'static str, findings: &'a [Finding]) -> Vec<ManifestDiag<'a>> {
    findings.iter().map(|finding| ManifestDiag { severity, finding }).collect()
}

fn test(outcome: &Outcome) -> Test<'_> {
    let repro = |wanted: bool| outcome.repro.as_deref().filter(|_| wanted);
    let is_property = outcome.counterexample.is_some();
    Test {
        id: &outcome.test.id,
        world: outcome.test.world.as_str(),
        expect: outcome.test.expect.as_str(),
        status: outcome.status,
        duration_ms: u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
        failure_kind: outcome.failure,
        contract_repro_path: repro(!is_property),
        pbt_repro_path: repro(is_property),
        entry: &outcome.test.entry,
        fixture_root: outcome.test.fixture_root.as_deref(),
        compile: outcome.compile.as_ref(),
        run: outcome.run.as_ref(),
        diags: &outcome.diags,
    }
}
