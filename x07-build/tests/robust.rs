//! Damage, crowds, hostile files: an error or a right result, and nothing lost.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use common::{MODULES, Sandbox, expected_output, must_build, must_fail, run};
use x07_build::{Failure, Request, Silent, Store, build, store::GcLimits};

/// Something done to a file of the store.
type Damage = fn(&Path);
/// Something done to a project.
type Change = fn(&Sandbox);

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[test]
fn every_damaged_file_of_the_store_is_noticed() {
    let damages: [(&str, Damage); 4] = [
        ("truncated", |path| {
            fs::write(path, &fs::read(path).unwrap()[..fs::metadata(path).unwrap().len() as usize / 2]).unwrap()
        }),
        ("emptied", |path| fs::write(path, b"").unwrap()),
        ("one bit flipped", |path| {
            let mut bytes = fs::read(path).unwrap();
            if let Some(byte) = bytes.first_mut() {
                *byte ^= 1;
                fs::write(path, bytes).unwrap();
            }
        }),
        ("removed", |path| fs::remove_file(path).unwrap()),
    ];
    for (name, damage) in damages {
        let sandbox = Sandbox::project();
        let request = sandbox.request();
        must_build(&request);
        for room in ["ac", "cas"] {
            for path in files_below(&sandbox.path("cache").join(room)) {
                damage(&path);
            }
        }
        for keep_database in [true, false] {
            if !keep_database {
                fs::remove_dir_all(sandbox.path("p/.x07")).unwrap();
            }
            fs::remove_file(sandbox.path("out")).ok();
            let outcome = must_build(&request);
            assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"), "{name}");
        }
    }
}

#[test]
fn damaged_objects_are_compiled_again_when_a_unit_changes() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    must_build(&request);
    for path in files_below(&sandbox.path("cache/cas")) {
        fs::write(path, b"damaged").unwrap();
    }
    sandbox.edit("app", r#""for","i",0,3,"#, r#""for","i",0,2,"#);
    assert_eq!(run(&must_build(&request).output, b"abc"), expected_output(b"abc")[..2]);
}

#[test]
fn a_damaged_database_is_built_anew() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    must_build(&request);
    let database = files_below(&sandbox.path("p/.x07")).into_iter().find(|path| path.ends_with("build.db")).unwrap();
    let good = fs::read(&database).unwrap();
    let mut flipped = good.clone();
    flipped[100] ^= 1;
    for bytes in [&good[..100], &good[..5], &[], &[0xff; 400], &flipped] {
        fs::write(&database, bytes).unwrap();
        let outcome = must_build(&request);
        assert!(!outcome.no_op);
        assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"));
    }
}

#[test]
fn concurrent_builds_share_a_store_and_an_output() {
    let sandbox = Sandbox::project();
    for _ in 0..3 {
        fs::remove_dir_all(sandbox.path("cache")).ok();
        fs::remove_dir_all(sandbox.path("p/.x07")).ok();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| must_build(&sandbox.request()));
            }
        });
        assert_eq!(run(&sandbox.path("out"), b"abc"), expected_output(b"abc"));
    }
}

#[test]
fn gc_and_clear_remove_and_count() {
    let sandbox = Sandbox::project();
    let request = sandbox.request();
    must_build(&request);
    let store = Store::at(sandbox.path("cache"));
    let before = store.stat().unwrap();
    assert!(before.actions >= 6 && before.blobs >= 4 && before.bytes > 0, "{before:?}");
    let kept = store.gc(GcLimits { max_age: Some(std::time::Duration::from_secs(3600)), max_bytes: None }).unwrap();
    assert_eq!((kept.files, kept.bytes_left), (0, before.bytes));
    let halved = store.gc(GcLimits { max_age: None, max_bytes: Some(before.bytes / 2) }).unwrap();
    assert!(halved.bytes_left <= before.bytes / 2 && halved.files > 0, "{halved:?}");
    assert!(must_build(&request).no_op, "the output is still there");
    let cleared = store.clear().unwrap();
    assert_eq!((cleared.bytes_left, store.stat().unwrap().bytes), (0, 0));
    fs::remove_file(sandbox.path("out")).unwrap();
    assert_eq!(run(&must_build(&request).output, b"abc"), expected_output(b"abc"));
}

#[test]
fn a_manifest_entry_or_root_that_cannot_be_read_is_an_error() {
    let cases: [(&str, Change, &str); 6] = [
        ("no manifest", |s| fs::remove_file(s.path("p/x07.json")).unwrap(), "[X07PROJECT_READ]"),
        ("broken manifest", |s| s.write("p/x07.json", "{"), "[X07PROJECT_PARSE]"),
        ("no entry", |s| fs::remove_file(s.path("p/src/main.x07.json")).unwrap(), "main.x07.json"),
        (
            "a folder in place of a module",
            |s| {
                fs::remove_file(s.path("p/src/lib.x07.json")).unwrap();
                fs::create_dir(s.path("p/src/lib.x07.json")).unwrap();
            },
            r#"module "lib" cannot be read"#,
        ),
        (
            "a symlink loop in a root",
            |s| {
                fs::remove_file(s.path("p/src/lib.x07.json")).unwrap();
                std::os::unix::fs::symlink("lib.x07.json", s.path("p/src/lib.x07.json")).unwrap();
            },
            r#"module "lib" cannot be read"#,
        ),
        (
            "a symlink loop of folders",
            |s| std::os::unix::fs::symlink("more", s.path("p/more")).unwrap(),
            "cannot be read",
        ),
    ];
    for (name, change, expected) in cases {
        let sandbox = Sandbox::project();
        change(&sandbox);
        let error = must_fail(&sandbox.request());
        assert!(error.contains(expected), "{name}: {error}");
        assert!(!sandbox.path("out").exists(), "{name}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_that_names_it() {
    let sandbox = Sandbox::project();
    sandbox.write("occupied", "a file");
    let read_only = |output: PathBuf| Request { output: Some(output), ..sandbox.request() };
    for output in [sandbox.path("occupied/out"), PathBuf::from("/proc/x07/out"), PathBuf::from("/sys/x07/out")] {
        let error = must_fail(&read_only(output.clone()));
        assert!(error.contains(output.parent().unwrap().to_str().unwrap()), "{error}");
    }
    assert_eq!(fs::read(sandbox.path("occupied")).unwrap(), b"a file");
}

#[test]
fn a_store_that_cannot_be_written_is_an_error_that_names_it() {
    let sandbox = Sandbox::project();
    sandbox.write("occupied", "a file");
    for cache in [sandbox.path("occupied"), PathBuf::from("/proc/x07")] {
        let mut request = sandbox.request();
        request.environment.cache = Some(cache.clone());
        let error = must_fail(&request);
        assert!(error.contains(cache.to_str().unwrap()), "{error}");
    }
}

/// Builds with a limit on the size of files, as on a full disk: what cannot be written is an error, and the output
/// of the build before stays.
#[test]
fn a_full_disk_loses_nothing() {
    const CHILD: &str = "X07_TEST_FULL_DISK";
    if let Some(folder) = std::env::var_os(CHILD) {
        let folder = PathBuf::from(folder);
        let mut request = Request::project(folder.join("p"));
        request.environment.cache = Some(folder.join("cache"));
        request.output = Some(folder.join("out"));
        let failure = build(&request, &Silent).expect_err("there is no room");
        assert!(matches!(failure, Failure::Io { .. } | Failure::CCompiler(_)), "{failure}");
        return;
    }
    let sandbox = Sandbox::project();
    must_build(&sandbox.request());
    let good = fs::read(sandbox.path("out")).unwrap();
    sandbox.edit("app", r#""for","i",0,3,"#, r#""for","i",0,2,"#);
    let test = std::env::current_exe().unwrap();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" --exact a_full_disk_loses_nothing";
    let output = Command::new("sh").arg("-c").arg(script).arg(&test).env(CHILD, sandbox.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(fs::read(sandbox.path("out")).unwrap(), good);
    assert_eq!(files_below(&sandbox.path("cache/tmp")), Vec::<PathBuf>::new(), "nothing is left behind");
    assert_eq!(run(&must_build(&sandbox.request()).output, b"abc"), expected_output(b"abc")[..2]);
}

#[test]
fn results_do_not_depend_on_folder_store_or_workers() {
    let outputs: Vec<Vec<Vec<u8>>> = [1, 2, 8]
        .into_iter()
        .map(|jobs| {
            let sandbox = Sandbox::project();
            let requests = [sandbox.request(), sandbox.release()];
            let builds = requests.into_iter().map(|request| {
                let request = Request { jobs: Some(jobs), ..request };
                fs::read(must_build(&request).output).unwrap()
            });
            builds.collect()
        })
        .collect();
    assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
    assert_ne!(outputs[0][0], outputs[0][1], "the profiles differ");
}

#[test]
fn debug_information_names_no_folder_of_this_machine() {
    let outputs: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let sandbox = Sandbox::project();
            let mut request = sandbox.request();
            request.cc_args = vec!["-g".to_owned()];
            let bytes = fs::read(must_build(&request).output).unwrap();
            let folder = sandbox.path("").to_string_lossy().into_owned();
            assert!(!bytes.windows(folder.len()).any(|window| window == folder.as_bytes()));
            bytes
        })
        .collect();
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn a_program_without_a_project_is_built_in_the_store() {
    let sandbox = Sandbox::empty();
    for (id, text) in MODULES {
        sandbox.module(id, text);
    }
    let mut request = Request::program(sandbox.path("p/src/main.x07.json"), [sandbox.path("p/src")]);
    request.environment.cache = Some(sandbox.path("cache"));
    let outcome = must_build(&request);
    assert!(outcome.output.starts_with(sandbox.path("cache")), "{}", outcome.output.display());
    assert_eq!(run(&outcome.output, b"abc"), expected_output(b"abc"));
    assert!(must_build(&request).no_op);
    assert!(!sandbox.path("p/.x07").exists());
}

/// Within make, workers take tokens of its jobserver, and a build goes on with none to be had.
#[test]
fn a_jobserver_is_honoured() {
    const CHILD: &str = "X07_TEST_JOBSERVER";
    if let Some(folder) = std::env::var_os(CHILD) {
        let folder = PathBuf::from(folder);
        let mut request = Request::project(folder.join("p"));
        request.environment.cache = Some(folder.join("cache"));
        request.output = Some(folder.join("out"));
        request.jobs = Some(8);
        let outcome = must_build(&request);
        let lanes = outcome.spans.iter().map(|span| span.lane).max();
        assert_eq!(lanes, Some(0), "no token, so one at a time");
        return;
    }
    let sandbox = Sandbox::project();
    let jobserver = jobserver::Client::new(1).unwrap();
    let only_token = jobserver.acquire().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_jobserver_is_honoured"]).env(CHILD, sandbox.path(""));
    jobserver.configure(&mut command);
    let output = command.output().unwrap();
    drop(only_token);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(run(&sandbox.path("out"), b"abc"), expected_output(b"abc"));
}
