//! What a build leaves behind besides an executable.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use common::{Sandbox, expected_output, must_build, run};
use x07_build::{Abi, Emit, Request, timings};

fn must_succeed(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn the_c_tree_compiles_as_its_readme_says() {
    let sandbox = Sandbox::project();
    let request = Request { emit: Emit::C, ..sandbox.request() };
    let output = must_build(&request).output;
    let readme = fs::read_to_string(output.join("README")).unwrap();
    let command = readme.lines().find(|line| line.trim_start().starts_with("cc ")).unwrap().trim();
    must_succeed(Command::new("sh").current_dir(&output).args(["-c", command]));
    assert_eq!(run(&output.join("out"), b"abc"), expected_output(b"abc"));
    assert!(must_build(&request).no_op);
}

#[test]
fn units_of_modules_that_left_are_removed_and_other_files_stay() {
    let sandbox = Sandbox::project();
    let request = Request { emit: Emit::C, ..sandbox.request() };
    let units = must_build(&request).output.join("units");
    fs::write(units.join("mine.c"), "int mine;").unwrap();
    sandbox.edit("main", r#""imports":["app"]"#, r#""imports":[]"#);
    sandbox.edit("main", r#"["app.report","input"]"#, r#"["bytes.alloc",2]"#);
    must_build(&request);
    let mut left: Vec<String> =
        fs::read_dir(&units).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["main.c", "mine.c"]);
}

#[test]
fn what_the_build_reads_is_never_the_output() {
    let sandbox = Sandbox::project();
    sandbox.write("policy.json", "{}");
    let cases = [
        ("p/src/lib.x07.json", r#"is the source of module "lib""#),
        ("p/x07.json", "is read by the build"),
        ("policy.json", "is read by the build"),
    ];
    for (input, expected) in cases {
        let path = sandbox.path(input);
        let before = fs::read(&path).unwrap();
        for request in [
            Request { output: Some(path.clone()), ..sandbox.request() },
            Request { depfile: Some(path.clone()), ..sandbox.request() },
        ] {
            let error = common::must_fail(&Request { further_inputs: vec![sandbox.path("policy.json")], ..request });
            assert!(error.contains(expected), "{error}");
            assert_eq!(fs::read(&path).unwrap(), before);
        }
    }
}

#[test]
fn an_executable_is_its_owners_alone() {
    let sandbox = Sandbox::project();
    let other = Request { output: Some(sandbox.path("other")), ..sandbox.request() };
    let mine = must_build(&sandbox.request()).output;
    let good = fs::read(&mine).unwrap();
    fs::write(&mine, b"something else").unwrap();
    fs::set_permissions(&mine, fs::Permissions::from_mode(0o600)).unwrap();
    let outcome = must_build(&other);
    assert_eq!((fs::read(&outcome.output).unwrap(), outcome.counts.linked), (good, 0));
    assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"));
}

/// Build systems that compare times see an output that is newer than all that it is made of, also when it came from the
/// store and when nothing but a time changed.
#[test]
fn an_output_is_newer_than_what_it_is_made_of() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    let source = sandbox.path("p/src/app.x07.json");
    let is_newer = || {
        let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        time(&must_build(&request).output) >= time(&source)
    };
    assert!(is_newer(), "the first build");
    let text = sandbox.text("app");
    sandbox.edit("app", r#""for","i",0,3,"#, r#""for","i",0,2,"#);
    assert!(is_newer(), "a change");
    thread::sleep(Duration::from_millis(30));
    sandbox.module("app", &text);
    assert!(is_newer(), "the change undone");
    thread::sleep(Duration::from_millis(30));
    sandbox.module("app", &text);
    assert!(is_newer(), "a touched source");
    assert!(must_build(&request).no_op);
}

#[test]
fn objects_link_to_the_same_program() {
    let sandbox = Sandbox::project();
    let output = must_build(&Request { emit: Emit::Obj, ..sandbox.request() }).output;
    let command = "cc *.o runtime/*.o -o program";
    must_succeed(Command::new("sh").current_dir(&output).args(["-c", command]));
    assert_eq!(run(&output.join("program"), b"abc"), expected_output(b"abc"));
}

#[test]
fn the_main_of_a_library_is_not_the_programs() {
    let sandbox = Sandbox::project();
    sandbox.write("main.c", "int main(void) { return 3; }\n");
    let command = "cc -c main.c && ar rcs libmain.a main.o";
    must_succeed(Command::new("sh").current_dir(sandbox.path("")).args(["-c", command]));
    let library = sandbox.path("libmain.a").display().to_string();
    let program = must_build(&Request { link_args: vec![library], ..sandbox.request() }).output;
    assert_eq!(run(&program, b"abc"), expected_output(b"abc"));
}

#[test]
fn an_archive_is_called_from_c() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/embed-c");
    let sandbox = Sandbox::empty();
    let archives: Vec<Vec<u8>> = ["one", "two"]
        .into_iter()
        .map(|folder| {
            let mut request = Request::project(example.join("x07"));
            request.environment = sandbox.request().environment;
            request.emit = Emit::StaticLib;
            request.output = Some(sandbox.path(&format!("{folder}/libchecksum.a")));
            fs::read(must_build(&request).output).unwrap()
        })
        .collect();
    assert_eq!(archives[0], archives[1]);
    let folder = sandbox.path("one");
    must_succeed(Command::new("cc").current_dir(&folder).arg("-I.").arg(example.join("main.c")).args([
        "libchecksum.a",
        "-o",
        "checksum",
    ]));
    assert_eq!(run(&folder.join("checksum"), b"abc"), b"024d0127\n");
    // The same archive serves a shared object.
    must_succeed(
        Command::new("cc").current_dir(&folder).args(["-shared", "-fPIC", "-I."]).arg(example.join("main.c")).args([
            "libchecksum.a",
            "-o",
            "checksum.so",
        ]),
    );
}

#[test]
fn a_rust_crate_links_a_project_in_its_build_script() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/embed-rust");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("embed-rust");
    let lock = example.join("Cargo.lock");
    let had_lock = lock.exists();
    // Versions come from the workspace's lock, so nothing is fetched.
    fs::copy(example.join("../../Cargo.lock"), &lock).unwrap();
    must_succeed(
        Command::new(env!("CARGO")).current_dir(&example).args(["build", "--offline", "--target-dir"]).arg(&target),
    );
    if !had_lock {
        fs::remove_file(&lock).unwrap();
    }
    assert_eq!(run(&target.join("debug/embed-rust"), b"abc"), b"024d0127\n");
}

#[test]
fn a_depfile_and_compile_commands_name_the_files() {
    let sandbox = Sandbox::project();
    let request = Request {
        depfile: Some(sandbox.path("out.d")),
        compile_commands: Some(sandbox.path("compile_commands.json")),
        ..sandbox.request()
    };
    must_build(&request);
    let depfile = fs::read_to_string(sandbox.path("out.d")).unwrap();
    assert!(depfile.starts_with(&format!("{}:", sandbox.path("out").display())), "{depfile}");
    for file in ["x07.json", "src/main.x07.json", "src/app.x07.json", "src/lib.x07.json"] {
        assert!(depfile.contains(&sandbox.path(&format!("p/{file}")).display().to_string()), "{file}: {depfile}");
    }
    let commands: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(sandbox.path("compile_commands.json")).unwrap()).unwrap();
    assert_eq!(commands.len(), 3);
    for command in commands {
        let arguments: Vec<&str> =
            command["arguments"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        let folder = command["directory"].as_str().unwrap();
        must_succeed(Command::new(arguments[0]).current_dir(folder).args(&arguments[1..]).args(["-o", "/dev/null"]));
    }
    assert!(must_build(&request).no_op);
    fs::remove_file(sandbox.path("out.d")).unwrap();
    assert!(!must_build(&request).no_op && sandbox.path("out.d").exists());
}

#[test]
fn a_header_that_arguments_include_counts() {
    let sandbox = Sandbox::project();
    sandbox.write("inc/mine.h", "#define MINE 1\n");
    let mut request = Request { compile_commands: Some(sandbox.path("compile_commands.json")), ..sandbox.request() };
    let folder = sandbox.path("inc").display().to_string();
    request.environment.cc_args = ["-I", &folder, "-include", "mine.h"].map(str::to_owned).to_vec();
    must_build(&request);
    assert!(must_build(&request).no_op);
    sandbox.write("inc/mine.h", "#define MINE 2\n");
    let outcome = must_build(&request);
    assert!(!outcome.no_op && outcome.counts.cc > 0, "{:?}", outcome.counts);
}

#[test]
fn the_map_of_instances_has_each_once_with_its_places() {
    let sandbox = Sandbox::empty();
    let head = r#""schema_version":"x07.x07ast@0.5.0""#;
    let generic = r#"{"kind":"defn","name":"g.same","type_params":[{"name":"A"}],"params":[{"name":"x","ty":["t","A"]}],
        "result":["t","A"],"body":"x"}"#;
    let user = r#"{"kind":"defn","name":"u.f","params":[],"result":"i32","body":["tapp","g.same",["tys","i32"],
        ["tapp","g.same",["tys","i32"],7]]}"#;
    let module = |id: &str, imports: &str, export: &str, decl: &str| {
        format!(
            r#"{{{head},"kind":"module","module_id":"{id}","imports":[{imports}],"decls":[{{"kind":"export","names":["{export}"]}},{decl}]}}"#
        )
    };
    sandbox.module("g", &module("g", "", "g.same", generic));
    sandbox.module("u", &module("u", r#""g""#, "u.f", user));
    sandbox.module(
        "main",
        &format!(
            r#"{{{head},"kind":"entry","module_id":"main","imports":["g","u"],"decls":[],"solve":["begin",
            ["let","n",["+",["u.f"],["tapp","g.same",["tys","i32"],1]]],["tapp","g.same",["tys","bytes"],["bytes.alloc","n"]]]}}"#
        ),
    );
    let place = sandbox.path("map.json");
    let request = Request { mono_map: Some(place.clone()), ..sandbox.request() };
    must_build(&request);
    let map: serde_json::Value = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
    assert_eq!(map["schema_version"], "x07.mono.map@0.1.0");
    assert_eq!(map["stats"], serde_json::json!({"generics": 1, "instances": 2, "sites": 4}));
    let expected = serde_json::json!([
        {"generic": "g.same", "type_args": ["bytes"], "specialized": "g.same__x07_mono_v1__bytes__hd72b15d3",
         "def_module": "g", "sites": [{"module": "main", "fn": "solve", "ptr": "/solve/2"}]},
        {"generic": "g.same", "type_args": ["i32"], "specialized": "g.same__x07_mono_v1__i32__hf2f42f90",
         "def_module": "g", "sites": [
            {"module": "main", "fn": "solve", "ptr": "/solve/1/2/2"},
            {"module": "u", "fn": "u.f", "ptr": "/decls/1/body"},
            {"module": "u", "fn": "u.f", "ptr": "/decls/1/body/3"}]},
    ]);
    assert_eq!(map["items"], expected);
    assert!(must_build(&request).no_op);
    fs::remove_file(&place).unwrap();
    assert!(!must_build(&request).no_op && place.exists());
}

#[test]
fn there_are_no_compile_commands_without_a_compiler() {
    let sandbox = Sandbox::project();
    let commands = Some(sandbox.path("compile_commands.json"));
    let error = common::must_fail(&Request { emit: Emit::C, compile_commands: commands, ..sandbox.request() });
    assert!(error.contains("compile commands"), "{error}");
}

#[test]
fn c_text_is_kept_on_request() {
    let sandbox = Sandbox::project();
    let mut request = sandbox.request();
    assert_eq!(must_build(&request).kept_c, None);
    request.environment.keep_c = true;
    let folder = must_build(&request).kept_c.unwrap();
    for id in ["main", "app", "lib"] {
        assert!(fs::read_to_string(folder.join(format!("{id}.c"))).unwrap().contains("x07.h"), "{id}");
    }
    assert_eq!(must_build(&request).kept_c, Some(folder));
}

#[test]
fn the_framed_form_takes_and_gives_lengths() {
    let sandbox = Sandbox::project();
    let request = Request { abi: Abi::Framed, ..sandbox.request() };
    let output = run(&must_build(&request).output, b"\x03\0\0\0abc");
    assert_eq!(output, [&[3, 0, 0, 0][..], &expected_output(b"abc")].concat());
}

#[test]
fn sanitizers_reach_units_and_runtime() {
    let sandbox = Sandbox::project();
    let mut request = sandbox.request();
    request.environment.cc_args = ["-fsanitize=undefined", "-g", "-O1", "-lm"].map(str::to_owned).to_vec();
    let (outcome, _, cc) = common::actions_of(&request);
    assert!(cc.iter().any(|name| name == "alloc.c"), "{cc:?}");
    assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"));
}

#[test]
fn a_build_knows_its_times() {
    let sandbox = Sandbox::project();
    let outcome = must_build(&sandbox.request());
    let page = timings::page("p", &outcome.spans);
    for name in ["cc lib", "compile app", "parse main", "link out"] {
        assert!(page.contains(name), "{name}: {page}");
    }
}
