//! Files that are something else, or that one may not touch.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::sandbox::{Sandbox, answer, module};

const BUILD: &[&str] = &["build", "--out", "out"];
const APP: &str = "p/src/app.x07.json";

fn pipe(sandbox: &Sandbox, path: &str) {
    sandbox.remove(path);
    assert!(Command::new("mkfifo").arg(sandbox.path(path)).status().unwrap().success());
}

fn link(sandbox: &Sandbox, to: &str, path: &str) {
    fs::remove_file(sandbox.path(path)).ok();
    symlink(to, sandbox.path(path)).unwrap();
}

/// What is done to the project, and what a build and a check then say.
type Case = (fn(&Sandbox), i32, &'static [&'static str]);

#[test]
fn something_else_in_the_place_of_a_file() {
    let cases: &[Case] = &[
        (|s| link(s, "app.x07.json", APP), 1, &[r#"module "app" cannot be read"#, "app.x07.json", "symbolic links"]),
        (|s| link(s, "/dev/zero", APP), 1, &[r#"module "app" cannot be read"#, "is not a regular file"]),
        (|s| link(s, "nowhere", APP), 1, &["error[X07-IMPORT-0001]", "app"]),
        (|s| pipe(s, APP), 1, &[r#"module "app" cannot be read"#, "is not a regular file"]),
        (|s| pipe(s, "p/src/main.x07.json"), 2, &["cannot read", "main.x07.json", "is not a regular file"]),
        (|s| pipe(s, "p/x07.json"), 2, &["x07.json"]),
        (
            |s| {
                s.remove(APP);
                fs::create_dir(s.path(APP)).unwrap();
            },
            1,
            &[r#"module "app" cannot be read"#, "is a directory"],
        ),
        (
            |s| {
                s.remove("p/src/main.x07.json");
                fs::create_dir(s.path("p/src/main.x07.json")).unwrap();
            },
            2,
            &["cannot read", "main.x07.json", "is a directory"],
        ),
        (|s| s.remove("p/src/main.x07.json"), 2, &["cannot read", "main.x07.json", "No such file"]),
    ];
    for (prepare, status, says) in cases {
        let sandbox = Sandbox::new();
        prepare(&sandbox);
        sandbox.must_fail(BUILD, &[], *status, says);
        sandbox.must_fail(&["check"], &[], *status, says);
        for command in [&["fmt", "--check"], &["lint", "src"]] {
            let answer = sandbox.call(command, &[]);
            assert!((0..=2).contains(&answer.status), "{command:?}: {answer:?}");
        }
    }
}

#[test]
fn loops_of_folders_are_walked_once() {
    let sandbox = Sandbox::new();
    symlink(".", sandbox.path("p/src/again")).unwrap();
    symlink("loop", sandbox.path("p/src/loop")).unwrap();
    for command in [BUILD, &["check"], &["lint"], &["fmt", "--write"]] {
        sandbox.call(command, &[]).check(0, &[]);
    }
}

#[test]
fn what_one_may_not_read() {
    let cases: &[(&str, Case)] = &[
        (APP, (|s| s.allow(APP, 0), 1, &[r#"module "app" cannot be read"#, "Permission denied"])),
        ("p/src", (|s| s.allow("p/src", 0), 2, &["cannot read", "main.x07.json", "Permission denied"])),
        ("p/x07.json", (|s| s.allow("p/x07.json", 0), 2, &["x07.json", "Permission denied"])),
    ];
    for (path, (prepare, status, says)) in cases {
        let mut sandbox = Sandbox::new();
        sandbox.give_to_nobody();
        prepare(&sandbox);
        // A dev build has nothing to do: the file is still the one that it knows.
        sandbox.must_fail(&["build", "--release", "--out", "out"], &[], *status, says);
        sandbox.allow(path, 0o755);
    }
}

#[test]
fn a_project_folder_that_is_read_only() {
    let mut sandbox = Sandbox::new();
    sandbox.give_to_nobody();
    for folder in ["p/src", "p/.x07", "p/.x07/build", "p/.x07/build/dev", "p"] {
        sandbox.allow(folder, 0o555);
    }
    sandbox.must_fail(&["build", "--release", "--out", "out"], &[], 2, &["cannot write", "/p/out", "ermission denied"]);
    sandbox.must_fail(&["build", "--out", "new/out"], &[], 2, &["cannot", "new", "ermission denied"]);
    sandbox.must_fail(&["fmt", "--write"], &[], 2, &["cannot write src/app.x07.json: permission denied"]);
    sandbox.call(&["check"], &[]).check(0, &["Checked"]);
    sandbox.call(&["run", "--release"], &[]).check(0, &["Compiling"]);
    let elsewhere = sandbox.path("cache/out").to_string_lossy().into_owned();
    sandbox.call(&["build", "--release", "--out", &elsewhere], &[]).check(0, &["Finished"]);
    sandbox.allow("p", 0o755);
}

#[test]
fn a_cache_folder_that_is_read_only() {
    let mut sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("shut")).unwrap();
    sandbox.give_to_nobody();
    sandbox.allow("shut", 0o555);
    let shut = sandbox.path("shut").to_string_lossy().into_owned();
    let variables = [("X07_CACHE_DIR", shut.as_str())];
    for command in [&["build", "--release", "--out", "out"] as &[&str], &["cache", "gc"]] {
        sandbox.must_fail(command, &variables, 2, &[&shut, "Permission denied", "X07_CACHE_DIR"]);
    }
    sandbox.call(&["check"], &variables).check(0, &["Checked"]);
}

#[test]
fn an_output_that_is_a_folder() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("p/dist")).unwrap();
    sandbox.write("p/dist/kept", "kept");
    // As cp does, the file goes into the folder, and nothing in it is touched.
    sandbox.call(&["build", "--out", "dist"], &[]).check(0, &["dist/p"]);
    assert_eq!(fs::read(sandbox.path("p/dist/kept")).unwrap(), b"kept");
    sandbox.remove("p/dist/p");
    fs::create_dir(sandbox.path("p/dist/p")).unwrap();
    sandbox.must_fail(&["build", "--out", "dist"], &[], 2, &["cannot write", "dist/p", "s a directory"]);
    sandbox.must_fail(&["build", "--out", "x07.json/out"], &[], 2, &["cannot", "x07.json"]);
}

/// More files than a process may have open, all of them touched: read a few at a time where only few may be open.
#[test]
fn more_files_than_may_be_open() {
    const MODULES: usize = 600;
    let sandbox = Sandbox::new();
    let text = module(r#"["view.to_bytes","v"]"#);
    let imports: Vec<String> = (0..MODULES).map(|number| format!("\"m{number}\"")).collect();
    sandbox.write(APP, text.replace(r#""imports":[]"#, &format!(r#""imports":[{}]"#, imports.join(","))));
    for number in 0..MODULES {
        sandbox.write(&format!("p/src/m{number}.x07.json"), text.replace("app", &format!("m{number}")));
    }
    let build = ["build", "--emit", "c", "--out", "c"];
    sandbox.call(&build, &[]).check(0, &["Finished"]);
    for limit in [24, 256, 1024] {
        for number in 0..MODULES {
            let file =
                fs::File::options().write(true).open(sandbox.path(&format!("p/src/m{number}.x07.json"))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(limit)).unwrap();
        }
        let command = sandbox.command(&build);
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]).arg(command.get_program());
        limited.args(command.get_args()).current_dir(sandbox.path("p")).env("X07_CACHE_DIR", sandbox.path("cache"));
        answer(&mut limited).check(0, &["nothing to do"]);
    }
}
