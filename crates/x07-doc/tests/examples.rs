//! Every example of the standard library's documentation is compiled and run as it is shown.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use x07_build::{Environment, Event};
use x07_doc::{Example, Gives, Library};
use x07_test::{Options, Outcome};
use x07c::builtins::{self, Form, Needs};

struct Silent;

impl x07_build::Observer for Silent {
    fn event(&self, _: Event<'_>) {}
}

impl x07_test::Observer for Silent {
    fn ready(&self, _: usize) {}
    fn done(&self, _: &Outcome) {}
}

/// The body of a test function that asserts what an example says.
fn asserted(example: &Example) -> Value {
    let mut body = vec![json!("begin")];
    body.extend(example.setup.iter().cloned());
    body.push(match &example.gives {
        Gives::Value(value) => json!([example.assertion, example.expression, value, 1]),
        Gives::True => json!([example.assertion, example.expression, 1]),
    });
    Value::Array(body)
}

/// True for a module that every world has. The others answer what their machine says, which no example can know.
fn is_pure(module: &str) -> bool {
    !x07_build::stdlib::is_system_only(module) && module != "std.fs"
}

/// Runs bodies of test functions, each a test under its name, and gives the names of those that do not pass.
fn failing(bodies: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let name = |index: usize| format!("examples.e{index}");
    let imports: Vec<&str> = x07_build::stdlib::modules().map(|(id, _)| *id).filter(|id| is_pure(id)).collect();
    let mut decls = vec![json!({"kind": "export", "names": (0..bodies.len()).map(name).collect::<Vec<_>>()})];
    decls.extend(bodies.values().enumerate().map(|(index, body)| {
        json!({"kind": "defn", "name": name(index), "params": [], "result": "result_i32", "body": body})
    }));
    let module = json!({"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "examples",
        "imports": imports, "decls": decls});
    let tests: Vec<Value> = bodies
        .keys()
        .enumerate()
        .map(|(index, id)| json!({"id": id, "world": "solve-pure", "entry": name(index)}))
        .collect();
    let manifest = json!({"schema_version": "x07.tests_manifest@0.2.0", "tests": tests});
    std::fs::write(folder.path().join("examples.x07.json"), module.to_string()).unwrap();
    let path = folder.path().join("tests.json");
    std::fs::write(&path, manifest.to_string()).unwrap();

    let mut options = Options::new(&path);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("x07-doc-cache");
    options.environment = Environment { cache: Some(cache), ..Environment::read() };
    let manifest = x07_test::manifest::read(&path).unwrap();
    let results = x07_test::run(manifest, &options, &Silent).unwrap();
    let failed = results.outcomes.into_iter().filter(|outcome| !outcome.is_as_expected());
    let reason = |outcome: &Outcome| outcome.diags.first().map(|diag| diag.message.clone()).unwrap_or_default();
    failed.map(|outcome| (outcome.test.id.clone(), reason(&outcome))).collect()
}

#[test]
fn what_examples_say_is_so() {
    let library = Library::std();
    let bodies: BTreeMap<String, Value> = library
        .examples()
        .all()
        // What the exit status is set to says that the run failed, as it should.
        .filter(|(name, _)| *name != "std.process.set_exit_code_v1")
        .map(|(name, example)| (name.to_owned(), asserted(example)))
        .collect();
    assert!(bodies.len() > 350, "{} examples", bodies.len());
    let wrong = failing(&bodies);
    assert!(wrong.is_empty(), "{} examples are wrong: {wrong:#?}", wrong.len());
}

#[test]
fn whatever_can_have_an_example_has_one() {
    let library = Library::std();
    let missing_functions =
        library.modules().into_iter().filter(|module| is_pure(&module.id)).flat_map(|module| &module.functions);
    let missing_functions = missing_functions.map(|function| function.name.as_str());
    let is_plain = |row: &&builtins::Builtin| row.needs == Needs::Nothing && !matches!(row.form, Form::Special(_));
    let heads = builtins::all().filter(is_plain).map(|row| row.head);
    let missing: BTreeSet<&str> =
        missing_functions.chain(heads).filter(|name| library.examples().of(name).is_none()).collect();
    let known = BTreeSet::from([
        // Needs a reader of a native backend.
        "iface.make_v1",
        // What they say changes with the time zone data.
        "os.time.tzdb_is_valid_tzid_v1",
        "os.time.tzdb_offset_duration_v1",
        "os.time.tzdb_snapshot_id_v1",
        // Only tasks have such results, and tests are no tasks.
        "result_result_bytes.err_code",
        "result_result_bytes.is_ok",
        // For drivers of tests only.
        "std.test.driver.select",
    ]);
    assert_eq!(missing, known);
}
