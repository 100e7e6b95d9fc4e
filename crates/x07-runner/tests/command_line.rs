//! The runners' command lines: what is refused, and the shape of what is printed.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

#[allow(unreachable_pub, reason = "shared between test programs")]
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};
use serde_json::Value;
use support::{ANSWER, Artifact};

/// Calls a runner in `folder`; `arguments` are split at spaces, `variables` are `NAME=VALUE`.
fn call(runner: &str, folder: &Path, arguments: &str, variables: &[&str]) -> Output {
    command(runner, folder, arguments, variables).output().unwrap()
}

fn command(runner: &str, folder: &Path, arguments: &str, variables: &[&str]) -> Command {
    let program = match runner {
        "host" => env!("CARGO_BIN_EXE_x07-host-runner"),
        _ => env!("CARGO_BIN_EXE_x07-os-runner"),
    };
    let variables = variables.iter().map(|variable| variable.split_once('=').unwrap());
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace()).current_dir(folder).envs(variables);
    command.env("X07_CACHE_DIR", folder.join("cache"));
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with an artifact, a program, a policy and an input.
fn folder() -> Artifact {
    let artifact = Artifact::new(ANSWER);
    let program = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[],"decls":[],"solve":["bytes.lit","x"]}"#;
    let policy = x07_runner::sandbox::template("cli", "test").unwrap().to_string();
    let files = [("main.x07.json", program), ("main.json", program), ("policy.json", &policy), ("input", "in")];
    for (name, contents) in files {
        fs::write(artifact.folder().join(name), contents).unwrap();
    }
    fs::write(artifact.folder().join("no-policy.json"), "[]").unwrap();
    artifact
}

#[test]
fn usage_errors_are_text_on_standard_error_and_status_2() {
    let sandbox = "--world run-os-sandboxed --policy policy.json";
    let weak = format!("{sandbox} --sandbox-backend none");
    let accepted = format!("{weak} --i-accept-weaker-isolation");
    let cases: &[(&str, &str, &str)] = &[
        ("host", "", "one of --program, --project and --artifact is needed"),
        ("host", "--program main.x07.json --artifact artifact", "only one of"),
        ("host", "--program main.json", "ends in .x07.json"),
        ("host", "--program missing.x07.json", "missing.x07.json"),
        ("host", "--project missing/x07.json", "missing"),
        ("host", "--artifact missing", "cannot execute missing"),
        ("host", "--artifact input", "cannot execute input"),
        ("host", "--artifact artifact --input missing", "cannot read the input missing"),
        ("host", "--artifact artifact --compile-only", "--compile-only"),
        ("host", "--artifact artifact --module-root .", "--module-root"),
        ("host", "--project x07.json --module-root .", "--module-root"),
        ("host", "--artifact artifact --nonsense", "--nonsense"),
        ("host", "--artifact artifact --version", "--version"),
        ("host", "--artifact artifact --world solve-nothing", "solve-nothing"),
        ("host", "--artifact artifact --world run-os", "x07-os-runner"),
        ("host", "--artifact artifact --world run-os-sandboxed", "x07-os-runner"),
        ("host", "--artifact artifact --world solve-fs", "--fixture-fs-dir"),
        ("host", "--artifact artifact --world solve-rr", "--fixture-rr-dir"),
        ("host", "--artifact artifact --world solve-kv", "--fixture-kv-dir"),
        ("host", "--artifact artifact --world solve-full --fixture-fs-dir .", "--fixture-rr-dir"),
        ("host", "--artifact artifact --world solve-fs --fixture-fs-dir missing", "missing is not a folder"),
        ("host", "--artifact artifact --world solve-fs --fixture-fs-dir .", "not available yet"),
        ("host", "--program main.x07.json --max-memory-bytes 4294967297", "4294967297"),
        ("host", "--program main.x07.json --cc-profile fast", "fast"),
        ("os", "--artifact artifact --world solve-pure", "x07-host-runner"),
        ("os", "--artifact artifact --compile-only", "--compile-only"),
        ("os", "--artifact artifact --policy policy.json", "--policy"),
        ("os", "--world run-os-sandboxed --program missing.x07.json", "--policy"),
        ("os", "--world run-os-sandboxed --policy missing.json --artifact artifact", "missing.json"),
        ("os", "--world run-os-sandboxed --policy no-policy.json --artifact artifact", "no-policy.json"),
        ("os", &format!("{weak} --artifact artifact"), "fails closed"),
        ("os", &format!("{accepted} --artifact artifact"), "--i-accept-precompiled-artifact"),
        ("os", &format!("{weak} --program main.x07.json"), "fails closed"),
        ("os", "--world run-os-sandboxed --policy input --program main.x07.json", "is not JSON"),
        ("os", "--sandbox-backend jail --artifact artifact", "jail"),
    ];
    let folder = folder();
    for (runner, arguments, message) in cases {
        let done = call(runner, folder.folder(), arguments, &[]);
        let told = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{runner} {arguments}: {told}");
        assert_eq!(text(&done.stdout), "", "{runner} {arguments}");
        assert!(told.contains(message), "{runner} {arguments}: {told}");
    }
    for (arguments, variable, message) in [
        ("--artifact artifact", "X07_SANDBOX_BACKEND=jail", "X07_SANDBOX_BACKEND"),
        ("--artifact artifact", "X07_I_ACCEPT_WEAKER_ISOLATION=maybe", "maybe"),
        ("--program main.x07.json", "X07_WORKSPACE_ROOT=/nowhere", "X07_WORKSPACE_ROOT: there is no folder /nowhere"),
    ] {
        let done = call("os", folder.folder(), arguments, &[variable]);
        assert_eq!((done.status.code(), text(&done.stdout)), (Some(2), String::new()));
        assert!(text(&done.stderr).contains(message));
    }
}

#[test]
fn a_virtual_machine_that_is_not_there_is_a_report() {
    let folder = folder();
    let sandbox = "--world run-os-sandboxed --policy policy.json --program main.x07.json";
    for arguments in [sandbox, "--program main.x07.json"] {
        let done = call("os", folder.folder(), &format!("{arguments} --sandbox-backend vm"), &[]);
        let report: Value = serde_json::from_slice(&done.stdout).unwrap();
        let compile = &report["compile"];
        assert_eq!((done.status.code(), &report["exit_code"], &report["solve"]), (Some(1), &1.into(), &Value::Null));
        assert_eq!((&compile["ok"], &compile["exit_status"]), (&false.into(), &1.into()));
        assert_eq!((&compile["lang_id"], &compile["c_source_size"]), (&"".into(), &0.into()));
        assert_eq!(compile["compile_error"], Value::Null);
        assert!(compile["trap"].as_str().unwrap().starts_with("vm backend failure: "));
        assert!(text(&done.stderr).contains("vm backend failure: "));
    }
}

#[test]
fn an_artifacts_report_is_the_run_itself() {
    check_artifact(
        "host",
        expect![[r#"
            {
              "schema_version": "x07-host-runner.report@0.3.0",
              "mode": "solve",
              "exit_code": 0,
              "ok": true,
              "exit_status": 0,
              "solve_output_b64": "eA==",
              "stdout_b64": "AQAAAHg=",
              "stderr_b64": "eyJmdWVsX3VzZWQiOjV9Cg==",
              "fuel_used": 5,
              "heap_used": null,
              "fs_read_file_calls": null,
              "fs_list_dir_calls": null,
              "rr_open_calls": null,
              "rr_close_calls": null,
              "rr_stats_calls": null,
              "rr_next_calls": null,
              "rr_next_miss_calls": null,
              "rr_append_calls": null,
              "kv_get_calls": null,
              "kv_set_calls": null,
              "sched_stats": null,
              "mem_stats": null,
              "debug_stats": null,
              "trap": null
            }
        "#]],
    );
    check_artifact(
        "os",
        expect![[r#"
            {
              "schema_version": "x07-os-runner.report@0.3.0",
              "mode": "run-os",
              "exit_code": 0,
              "world": "run-os",
              "ok": true,
              "exit_status": 0,
              "solve_output_b64": "eA==",
              "stdout_b64": "AQAAAHg=",
              "stderr_b64": "eyJmdWVsX3VzZWQiOjV9Cg==",
              "fuel_used": 5,
              "heap_used": null,
              "fs_read_file_calls": null,
              "fs_list_dir_calls": null,
              "rr_open_calls": null,
              "rr_close_calls": null,
              "rr_stats_calls": null,
              "rr_next_calls": null,
              "rr_next_miss_calls": null,
              "rr_append_calls": null,
              "kv_get_calls": null,
              "kv_set_calls": null,
              "sched_stats": null,
              "mem_stats": null,
              "debug_stats": null,
              "trap": null
            }
        "#]],
    );
}

fn check_artifact(runner: &str, expected: Expect) {
    let done = call(runner, folder().folder(), "--artifact artifact", &[]);
    assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), String::new()));
    expected.assert_eq(&text(&done.stdout));
}

/// A full disk loses the report, which has to be said; who closes a pipe has had enough of it.
#[test]
fn a_report_that_cannot_be_written_is_status_2() {
    let folder = folder();
    for runner in ["host", "os"] {
        for arguments in ["--artifact artifact", "--help", "--cli-specrows"] {
            let full = fs::File::options().write(true).open("/dev/full").unwrap();
            let (read, closed) = std::io::pipe().unwrap();
            drop(read);
            let said = format!("x07-{runner}-runner: cannot write to standard output: No space left on device");
            for (output, said) in [(Stdio::from(full), &*said), (closed.into(), "")] {
                let done = command(runner, folder.folder(), arguments, &[]).stdout(output).output().unwrap();
                let told = text(&done.stderr);
                assert_eq!((done.status.code(), told.lines().count()), (Some(2), usize::from(!said.is_empty())));
                assert!(told.starts_with(said), "{runner} {arguments}: {told}");
            }
        }
    }
}

#[test]
fn a_failed_run_is_status_1_with_a_report() {
    let artifact = Artifact::new("echo 'fuel exhausted' >&2; kill -ILL $$");
    for runner in ["host", "os"] {
        let done = call(runner, artifact.folder(), "--artifact artifact", &[]);
        let report: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((done.status.code(), &report["exit_code"]), (Some(1), &1.into()));
        assert_eq!((&report["exit_status"], &report["trap"]), (&132.into(), &"fuel exhausted".into()));
    }
}

/// The `compile` part of the report about a program of this expression and these imports.
fn compiled(imports: &str, solve: &str, variables: &[&str]) -> Value {
    let folder = folder();
    let program = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[{imports}],"decls":[],"solve":{solve}}}"#
    );
    fs::write(folder.folder().join("main.x07.json"), program).unwrap();
    fs::create_dir_all(folder.folder().join("deps/x07")).unwrap();
    let registry = r#"{"schema_version":"x07.native-backends@0.1.0","backends":[]}"#;
    fs::write(folder.folder().join("deps/x07/native_backends.json"), registry).unwrap();
    let done = call("os", folder.folder(), "--program main.x07.json --compile-only", variables);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", text(&done.stderr)));
    report["compile"].clone()
}

const ZONES: &str = r#"["bytes.concat",["os.time.tzdb_snapshot_id_v1"],["bytes.concat",["os.fs.read_file",["bytes.lit","x"]],
    ["result_bytes.unwrap_or",["os.fs.read_all_v1",["bytes.lit","x"],["bytes.lit","x"]],["bytes.lit","x"]]]]"#;

#[test]
fn backends_in_the_runtime_are_required_like_others() {
    let built = compiled("", ZONES, &[]);
    let required = r#"[{"abi_major":1,"backend_id":"x07.ext.fs","features":["os.fs.read_all_v1"]},{"abi_major":1,"backend_id":"x07.time","features":["os.time.tzdb_snapshot_id_v1"]}]"#;
    assert_eq!(built["native_requires"]["requires"].to_string(), required);
    assert_eq!(built["ok"], true);
    // A registry that is chosen has everything or is refused.
    let refused = compiled("", ZONES, &["X07_WORKSPACE_ROOT=."]);
    assert!(refused["compile_error"].as_str().unwrap().contains("missing backend_id"), "{refused}");
}

#[test]
fn a_package_that_has_the_module_is_named_first() {
    let error = compiled(r#""std.math""#, r#"["bytes.alloc",0]"#, &[])["compile_error"].to_string();
    let hints = error.split_once("\\n\\n").unwrap().1;
    assert!(
        hints.starts_with("hint: x07 pkg add ext-math@") && hints.contains(" --sync\\nhint: x07 pkg provides std.math"),
        "{error}"
    );
}

#[test]
fn a_c_compiler_that_fails_was_given_something() {
    let built = compiled("", r#"["bytes.lit","x"]"#, &["X07_CC=false"]);
    assert!(built["c_source_size"].as_u64().unwrap() > 0, "{built}");
}

#[test]
fn compile_time_fuel_is_told_as_soon_as_there_is_c_text() {
    let good = r#"["bytes.lit","x"]"#;
    let cases = [
        (good, "X07_CC=cc", true, Value::from(0)),
        (good, "X07_CC=false", false, Value::from(0)),
        (r#"["no.such.head"]"#, "X07_CC=cc", false, Value::Null),
    ];
    for (solve, variable, ok, fuel) in cases {
        let built = compiled("", solve, &[variable]);
        assert_eq!((&built["ok"], &built["fuel_used"]), (&ok.into(), &fuel), "{solve} {variable}: {built}");
    }
}

#[test]
fn a_missing_c_compiler_is_a_report() {
    let folder = folder();
    let done = call("host", folder.folder(), "--program main.x07.json", &["X07_CC=/nowhere/cc"]);
    let report: Value =
        serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("no report: {}", text(&done.stderr)));
    assert_eq!((done.status.code(), &report["compile"]["ok"]), (Some(1), &false.into()));
    assert!(report["compile"]["compile_error"].as_str().unwrap().contains("/nowhere/cc"), "{report}");
    assert_eq!(report["solve"], Value::Null);
}

#[test]
fn the_flags_are_listed_in_order() {
    for runner in ["host", "os"] {
        let done = call(runner, Path::new("."), "--cli-specrows", &[]);
        assert_eq!(done.status.code(), Some(0));
        let table: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(table["schema_version"], "x07cli.specrows@0.1.0");
        assert_eq!(table["app"]["name"], format!("x07-{runner}-runner"));
        let rows = table["rows"].as_array().unwrap();
        assert_eq!(rows[0], serde_json::json!(["root", "about", table["app"]["about"]]));
        let flags: Vec<&str> = rows[1..].iter().map(|row| row[3].as_str().unwrap()).collect();
        assert!(flags.is_sorted() && flags.contains(&"--solve-fuel") && flags.len() > 15, "{flags:?}");
        assert!(rows[1..].iter().all(|row| row.as_array().unwrap().len() == 6));
    }
    let help = call("os", Path::new("."), "--help", &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("--sandbox-backend") && !text(&help.stdout).contains("--compile-only"));
}

#[test]
fn what_is_seen_happens_when_the_fuel_before_it_is_there_and_not_otherwise() {
    let folder = folder();
    let write = r#"["os.fs.write_file",["bytes.lit","seen"],["bytes.lit","x"]]"#;
    let wait = r#"["for","i",0,1000000,["set","n",["+","n","i"]]]"#;
    let program = |step: &str| {
        format!(
            r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[],"decls":[
            {{"kind":"defn","name":"main.write","params":[],"result":"i32","body":{write}}}],
            "solve":["begin",["let","n",0],{step},{wait},["codec.write_u32_le","n"]]}}"#
        )
    };
    for step in [write, r#"["main.write"]"#] {
        fs::write(folder.folder().join("main.x07.json"), program(step)).unwrap();
        for (fuel, seen) in [(1000, true), (2, false)] {
            let arguments = format!("--program main.x07.json --solve-fuel {fuel}");
            let done = call("os", folder.folder(), &arguments, &[]);
            assert!(text(&done.stdout).contains("fuel exhausted"), "{step} {fuel}: {}", text(&done.stdout));
            let path = folder.folder().join("seen");
            assert_eq!(path.exists(), seen, "{step} {fuel}");
            let _ = fs::remove_file(path);
        }
    }
}
