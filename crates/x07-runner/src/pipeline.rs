//! What both runners do once their flags are understood: build, run, report.

use std::fs;
use std::path::{Path, PathBuf};

use x07_build::{Target, World};

use crate::compile::compile;
use crate::execution::{Environment, Limits, run};
use crate::flags::{Common, Subject};
use crate::interrupt;
use crate::judge::judge;
use crate::report::{Report, SolveReport, Work};
use crate::sandbox::Sandbox;
use crate::{Answer, Runner};

/// A call whose flags make sense.
pub(crate) struct Job<'a> {
    pub(crate) runner: Runner,
    pub(crate) common: &'a Common,
    pub(crate) world: World,
    pub(crate) subject: Subject<'a>,
    pub(crate) input: Vec<u8>,
    pub(crate) compile_only: bool,
    pub(crate) auto_ffi: bool,
    pub(crate) limits: Limits,
    pub(crate) environment: Environment,
    /// What `run-os-sandboxed` puts around the program.
    pub(crate) sandbox: Option<Sandbox>,
    /// What a person should know besides the report.
    pub(crate) notes: Vec<String>,
}

/// The bytes of `--input`.
pub(crate) fn read_input(path: Option<&PathBuf>) -> Result<Vec<u8>, String> {
    let Some(path) = path else { return Ok(Vec::new()) };
    fs::read(path).map_err(|error| format!("cannot read the input {}: {error}", path.display()))
}

impl Job<'_> {
    /// Carries the call out; an error is one of those that leave no report.
    pub(crate) fn execute(&self) -> Result<Answer, String> {
        let target = match self.subject {
            Subject::Artifact(path) => {
                let solve = self.solve(path)?;
                return Ok(self.answer(solve.ok, Work::Ran(Box::new(solve))));
            }
            Subject::Program(path) => {
                fs::File::open(path).map_err(|error| format!("cannot read the program {}: {error}", path.display()))?;
                Target::Program { entry: path.clone(), module_roots: self.common.module_roots.clone() }
            }
            Subject::Project(path) => Target::Project(path.clone()),
        };
        let built = compile(self.common, target, self.world, self.auto_ffi, self.sandbox.as_ref())?;
        let solve = match &built.executable {
            Some(executable) if !self.compile_only => Some(self.solve(executable)?),
            _ => None,
        };
        let ok = built.report.ok && solve.as_ref().is_none_or(|solve| solve.ok);
        Ok(self.answer(ok, Work::Compiled { compile: Box::new(built.report), solve: solve.map(Box::new) }))
    }

    fn answer(&self, ok: bool, work: Work) -> Answer {
        let report = Report {
            schema_version: self.runner.schema_version(),
            mode: mode(self.runner, self.subject, self.compile_only),
            exit_code: u8::from(!ok),
            world: (self.runner == Runner::Os).then(|| self.world.as_str()),
            work,
        };
        Answer::Report(Box::new(report), (!self.notes.is_empty()).then(|| self.notes.join("\n")))
    }

    fn solve(&self, executable: &Path) -> Result<SolveReport, String> {
        let confined = match &self.sandbox {
            Some(sandbox) => Some(sandbox.environment(executable, self.environment.folder.clone())?),
            None => None,
        };
        interrupt::watch();
        let environment = confined.as_ref().unwrap_or(&self.environment);
        let execution = run(executable, &self.input, &self.limits, environment).map_err(|error| error.to_string())?;
        let solve = judge(&execution, &self.limits, self.runner);
        Ok(SolveReport::new(&execution, solve))
    }
}

/// The report's name of what was asked for.
pub(crate) fn mode(runner: Runner, subject: Subject<'_>, compile_only: bool) -> &'static str {
    match (subject, compile_only) {
        (Subject::Program(_), false) => "compile-run",
        (Subject::Program(_), true) => "compile",
        (Subject::Project(_), false) => "project-compile-run",
        (Subject::Project(_), true) => "project-compile",
        (Subject::Artifact(_), _) if runner == Runner::Host => "solve",
        (Subject::Artifact(_), _) => "run-os",
    }
}
