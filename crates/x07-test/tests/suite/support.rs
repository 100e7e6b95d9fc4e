//! Projects made of a few functions and a manifest, and what their tests come to.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use x07_build::{Environment, Event};
use x07_test::{Options, Outcome, Problem, Results};

/// Nobody watches.
pub(crate) struct Silent;

impl x07_build::Observer for Silent {
    fn event(&self, _: Event<'_>) {}
}

impl x07_test::Observer for Silent {
    fn ready(&self, _: usize) {}
    fn done(&self, _: &Outcome) {}
}

/// A cache that all tests of this crate share, below the target folder.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("x07-test-cache")
}

/// A folder with a manifest and a module `m`.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// `functions` are name, parameters, result and body; `tests` the entries of the manifest, whose world is
    /// solve-pure where they do not say.
    pub(crate) fn new(functions: &[(&str, &str, &str, &str)], tests: Value) -> Self {
        let read =
            |text: &str| -> Value { serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}")) };
        let mut decls = vec![json!({"kind": "export", "names":
            functions.iter().map(|(name, ..)| format!("m.{name}")).collect::<Vec<_>>()})];
        for (name, params, result, body) in functions {
            let params: Vec<Value> = params
                .split_whitespace()
                .map(|param| param.split_once(':').unwrap())
                .map(|(name, ty)| json!({"name": name, "ty": ty}))
                .collect();
            decls.push(json!({"kind": "defn", "name": format!("m.{name}"), "params": params, "result": result,
                "body": read(body)}));
        }
        let project = Project { folder: tempfile::tempdir().unwrap() };
        let module = json!({"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "m",
            "imports": ["std.test"], "decls": decls});
        project.write("m.x07.json", &module.to_string());
        let mut tests = tests;
        for test in tests.as_array_mut().unwrap() {
            test["world"] = test.get("world").cloned().unwrap_or_else(|| "solve-pure".into());
        }
        let manifest = json!({"schema_version": "x07.tests_manifest@0.2.0", "tests": tests});
        project.write("tests.json", &manifest.to_string());
        project
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(self.path().join("tests.json"));
        options.artifact_dir = self.path().join("artifacts");
        options.environment = Environment { cache: Some(cache()), ..Environment::read() };
        options.jobs = Some(2);
        options
    }

    pub(crate) fn try_run(&self, change: impl FnOnce(&mut Options)) -> Result<Results, Problem> {
        let mut options = self.options();
        change(&mut options);
        let manifest = x07_test::manifest::read(&options.manifest).unwrap();
        x07_test::run(manifest, &options, &Silent)
    }

    pub(crate) fn run(&self, change: impl FnOnce(&mut Options)) -> Results {
        self.try_run(change).unwrap()
    }
}

/// Each outcome on a line, the first fact with it, and the exit status last.
pub(crate) fn told(results: &Results) -> String {
    let mut text = String::new();
    for outcome in &results.outcomes {
        let status = serde_json::to_value(outcome.status).unwrap();
        let fact = outcome.diags.first().map(|diag| {
            let place = diag.path.as_ref().map(|path| format!(" at {path}")).unwrap_or_default();
            format!(" [{}] {}{place}", diag.code, diag.message)
        });
        let line = format!("{} {}{}", outcome.test.id, status.as_str().unwrap(), fact.unwrap_or_default());
        text.push_str(line.lines().next().unwrap());
        text.push('\n');
    }
    format!("{text}exit {}\n", results.exit_code())
}
