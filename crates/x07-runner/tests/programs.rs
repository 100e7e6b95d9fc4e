//! Compiled programs through the binaries: what traps say, and the line of metrics.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use expect_test::{Expect, expect};
use serde_json::Value;

/// Compiles and runs `solve` and gives the report; `arguments` are split at spaces.
fn report(runner: &str, solve: &str, arguments: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.x07.json"), entry(solve)).unwrap();
    report_in(folder.path(), runner, &format!("--program main.x07.json {arguments}"))
}

fn entry(solve: &str) -> String {
    format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[],"decls":[],"solve":{solve}}}"#
    )
}

fn report_in(folder: &Path, runner: &str, arguments: &str) -> Value {
    let mut command = Command::new(runner);
    command.args(arguments.split_whitespace()).current_dir(folder);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache-of-program-tests");
    let done = command.env("X07_CACHE_DIR", cache).output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("no report: {stderr}"));
    assert_eq!(done.status.code().map(i64::from), report["exit_code"].as_i64());
    report
}

const HOST: &str = env!("CARGO_BIN_EXE_x07-host-runner");
const OS: &str = env!("CARGO_BIN_EXE_x07-os-runner");

/// A trap without its place and its facts, each of which is ` key=value`.
fn words_of(trap: &str) -> &str {
    let words = trap.split('=').next().unwrap_or_default();
    if words.len() == trap.len() { trap } else { words.rsplit_once(' ').map_or(words, |(words, _)| words) }
}

#[test]
fn traps_keep_their_texts() {
    let cases: &[(&str, &str, &str)] = &[
        (r#"["begin",["bytes.get_u8",["bytes.alloc",1],1],["bytes.alloc",0]]"#, "", "bytes.get_u8 oob"),
        (r#"["bytes.set_u8",["bytes.alloc",1],1,0]"#, "", "bytes.set_u8 oob"),
        (r#"["bytes.slice",["bytes.alloc",1],1,1]"#, "", "bytes.slice oob"),
        (r#"["codec.write_u32_le",["codec.read_u32_le","input",0]]"#, "", "codec.read_u32_le oob"),
        (r#"["codec.write_u32_le",["parse.u32_dec","input"]]"#, "", "parse.u32_dec empty"),
        (r#"["bytes.alloc",1000000]"#, "--max-memory-bytes 65536", "out of memory"),
        (r#"["begin",["for","i",0,1000000,["set","i","i"]],["bytes.alloc",0]]"#, "--solve-fuel 1000", "fuel exhausted"),
    ];
    for (solve, arguments, expected) in cases {
        let report = report(HOST, solve, arguments);
        let trap = report["solve"]["trap"].as_str().unwrap_or_else(|| panic!("{solve}: {report:#}"));
        assert_eq!(words_of(trap), *expected, "{solve}");
        let (status, output) = (report["solve"]["exit_status"].as_i64().unwrap(), &report["solve"]["solve_output_b64"]);
        assert!(status > 128 && output == "", "{report:#}");
        assert_eq!(report["solve"]["fuel_used"], Value::Null);
    }
}

#[test]
fn metrics_are_one_line_with_its_keys_in_order() {
    check_metrics(
        HOST,
        "",
        expect![[r#"
            fuel_used heap_used fs_read_file_calls fs_list_dir_calls rr_open_calls rr_close_calls rr_stats_calls rr_next_calls rr_next_miss_calls rr_append_calls kv_get_calls kv_set_calls sched_stats tasks_spawned spawn_calls join_calls yield_calls sleep_calls chan_send_calls chan_recv_calls ctx_switches wake_events blocked_waits virtual_time_end sched_trace_hash mem_stats alloc_calls realloc_calls free_calls bytes_alloc_total bytes_freed_total live_bytes peak_live_bytes live_allocs peak_live_allocs memcpy_bytes"#]],
    );
    check_metrics(
        OS,
        "--debug-borrow-checks",
        expect![[r#"
            fuel_used heap_used fs_read_file_calls fs_list_dir_calls rr_open_calls rr_close_calls rr_stats_calls rr_next_calls rr_next_miss_calls rr_append_calls kv_get_calls kv_set_calls sched_stats tasks_spawned spawn_calls join_calls yield_calls sleep_calls chan_send_calls chan_recv_calls ctx_switches wake_events blocked_waits virtual_time_end sched_trace_hash mem_stats alloc_calls realloc_calls free_calls bytes_alloc_total bytes_freed_total live_bytes peak_live_bytes live_allocs peak_live_allocs memcpy_bytes debug_stats borrow_violations"#]],
    );
}

fn check_metrics(runner: &str, arguments: &str, expected: Expect) {
    let report = report(runner, r#"["bytes.lit","x"]"#, arguments);
    assert_eq!(report["solve"]["ok"], true, "{report:#}");
    let stderr = STANDARD.decode(report["solve"]["stderr_b64"].as_str().unwrap()).unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(stderr.matches('\n').count(), 1, "{stderr}");
    let keys: Vec<&str> = stderr.split("\":").filter_map(|part| part.rsplit_once('"')).map(|(_, key)| key).collect();
    expected.assert_eq(&keys.join(" "));
    assert_eq!(report["solve"]["sched_stats"]["sched_trace_hash"], "0x14650fb0739d0383");
}

#[test]
fn modes_say_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.x07.json"), entry(r#"["bytes.lit","x"]"#)).unwrap();
    let manifest = r#"{"schema_version":"x07.project@0.3.0","world":"solve-pure","entry":"src/main.x07.json","module_roots":["src"],"dependencies":[]}"#;
    fs::write(folder.path().join("x07.json"), manifest).unwrap();
    let cases = [
        ("--program src/main.x07.json", "compile-run", true),
        ("--program src/main.x07.json --compile-only", "compile", false),
        ("--project x07.json", "project-compile-run", true),
        ("--project x07.json --compile-only", "project-compile", false),
        ("--project x07.json --compile-only --compiled-out deep/er/out", "project-compile", false),
    ];
    for runner in [HOST, OS] {
        for (arguments, mode, runs) in cases {
            let report = report_in(folder.path(), runner, arguments);
            assert_eq!(report["mode"], mode, "{arguments}: {report:#}");
            assert_eq!(report["exit_code"], 0, "{arguments}: {report:#}");
            assert_eq!(!report["solve"].is_null(), runs, "{arguments}");
            let executable = Path::new(report["compile"]["compiled_exe"].as_str().unwrap());
            let size = fs::metadata(folder.path().join(executable)).unwrap().len();
            assert_eq!(report["compile"]["compiled_exe_size"].as_u64(), Some(size));
            if arguments.ends_with("out") {
                assert_eq!(executable, Path::new("deep/er/out"));
                let built = report_in(folder.path(), runner, "--artifact deep/er/out");
                assert_eq!((&built["ok"], &built["solve_output_b64"]), (&true.into(), &"eA==".into()));
            }
        }
    }
}

#[test]
fn concurrent_runs_of_one_program_with_other_limits_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.x07.json"), entry(r#"["bytes.alloc",100000]"#)).unwrap();
    let folder = folder.path();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    let bytes = if number % 2 == 0 { 65_536 } else { 1 << 20 };
                    let arguments = format!("--program main.x07.json --max-memory-bytes {bytes}");
                    (number, report_in(folder, HOST, &arguments))
                })
            })
            .collect();
        for run in runs {
            let (number, report) = run.join().unwrap();
            let trap = report["solve"]["trap"].as_str().map(words_of);
            assert_eq!(trap, (number % 2 == 0).then_some("out of memory"), "{report:#}");
        }
    });
}

#[test]
fn the_languages_limits_hold_for_the_whole_program() {
    let folder = tempfile::tempdir().unwrap();
    let module = |id: &str, functions: usize, nodes: usize| {
        let names: Vec<String> = (0..functions).map(|number| format!("{id}.f{number}")).collect();
        let body = format!("[\"begin\"{}]", ",0".repeat(nodes));
        let define =
            |name: &String| format!(r#",{{"kind":"defn","name":"{name}","params":[],"result":"i32","body":{body}}}"#);
        let text = format!(
            r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"{id}","imports":[],"decls":[{{"kind":"export","names":{}}}{}]}}"#,
            serde_json::to_string(&names).unwrap(),
            names.iter().map(define).collect::<String>(),
        );
        fs::write(folder.path().join(format!("{id}.x07.json")), text).unwrap();
        names.iter().map(|name| format!("[\"{name}\"],")).collect::<String>()
    };
    let compile_error = |calls: &str, arguments: &str| {
        let imports = entry(&format!("[\"begin\",{calls}[\"bytes.alloc\",0]]"));
        let imports = imports.replace(r#""imports":[]"#, r#""imports":["one","two"]"#);
        fs::write(folder.path().join("main.x07.json"), imports).unwrap();
        let report = report_in(folder.path(), HOST, &format!("--program main.x07.json --module-root . {arguments}"));
        (report["compile"]["compile_error"].as_str().map(str::to_owned), report["compile"]["c_source_size"].clone())
    };

    let few = format!("{}{}", module("one", 12, 10_000), module("two", 12, 10_000));
    let (error, size) = compile_error(&few, "");
    assert_eq!(error, None);
    // Neither unit alone has so much text.
    let size = size.as_u64().unwrap();
    let (error, _) = compile_error(&few, &format!("--max-c-bytes {}", size - 1));
    assert_eq!(error.unwrap(), format!("Budget: C source too large: max_c_bytes={} got {size}", size - 1));
    assert_eq!(compile_error(&few, &format!("--max-c-bytes {size}")).0, None);

    let many = format!("{}{}", module("one", 12, 10_000), module("two", 14, 10_000));
    let (error, _) = compile_error(&many, "");
    assert!(error.unwrap().ends_with("more than max_ast_nodes=250000"));
}
