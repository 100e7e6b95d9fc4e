//! A library function that only wraps a builtin costs nothing in a release: a loop over it runs as many instructions as
//! a loop over the builtin. Counted by callgrind; without valgrind the test cannot tell and says so.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failure of the test itself, and what it could not do")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{Sandbox, must_build};

/// What is looked at, the imports of the second text, and the two texts of `solve`: `B` stands for the callee.
const CASES: [(&str, &str, &str, &str, &str); 6] = [
    (
        "bytes.get_u8",
        "std.bytes",
        "view.get_u8",
        "std.bytes.get_u8",
        r#"["begin",["let","sum",0],["let","n",["view.len","input"]],
            ["for","i",0,"n",["set","sum",["+",["*","sum",31],["B","input","i"]]]],["codec.write_u32_le","sum"]]"#,
    ),
    (
        "bytes.len",
        "std.bytes",
        "view.len",
        "std.bytes.len",
        r#"["begin",["let","sum",0],["let","n",["view.len","input"]],
            ["for","i",0,"n",["set","sum",["^",["*","sum",5],["-",["B","input"],"i"]]]],["codec.write_u32_le","sum"]]"#,
    ),
    (
        "bytes.set_u8",
        "std.bytes",
        "bytes.set_u8",
        "std.bytes.set_u8",
        r#"["begin",["let","n",["view.len","input"]],["let","b",["bytes.alloc","n"]],
            ["for","i",0,"n",["set","b",["B","b","i",["*","i",7]]]],"b"]"#,
    ),
    (
        "vec.push",
        "std.vec",
        "vec_u8.push",
        "std.vec.push",
        r#"["begin",["let","n",["view.len","input"]],["let","v",["vec_u8.with_capacity",16]],
            ["for","i",0,"n",["set","v",["B","v",["*","i",7]]]],["vec_u8.into_bytes","v"]]"#,
    ),
    (
        "codec.read_u32_le",
        "std.codec",
        "codec.read_u32_le",
        "std.codec.read_u32_le",
        r#"["begin",["let","sum",0],["let","n",["/",["view.len","input"],4]],
            ["for","i",0,"n",["set","sum",["+",["*","sum",31],["B","input",["*","i",4]]]]],["codec.write_u32_le","sum"]]"#,
    ),
    (
        "prng.lcg_next_u32",
        "std.prng",
        "prng.lcg_next_u32",
        "std.prng.lcg_next_u32",
        r#"["begin",["let","s",1],["let","n",["view.len","input"]],
            ["for","i",0,"n",["set","s",["^","i",["B","s"]]]],["codec.write_u32_le","s"]]"#,
    ),
];

#[test]
fn wrappers_cost_nothing() {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: valgrind is not installed, so instructions cannot be counted");
        return;
    }
    for (name, module, builtin, wrapper, text) in CASES {
        let plain = instructions("", &text.replace("[\"B\"", &format!("[\"{builtin}\"")));
        let wrapped = instructions(&format!("\"{module}\""), &text.replace("[\"B\"", &format!("[\"{wrapper}\"")));
        // What stands outside the loop may differ by a few instructions; one more per round would be 200,000.
        assert!(wrapped.abs_diff(plain) < 2_000, "{name}: {plain} instructions, {wrapped} through the library");
    }
}

/// Instructions of a run over 200,000 bytes, what the process itself takes included.
fn instructions(imports: &str, solve: &str) -> u64 {
    let sandbox = Sandbox::empty();
    sandbox.module(
        "main",
        &format!(
            r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[{imports}],"decls":[],
                "solve":{solve}}}"#
        ),
    );
    let executable = must_build(&sandbox.release()).output;
    sandbox.write("input", vec![b'x'; 200_000]);
    count(&executable, &sandbox.path("input"))
}

fn count(executable: &Path, input: &Path) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(executable)
        .stdin(std::fs::File::open(input).unwrap())
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let line = report.lines().find(|line| line.contains("Collected :")).unwrap_or_else(|| panic!("{report}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
