//! C compilers that fail in ways of their own.

use crate::sandbox::Sandbox;

const BUILD: &[&str] = &["build", "--release", "--out", "out"];

/// Answers questions about the compiler as the real one does.
const ANSWERS: &str = "case \"$*\" in *--version*) exec cc \"$@\";; esac\n";

#[test]
fn compilers_that_fail() {
    let garbage = "head -c 200000 /dev/urandom >&2; exit 1";
    let half = "for a in \"$@\"; do [ \"$last\" = -o ] && echo half >\"$a\"; last=$a; done; kill -9 $$";
    let cases = [
        ("echo boom >&2; exit 3", vec!["C toolchain failed (exit=3)", "boom"]),
        ("kill -9 $$", vec!["C toolchain failed", "signal 9 ended it"]),
        (half, vec!["C toolchain failed", "signal 9 ended it"]),
        (garbage, vec!["C toolchain failed (exit=1)"]),
        ("exit 0", vec!["C toolchain failed", "it has written no output"]),
        ("head -c 200000 /dev/urandom; exit 0", vec!["it has written no output"]),
        ("echo 'cc1: internal compiler error' >&2; exit 4", vec!["(exit=4)", "internal compiler error"]),
    ];
    for prefix in ["", ANSWERS] {
        for (script, says) in &cases {
            let sandbox = Sandbox::new();
            let compiler = sandbox.script("bin/cc", &format!("{prefix}{script}"));
            let variables = [("X07_CC", compiler.as_str())];
            let answer = sandbox.call(BUILD, &variables);
            assert!(answer.stderr.len() < 100_000, "nobody reads that");
            assert!(!answer.stderr.contains("bug of x07"), "{}", answer.stderr);
            assert!(answer.stderr.chars().all(|c| !c.is_control() || "\n\t".contains(c)), "{script}");
            sandbox.must_fail(BUILD, &variables, 1, says);
            sandbox.call(BUILD, &[]).check(0, &["Finished"]);
        }
    }
}

#[test]
fn compilers_that_are_none() {
    let sandbox = Sandbox::new();
    sandbox.write("p/empty", "");
    for compiler in ["/nonexistent/cc", "/tmp", "./empty", "no-such-compiler"] {
        let says = ["error[X07-LINK-0001]", compiler, "apt install gcc", "X07_CC"];
        sandbox.must_fail(BUILD, &[("X07_CC", compiler)], 1, &says);
    }
    let says = ["C toolchain failed (exit=1)", "with X07_CC_ARGS", "-fno-such-flag"];
    sandbox.must_fail(BUILD, &[("X07_CC_ARGS", "-fno-such-flag")], 1, &says);
}
