//! Texts that no person writes.

use crate::sandbox::{ENTRY, Sandbox, entry, module};

const PARSE: &str = "error[X07-X07AST-PARSE-0001]";

fn deep(open: &str, inner: &str, close: &str, times: usize) -> String {
    [&open.repeat(times), inner, &close.repeat(times)].concat()
}

/// Puts the text in the place of a file; no command may break over it, and none may change it but `fmt`.
fn check(file: &str, text: impl AsRef<[u8]>, says: &[&str]) {
    let sandbox = Sandbox::new();
    sandbox.write(&format!("p/src/{file}.x07.json"), text);
    sandbox.must_fail(&["build", "--out", "out"], &[], 1, says);
    sandbox.must_fail(&["check"], &[], 1, says);
    for command in [&["lint"] as &[&str], &["fmt", "--check"], &["fix"]] {
        let before = sandbox.everything();
        let answer = sandbox.call(command, &[]);
        assert!((0..=2).contains(&answer.status), "{command:?}: {} {}", answer.status, answer.stderr);
        assert!(!answer.stderr.contains("panicked"), "{command:?}: {}", answer.stderr);
        assert!(sandbox.lost(&before).is_empty(), "{command:?} changed files");
    }
}

#[test]
fn nesting_beyond_the_limit() {
    let says = [PARSE, "nested more than 1000 deep", "move inner parts into functions"];
    check("app", deep("[", "", "]", 100_000), &says);
    check("app", module(&deep(r#"["begin","#, "1", "]", 5_000)), &says);
    check("app", module(&deep(r#"["if",1,"#, "1", ",2]", 5_000)), &says);
    check("app", deep(r#"{"a":"#, "1", "}", 100_000), &says);
}

#[test]
fn nesting_within_the_limit_is_built() {
    let sandbox = Sandbox::new();
    for (open, inner, close) in [
        (r#"["begin","#, r#"["view.to_bytes","v"]"#, "]"),
        (r#"["if",1,"#, r#"["view.to_bytes","v"]"#, r#",["bytes.alloc",0]]"#),
        (r#"["begin",0,"#, r#"["view.to_bytes","v"]"#, "]"),
    ] {
        sandbox.write("p/src/app.x07.json", module(&deep(open, inner, close, 990)));
        sandbox.call(&["build", "--out", "out"], &[]).check(0, &["Finished"]);
    }
}

#[test]
fn huge_literals() {
    let sandbox = Sandbox::new();
    let text = "a?\\\\".repeat(2_500_000);
    sandbox.write("p/src/app.x07.json", module(&format!(r#"["bytes.lit","{text}"]"#)));
    sandbox.call(&["build", "--out", "out"], &[]).check(0, &["Finished"]);

    let number = format!("1{}", "0".repeat(30));
    let says = ["error[X07-AST-0013]", "an integer from -2147483648 to 2147483647"];
    check("main", entry(&number), &says);
    check("app", module(&"9".repeat(30)), &says);
    check("app", module(&"9".repeat(100_000)), &[PARSE, "number out of range"]);
    check("app", module("-2147483649"), &says);

    let sandbox = Sandbox::new();
    sandbox.write("p/src/main.x07.json", entry(&number));
    let says = ["has more than 64 bits"];
    sandbox.must_fail(&["fmt", "--write", "src/main.x07.json"], &[], 2, &says);
}

#[test]
fn an_entry_of_more_than_65536_bytes() {
    let text = entry(&format!(r#"["bytes.lit","{}"]"#, "a".repeat(65_536)));
    check("main", text, &["error[X07-BUDGET-0001]", "65536", "move functions into modules"]);
}

#[test]
fn duplicate_keys_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("p/src/main.x07.json", ENTRY.replacen(r#""imports""#, r#""imports":[],"imports""#, 1));
    let says = ["warning[X07-AST-0002]", "`imports` is given more than once; the last one counts"];
    sandbox.call(&["build", "--out", "out"], &[]).check(0, &says);
    sandbox.write("p/x07.json", r#"{"world":"run-os","world":"solve-pure"}"#);
    sandbox.must_fail(&["build", "--out", "out"], &[], 2, &["x07.json"]);
}

#[test]
fn texts_that_are_not_json() {
    let mut not_utf8 = entry(r#"["bytes.lit","x"]"#).into_bytes();
    not_utf8[60] = 0xFF;
    check("main", not_utf8, &[PARSE, "byte 0xFF is not UTF-8 at 1:61"]);
    check("main", entry(r#"["bytes.lit","\ud800"]"#), &[PARSE, "`\\ud800` is half of a surrogate pair"]);
    check("main", entry(r#"["bytes.lit","\udc00\ud800"]"#), &[PARSE, "half of a surrogate pair"]);
    check("app", "", &[PARSE, "the file is empty"]);
    check("app", " \n", &[PARSE, "the file is empty"]);
    check("app", "\u{feff}{}", &[PARSE, "byte order mark"]);
    check("app", "{}{}", &[PARSE, "trailing characters"]);
    check("app", &module("1")[..80], &[PARSE, "ends too early"]);
    check("app", b"\0\0\0\0", &[PARSE, "src/app.x07.json:1:1"]);
    check("app", b"\x7fELF\x02\x01\x01\0", &[PARSE, "src/app.x07.json:1:1"]);
}

#[test]
fn a_manifest_that_is_none() {
    for text in ["", "[]", "{", "\u{0}", r#"{"schema_version":7}"#, &deep("[", "", "]", 100_000)] {
        let sandbox = Sandbox::new();
        sandbox.write("p/x07.json", text);
        sandbox.must_fail(&["build", "--out", "out"], &[], 2, &["x07.json"]);
        sandbox.must_fail(&["check"], &[], 2, &["x07.json"]);
    }
}
