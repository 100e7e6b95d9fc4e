//! Edits, and what each makes a build do.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs;
use std::time::{Duration, SystemTime};

use common::{Sandbox, actions_of, expected_output, must_build, run};
use x07_build::{Event, Profile, Request, World};

/// An edit of the project.
type Edit = fn(&Sandbox);

/// Builds, edits, builds again, in both profiles; compares what was compiled and what the program then prints.
fn check(name: &str, edit: Edit, compiled: &[&str], cc: &[&str], output: impl Fn(&[u8]) -> Vec<u8>) {
    for profile in [Profile::Dev, Profile::Release] {
        check_in(profile, &format!("{name}, {profile:?}"), edit, compiled, cc, &output);
    }
}

fn check_in(
    profile: Profile,
    name: &str,
    edit: Edit,
    compiled: &[&str],
    cc: &[&str],
    output: &impl Fn(&[u8]) -> Vec<u8>,
) {
    let sandbox = Sandbox::project();
    let request = Request { profile, ..sandbox.request() };
    let first = must_build(&request);
    assert!(!first.no_op, "{name}: the first build");
    assert_eq!(run(&first.output, b"abc"), expected_output(b"abc"), "{name}: before the edit");
    edit(&sandbox);
    let (outcome, found_compiled, found_cc) = actions_of(&request);
    assert_eq!(found_compiled, compiled, "{name}: compiled");
    assert_eq!(found_cc, cc, "{name}: cc");
    assert_eq!(outcome.no_op, compiled.is_empty(), "{name}: no-op");
    assert_eq!(run(&outcome.output, b"abc"), output(b"abc"), "{name}: after the edit");
    assert!(must_build(&request).no_op, "{name}: a build without a change afterwards");
}

fn reversed(input: &[u8]) -> Vec<u8> {
    let mut output = expected_output(input);
    output.reverse();
    output
}

fn touch(sandbox: &Sandbox) {
    for id in ["main", "app", "lib"] {
        let path = sandbox.path(&format!("p/src/{id}.x07.json"));
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(5)).unwrap();
    }
}

#[test]
fn nothing() {
    check("nothing", |_| {}, &[], &[], expected_output);
}

#[test]
fn time_stamps_and_formatting_mean_nothing() {
    let cases: [(&str, Edit); 4] = [
        ("touch", touch),
        ("white space", |sandbox| sandbox.module("lib", &sandbox.text("lib").replace(',', " ,\n "))),
        ("doc", |sandbox| sandbox.edit("lib", r#""result":"#, r#""doc":"Weighs.","result":"#)),
        ("escapes", |sandbox| sandbox.edit("lib", r#""seed""#, r#""s\u0065ed""#)),
    ];
    for (name, edit) in cases {
        check(name, edit, &[], &[], expected_output);
    }
}

#[test]
fn a_changed_body_compiles_its_own_unit() {
    let heavier: Edit = |sandbox| sandbox.edit("app", r#""for","i",0,3,"#, r#""for","i",0,2,"#);
    check("body", heavier, &["app"], &["app"], |input| expected_output(input)[..2].to_vec());
    // It costs more, which is none of its callers' business.
    let costlier: Edit = |sandbox| sandbox.edit("lib", r#"["let","sum","seed"]"#, r#"["let","sum",["+","seed",0]]"#);
    check("cost", costlier, &["lib"], &["lib"], expected_output);
}

#[test]
fn an_unused_export_compiles_its_own_unit() {
    let edit: Edit = |sandbox| {
        sandbox.edit("lib", r#""names":["lib.weigh"]"#, r#""names":["lib.weigh","lib.zero"]"#);
        sandbox.edit(
            "lib",
            r#"{"kind":"defn","name":"lib.weigh""#,
            r#"{"kind":"defn","name":"lib.zero","params":[],"result":"i32","body":0},{"kind":"defn","name":"lib.weigh""#,
        );
    };
    check("export", edit, &["lib"], &["lib"], expected_output);
}

#[test]
fn a_changed_signature_compiles_its_users() {
    let edit: Edit = |sandbox| {
        sandbox.edit(
            "lib",
            r#"{"name":"v","ty":"bytes_view"},{"name":"seed","ty":"i32"}"#,
            r#"{"name":"seed","ty":"i32"},{"name":"v","ty":"bytes_view"}"#,
        );
        sandbox.edit("app", r#"["lib.weigh","v","i"]"#, r#"["lib.weigh",["-",2,"i"],"v"]"#);
    };
    check("signature", edit, &["app", "lib"], &["app", "lib"], reversed);
}

#[test]
fn going_back_compiles_nothing() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    must_build(&request);
    let before = sandbox.text("app");
    sandbox.edit("app", r#""for","i",0,3,"#, r#""for","i",0,2,"#);
    must_build(&request);
    sandbox.module("app", &before);
    let (outcome, compiled, cc) = actions_of(&request);
    assert_eq!((compiled, cc, outcome.counts.linked), (vec![], vec![], 0));
    assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"));
}

#[test]
fn a_lost_or_changed_output_is_put_back() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    let output = must_build(&request).output;
    let good = fs::read(&output).unwrap();
    let damages: [(&str, &dyn Fn()); 3] = [
        ("removed", &|| fs::remove_file(&output).unwrap()),
        ("overwritten in place", &|| fs::write(&output, b"x").unwrap()),
        ("replaced", &|| {
            fs::remove_file(&output).unwrap();
            fs::write(&output, b"x").unwrap();
        }),
    ];
    for (name, damage) in damages {
        damage();
        let (outcome, compiled, _) = actions_of(&request);
        assert!(!outcome.no_op && compiled.is_empty(), "{name}");
        assert_eq!(fs::read(&output).unwrap(), good, "{name}");
    }
}

#[test]
fn a_second_root_with_the_module_is_noticed() {
    let sandbox = Sandbox::project();
    fs::create_dir(sandbox.path("p/more")).unwrap();
    let request = sandbox.request();
    must_build(&request);
    sandbox.write("p/more/lib.x07.json", sandbox.text("lib"));
    let error = common::must_fail(&request);
    assert!(error.contains(r#"module "lib" is ambiguous across roots"#), "{error}");
}

#[test]
fn a_file_changed_during_the_build_is_built_the_next_time() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    let changed = std::sync::atomic::AtomicBool::new(false);
    let result = x07_build::build(&request, &|event: Event<'_>| {
        if matches!(event, Event::Planned { .. }) && !changed.swap(true, std::sync::atomic::Ordering::SeqCst) {
            sandbox.edit("app", r#""for","i",0,3,"#, r#""for","i",0,2,"#);
        }
    });
    // All files had been read: this build is of the old text, and says nothing else.
    assert_eq!(run(&result.unwrap().output, b"abc"), expected_output(b"abc"));
    assert_eq!(run(&must_build(&request).output, b"abc"), expected_output(b"abc")[..2]);
}

#[test]
fn other_settings_do_not_disturb_each_other() {
    let sandbox = Sandbox::project();
    let dev = sandbox.request();
    let mut release = sandbox.release();
    release.output = Some(sandbox.path("out-release"));
    for _ in 0..2 {
        must_build(&dev);
        must_build(&release);
    }
    assert!(must_build(&dev).no_op && must_build(&release).no_op);
    let (_, compiled, _) = {
        let mut other = sandbox.request();
        other.fuel = Some(1_000_000);
        actions_of(&other)
    };
    assert_eq!(compiled, Vec::<String>::new(), "the C text does not depend on fuel");
}

#[test]
fn a_module_that_nobody_calls_is_checked_and_not_linked() {
    let sandbox = Sandbox::project();
    sandbox.edit("app", r#""imports":["#, r#""imports":["spare","#);
    let spare = |result: &str| {
        let text = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"spare","imports":[],"decls":[{"kind":"export","names":["spare.one"]},{"kind":"defn","name":"spare.one","params":[],"result":"i32","body":1}]}"#;
        sandbox.module("spare", &text.replace(r#""result":"i32""#, result));
    };
    spare(r#""result":"i32""#);
    let (outcome, compiled, cc) = actions_of(&sandbox.request());
    assert_eq!(compiled, ["app", "lib", "main", "spare"]);
    assert_eq!(cc, ["app", "lib", "main"]);
    assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"));
    spare(r#""result":"bytes""#);
    let (outcome, compiled, cc) = actions_of(&sandbox.request());
    assert_eq!((compiled, cc), (vec!["spare".to_owned()], Vec::new()));
    let warnings: Vec<&str> = outcome.diagnostics.iter().map(|found| found.module.as_str()).collect();
    assert_eq!(warnings, ["spare"]);
}

#[test]
fn a_module_that_takes_an_adapters_place_is_seen() {
    let sandbox = Sandbox::empty();
    let entry = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["std.os.env"],"decls":[],
        "solve":["std.os.env.get",["bytes.lit","X07_NO_SUCH_VARIABLE"]]}"#;
    let adapter = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"std.world.env","imports":[],"decls":[
        {"kind":"export","names":["std.world.env.get"]},{"kind":"defn","name":"std.world.env.get",
        "params":[{"name":"key","ty":"bytes"}],"result":"bytes","body":["bytes.lit","mine"]}]}"#;
    sandbox.write("main.x07.json", entry);
    let mut request = Request::program(sandbox.path("main.x07.json"), [sandbox.path("src")]);
    request.environment = sandbox.request().environment;
    request.world = Some(World::RunOs);
    assert_eq!(run(&must_build(&request).output, b""), b"");
    assert!(must_build(&request).no_op);
    sandbox.write("src/std/world/env.x07.json", adapter);
    assert_eq!(run(&must_build(&request).output, b""), b"mine");
    fs::remove_file(sandbox.path("src/std/world/env.x07.json")).unwrap();
    assert_eq!(run(&must_build(&request).output, b""), b"");
}
