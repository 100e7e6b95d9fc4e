//! Builds that are disturbed: by others, by changes, by Ctrl-C, by damage.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, module};

const BUILD: &[&str] = &["build", "--out", "out"];

/// What the program prints for `abc`.
fn output(program: &Path) -> Vec<u8> {
    use std::io::Write;
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"abc").unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn builds_of_one_project_at_the_same_time() {
    for _ in 0..3 {
        let sandbox = Sandbox::new();
        fs::remove_dir_all(sandbox.path("cache")).unwrap();
        fs::remove_dir_all(sandbox.path("p/.x07")).unwrap();
        let start = |number: usize| -> Child {
            let arguments: &[&str] =
                if number.is_multiple_of(2) { BUILD } else { &["build", "--release", "--out", "out"] };
            sandbox.command(arguments).stderr(Stdio::null()).spawn().unwrap()
        };
        let builds: Vec<Child> = (0..6).map(start).collect();
        for mut build in builds {
            assert!(build.wait().unwrap().success());
        }
        assert_eq!(output(&sandbox.path("p/out")), b"abc");
        assert_eq!(sandbox.leftovers(), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_file_that_changes_during_the_build() {
    let sandbox = Sandbox::new();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let body = format!(r#"["begin",["let","x",{number}],["view.to_bytes","v"]]"#);
                if number % 2 == 0 {
                    sandbox.write("p/src/new", module(&body));
                    fs::rename(sandbox.path("p/src/new"), sandbox.path("p/src/app.x07.json")).unwrap();
                } else {
                    sandbox.write("p/src/app.x07.json", module(&body));
                }
            }
        });
        for _ in 0..20 {
            let answer = sandbox.call(BUILD, &[]);
            let explained = ["X07-X07AST-PARSE-0001", "changed during the build", "keeps changing", "Finished"];
            assert!(explained.iter().any(|word| answer.stderr.contains(word)), "{answer:?}");
            assert_eq!(output(&sandbox.path("p/out")), b"abc");
        }
        over.store(true, Ordering::Relaxed);
    });
    sandbox.write("p/src/app.x07.json", module(r#"["bytes.lit","the last text"]"#));
    sandbox.call(BUILD, &[]).check(0, &["Finished"]);
    assert_eq!(output(&sandbox.path("p/out")), b"the last text");
    assert_eq!(sandbox.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn damaged_cache_entries() {
    let sandbox = Sandbox::new();
    for keep in [0, 1, 2] {
        let mut folders = vec![sandbox.path("cache/ac"), sandbox.path("cache/cas")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    fs::remove_file(&path).unwrap();
                    fs::write(&path, &bytes[..bytes.len() * keep / 3]).unwrap();
                }
            }
        }
        fs::remove_file(sandbox.path("p/out")).unwrap();
        sandbox.call(BUILD, &[]).check(0, &["Finished"]);
        assert_eq!(output(&sandbox.path("p/out")), b"abc");
        assert_eq!(sandbox.leftovers(), Vec::<PathBuf>::new());
    }
}

#[test]
fn ctrl_c_in_the_middle() {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    const INTERRUPT: i32 = 2;
    // To the whole group as a terminal does it, and to the one process.
    for target in ["-", ""] {
        let sandbox = Sandbox::new();
        let begun = sandbox.path("begun");
        let script = format!(
            "case \"$*\" in *--version*) exec cc \"$@\";; esac\ntouch {}; sleep 1; exec cc \"$@\"",
            begun.display()
        );
        let compiler = sandbox.script("bin/cc", &script);
        let before = sandbox.everything();
        let mut command = sandbox.command(&["build", "--release", "--out", "out"]);
        let mut build = command.env("X07_CC", compiler).stderr(Stdio::null()).process_group(0).spawn().unwrap();
        let patience = Instant::now();
        while !begun.exists() {
            assert!(patience.elapsed() < Duration::from_secs(60), "the compiler was never called");
            thread::sleep(Duration::from_millis(5));
        }
        let to = format!("{target}{}", build.id());
        assert!(Command::new("kill").args(["-s", "INT", "--", &to]).status().unwrap().success());
        assert_eq!(build.wait().unwrap().signal(), Some(INTERRUPT), "it ends as the signal ends others");
        assert_eq!(sandbox.lost(&before), Vec::<PathBuf>::new());
        assert_eq!(sandbox.leftovers(), Vec::<PathBuf>::new());
        sandbox.call(&["build", "--release", "--out", "out"], &[]).check(0, &["Finished"]);
    }
}
