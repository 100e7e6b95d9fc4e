//! What tests come to.

use expect_test::expect;
use serde_json::{Value, json};
use x07_test::property::Value::{Bytes, I32};
use x07_test::{Call, Kind, Report};

use crate::support::{Project, told};

const PASS: &str = r#"["std.test.pass"]"#;
const GET: &str = r#"["begin", ["let", "b", ["bytes.alloc", 3]],
    ["std.test.assert_i32_eq", ["bytes.get_u8", "b", 5], 7, 1002]]"#;

#[test]
fn every_kind_of_end_has_its_status() {
    let project = Project::new(
        &[
            ("pass", "", "result_i32", PASS),
            ("fail", "", "result_i32", r#"["std.test.fail", 99]"#),
            ("true", "", "result_i32", r#"["std.test.assert_true", 0, 1001]"#),
            ("numbers", "", "result_i32", r#"["std.test.assert_i32_eq", ["-", 0, 5], 7, 1002]"#),
            (
                "bytes",
                "",
                "result_i32",
                r#"["std.test.assert_bytes_eq", ["bytes.lit", "abc"], ["bytes.lit", "abxyz"], 1003]"#,
            ),
            (
                "earlier",
                "",
                "result_i32",
                r#"["begin", ["std.test.assert_i32_eq", 1, 2, 3], ["std.test.assert_true", 0, 4]]"#,
            ),
            ("trap", "", "result_i32", GET),
            ("skip", "", "bytes", r#"["std.test.status_skip"]"#),
            ("status", "", "bytes", r#"["std.test.status_v1", 3, 0]"#),
            ("input", "", "result_i32", r#"["std.test.assert_view_eq", "input", ["bytes.view_lit", "hi"], 1004]"#),
            ("spin", "", "result_i32", r#"["begin", ["for", "i", 0, -1, ["+", "i", 1]], ["std.test.pass"]]"#),
        ],
        json!([
            {"id": "01", "entry": "m.pass"},
            {"id": "02", "entry": "m.fail"},
            {"id": "03", "entry": "m.true"},
            {"id": "04", "entry": "m.numbers"},
            {"id": "05", "entry": "m.bytes"},
            {"id": "06", "entry": "m.earlier"},
            {"id": "07", "entry": "m.trap"},
            {"id": "08", "entry": "m.skip", "returns": "bytes_status_v1"},
            {"id": "09", "entry": "m.status", "returns": "bytes_status_v1"},
            {"id": "10", "entry": "m.input", "input_b64": "aGk="},
            {"id": "11", "entry": "m.spin"},
            {"id": "12", "entry": "m.fail", "expect": "fail"},
            {"id": "13", "entry": "m.pass", "expect": "fail"},
            {"id": "14", "entry": "m.trap", "expect": "fail"},
            {"id": "15", "entry": "m.trap", "expect": "fail", "trap": "get_u8 oob"},
            {"id": "16", "entry": "m.trap", "expect": "fail", "trap": "out of memory"},
            {"id": "17", "entry": "m.fail", "expect": "fail", "trap": "oob"},
            {"id": "18", "entry": "m.no_such_function", "expect": "skip"},
            {"id": "19", "entry": "m.pass", "world": "run-os"},
            {"id": "20", "entry": "m.pass", "world": "solve-fs", "fixture_root": "."},
        ]),
    );
    let results = project.run(|_| {});
    expect![[r#"
        01 pass
        02 fail [X07T_FAILED] failed with code 99
        03 fail [X07T_FAILED] failed with code 1001 (assert_true)
        04 fail [X07T_ASSERT_I32_EQ] failed with code 1002 (assert_i32_eq): got -5, expected 7
        05 fail [X07T_ASSERT_BYTES_EQ] failed with code 1003 (assert_bytes_eq): got 3 bytes, expected 5 bytes, which differ from index 2 on
        06 fail [X07T_FAILED] failed with code 4
        07 error [ETEST_RUN] bytes.get_u8 oob index=5 len=3 module=m ptr=/decls/7/body/2/1 at /decls/7/body/2/1
        08 skip
        09 error [EBAD_STATUS] X07TEST_STATUS_V1 begins with 0, 1 or 2, got 3
        10 pass
        11 error [ETEST_RUN] fuel exhausted
        12 xfail_fail [X07T_FAILED] failed with code 99
        13 xfail_pass
        14 error [ETEST_RUN] bytes.get_u8 oob index=5 len=3 module=m ptr=/decls/7/body/2/1 at /decls/7/body/2/1
        15 xfail_fail [ETEST_RUN] bytes.get_u8 oob index=5 len=3 module=m ptr=/decls/7/body/2/1 at /decls/7/body/2/1
        16 error [ETEST_RUN] bytes.get_u8 oob index=5 len=3 module=m ptr=/decls/7/body/2/1 at /decls/7/body/2/1
        17 fail [X07T_FAILED] failed with code 99
        18 skip
        19 pass
        20 error [ETEST_WORLD_UNAVAILABLE] tests in world solve-fs cannot be run by this version of x07 yet
        exit 12
    "#]]
    .assert_eq(&told(&results));

    // The output is what `solve` returned, whatever is told about an assertion.
    let bytes = results.outcomes[4].run.as_ref().unwrap();
    assert_eq!(bytes.solve_output_b64.as_deref(), Some("AOsDAAA="));
    assert_eq!((bytes.failure_code_u32, bytes.exit_code, bytes.ok), (Some(1003), 0, true));
    let fuel = |index: usize| results.outcomes[index].run.as_ref().unwrap().fuel_used;
    assert!(fuel(0).is_some_and(|fuel| fuel < 100), "{:?}", fuel(0));
}

#[test]
fn a_test_that_does_not_compile_leaves_the_others_alone() {
    let project = Project::new(
        &[
            ("pass", "", "result_i32", PASS),
            ("wrong", "", "result_i32", r#"["std.test.assert_true", ["+", 1, "zz"], 1]"#),
            ("number", "", "i32", "1"),
            ("with", "n:i32", "result_i32", PASS),
        ],
        json!([
            {"id": "a", "entry": "m.pass"},
            {"id": "b", "entry": "m.wrong"},
            {"id": "d", "entry": "m.number"},
            {"id": "e", "entry": "m.with"},
            {"id": "f", "entry": "m.pas"},
            {"id": "g", "entry": "nowhere.pass"},
            {"id": "h", "entry": "good.pass"},
            {"id": "i", "entry": "broken.pass"},
        ]),
    );
    let module = r#"{"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "good", "imports": [], "decls": [
        {"kind": "export", "names": ["good.pass"]},
        {"kind": "defn", "name": "good.pass", "params": [], "result": "result_i32", "body": ["result_i32.ok", 0]}]}"#;
    project.write("good.x07.json", module);
    project.write("broken.x07.json", "{");
    expect![[r#"
        a pass
        b error [ETEST_COMPILE] Typing: unknown identifier: "zz" (module=m fn=m.wrong ptr=/decls/2/body/1/2) at /decls/2/body/1/2
        d error [ETEST_COMPILE] Typing: test "d": "m.number" does not return result_i32 (module=m ptr=/decls/3) at /decls/3
        e error [ETEST_COMPILE] Typing: test "e": "m.with" has 1 parameters, its entry in the manifest gives it 0 (module=m ptr=/decls/4) at /decls/4
        f error [ETEST_COMPILE] Typing: test "f": there is no function "m.pas"; there is "m.pass" (module=m)
        g error [ETEST_COMPILE] Parse: test "g": unknown module: "nowhere" (searched: nowhere.x07.json)
        h pass
        i error [ETEST_COMPILE] Parse: the file ends too early (inside an object) at 1:2 (module=broken)
        exit 11
    "#]]
    .assert_eq(&told(&project.run(|_| {})));
    let only_compiled = project.run(|options| options.only_compile = true);
    assert_eq!((only_compiled.summary().compile_failures, only_compiled.summary().skipped), (6, 2));
}

#[test]
fn after_the_first_failure_nothing_else_counts() {
    let project = Project::new(
        &[("pass", "", "result_i32", PASS), ("fail", "", "result_i32", r#"["std.test.fail", 1]"#)],
        json!([
            {"id": "a", "entry": "m.pass"},
            {"id": "b", "entry": "m.fail"},
            {"id": "c", "entry": "m.fail"},
            {"id": "d", "entry": "m.pass"},
        ]),
    );
    for jobs in [1, 4] {
        let results = project.run(|options| (options.fail_fast, options.jobs) = (true, Some(jobs)));
        expect![[r#"
            a pass
            b fail [X07T_FAILED] failed with code 1
            c skip [EFAIL_FAST] not run, because a test before it did not do what is expected of it
            d skip [EFAIL_FAST] not run, because a test before it did not do what is expected of it
            exit 10
        "#]]
        .assert_eq(&told(&results));
    }
}

#[test]
fn a_filter_changes_no_driver() {
    let project = Project::new(
        &[("pass", "", "result_i32", PASS), ("other", "", "result_i32", PASS)],
        json!([{"id": "a/x", "entry": "m.pass"}, {"id": "b/x", "entry": "m.other"}]),
    );
    let executables = |filter: Option<&str>, exact: bool| {
        let results = project.run(|options| {
            options.selection.filter = filter.map(str::to_owned);
            options.selection.exact = exact;
        });
        let ids: Vec<String> = results.outcomes.iter().map(|outcome| outcome.test.id.clone()).collect();
        let path = results.outcomes.first().and_then(|outcome| outcome.compile.clone()?.artifact_path);
        let stamp = path.as_ref().map(|path| std::fs::metadata(path).unwrap().modified().unwrap());
        (ids.join(" "), path.zip(stamp))
    };
    let (ids, all) = executables(None, false);
    assert_eq!(ids, "a/x b/x");
    assert_eq!(executables(Some("b"), false), ("b/x".to_owned(), all.clone()));
    assert_eq!(executables(Some("a/x"), true), ("a/x".to_owned(), all));
    assert_eq!(executables(Some("x"), true).0, "");

    let manifest = x07_test::manifest::read(&project.options().manifest).unwrap();
    let why = |filter: &str| {
        let filter = Some(filter.to_owned());
        x07_test::Selection { filter, ..x07_test::Selection::default() }.explain_empty(&manifest)
    };
    assert_eq!(why("a"), None);
    assert_eq!(why("a/y").as_deref(), Some("no test has \"a/y\" in its id; there is \"a/x\""));
}

#[test]
fn a_driver_that_was_replaced_runs_no_test() {
    let project = Project::new(&[("pass", "", "result_i32", PASS)], json!([{"id": "a", "entry": "m.pass"}]));
    let results = project.run(|_| {});
    let executable = results.outcomes[0].compile.as_ref().unwrap().artifact_path.clone().unwrap();
    let limits = x07_runner::Limits::host(5, 100);
    let run = |input: &[u8]| {
        let environment = x07_runner::Environment::isolated();
        let execution = x07_runner::run(&executable, input, &limits, &environment).unwrap();
        let solve = x07_runner::judge(&execution, &limits, x07_runner::Runner::Host);
        (String::from_utf8_lossy(&solve.output).into_owned(), solve.trap.unwrap_or_default())
    };
    assert_eq!(run(&[0; 8]).0, "another driver");
    assert!(run(&[0; 7]).1.starts_with("test driver input too short"));
}

#[test]
fn modules_are_found_in_the_project_and_in_given_roots() {
    let project = Project::new(&[("pass", "", "result_i32", PASS)], json!([{"id": "a", "entry": "m.pass"}]));
    let app = r#"{"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "app", "imports": [], "decls": [
        {"kind": "export", "names": ["app.two"]},
        {"kind": "defn", "name": "app.two", "params": [], "result": "i32", "body": 2}]}"#;
    let uses = r#"{"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "uses",
        "imports": ["app", "std.test"], "decls": [{"kind": "export", "names": ["uses.two"]},
        {"kind": "defn", "name": "uses.two", "params": [], "result": "result_i32",
         "body": ["std.test.assert_i32_eq", ["app.two"], 2, 1]}]}"#;
    let manifest = r#"{"schema_version": "x07.tests_manifest@0.1.0", "tests": [
        {"id": "a", "world": "solve-pure", "entry": "uses.two"}]}"#;
    project.write(
        "x07.json",
        r#"{"schema_version": "x07.project@0.3.0", "world": "run-os", "entry": "src/main.x07.json",
        "module_roots": ["src"]}"#,
    );
    project.write("src/app.x07.json", app);
    project.write("tests/uses.x07.json", uses);
    project.write("tests/tests.json", manifest);
    let status = |roots: &[&str], in_project: bool| {
        let results = project.run(|options| {
            options.manifest = project.path().join("tests/tests.json");
            options.project = in_project.then(|| project.path().join("x07.json"));
            options.module_roots = roots.iter().map(|root| project.path().join(root)).collect();
        });
        results.exit_code()
    };
    assert_eq!(status(&[], true), 0);
    assert_eq!(status(&[], false), 11);
    assert_eq!(status(&["src", "tests"], false), 0);
    assert_eq!(status(&["src"], true), 11);
}

#[test]
fn the_same_is_the_same_every_time() {
    let project = Project::new(
        &[("pass", "", "result_i32", PASS), ("fail", "", "result_i32", r#"["std.test.fail", 1]"#)],
        json!([{"id": "a", "entry": "m.pass"}, {"id": "b", "entry": "m.fail", "expect": "fail"}]),
    );
    assert_eq!(project.run(|options| options.repeat = 5).exit_code(), 0);
}

#[test]
fn a_broken_contract_is_told_and_written_down() {
    let project = Project::new(&[("pass", "", "result_i32", PASS)], json!([{"id": "a", "entry": "c.bad"}]));
    let module = r#"{"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "c", "imports": [], "decls": [
        {"kind": "export", "names": ["c.bad"]},
        {"kind": "defn", "name": "c.positive", "params": [{"name": "n", "ty": "i32"}], "result": "i32", "body": "n",
         "requires": [{"id": "positive", "expr": [">", "n", 0], "witness": ["n"]}]},
        {"kind": "defn", "name": "c.bad", "params": [], "result": "result_i32",
         "body": ["result_i32.ok", ["c.positive", -3]]}]}"#;
    project.write("c.x07.json", module);
    let results = project.run(|_| {});
    expect![[r#"
        a error [X07T_ECONTRACT_REQUIRES] a precondition of c.positive does not hold: positive at /decls/1/requires/0/expr
        exit 12
    "#]]
    .assert_eq(&told(&results));
    let repro: Value =
        serde_json::from_slice(&std::fs::read(results.outcomes[0].repro.as_ref().unwrap()).unwrap()).unwrap();
    assert_eq!(repro["contract"]["witness"][0]["value_i32"], -3);
}

fn property_project() -> Project {
    let status =
        |condition: &str| format!(r#"["if", {condition}, ["std.test.status_ok"], ["std.test.status_fail", 1]]"#);
    let small = status(r#"["||", ["<", "n", 1000], ["<u", ["bytes.len", "b"], 3]]"#);
    let reads = r#"["begin", ["if", ["bytes.len", "b"], ["view.get_u8", ["bytes.view", "b"], ["+", ["bytes.get_u8", "b", 0], 0]], 0],
        ["std.test.status_ok"]]"#;
    Project::new(
        &[
            ("holds", "n:i32 b:bytes", "bytes", &status(r#"["<u", ["bytes.len", "b"], 31]"#)),
            ("small", "n:i32 b:bytes_view", "bytes", &small.replace("bytes.len", "view.len")),
            ("reads", "b:bytes", "bytes", reads),
            ("skips", "n:i32", "bytes", r#"["std.test.status_skip"]"#),
            ("allocates", "n:i32", "bytes", r#"["begin", ["bytes.alloc", "n"], ["std.test.status_ok"]]"#),
            ("spins", "n:i32", "bytes", r#"["begin", ["for", "i", 0, "n", 0], ["std.test.status_ok"]]"#),
        ],
        json!([
            {"id": "1", "entry": "m.holds", "pbt": {"params": [{"name": "n", "gen": {"kind": "i32"}},
                {"name": "b", "gen": {"kind": "bytes", "max_len": 30}}]}},
            {"id": "2", "entry": "m.small", "pbt": {"params": [{"name": "n", "gen": {"kind": "i32"}},
                {"name": "b", "gen": {"kind": "bytes", "max_len": 30}}]}},
            {"id": "3", "entry": "m.reads", "pbt": {"params": [{"name": "b", "gen": {"kind": "bytes", "max_len": 9}}]}},
            {"id": "4", "entry": "m.skips", "pbt": {"cases": 3, "params": [{"name": "n", "gen": {"kind": "i32"}}]}},
            {"id": "5", "entry": "m.reads", "expect": "fail",
                "pbt": {"params": [{"name": "b", "gen": {"kind": "bytes", "max_len": 9}}]}},
            {"id": "6", "entry": "m.allocates", "pbt": {"budget_scope": {"alloc_bytes": 100},
                "params": [{"name": "n", "gen": {"kind": "i32", "min": 0, "max": 1000}}]}},
            {"id": "7", "entry": "m.spins", "pbt": {"case_budget": {"fuel": 1000},
                "params": [{"name": "n", "gen": {"kind": "i32", "min": 0, "max": 5000}}]}},
            {"id": "8", "entry": "m.holds"},
        ]),
    )
}

#[test]
fn properties_are_tried_and_failing_cases_made_small() {
    let project = property_project();
    let run = |seed| {
        let results = project.run(|options| {
            options.selection.kind = Kind::Properties;
            options.property.seed = seed;
        });
        let values = |index: usize| {
            let values = results.outcomes[index].counterexample.clone().unwrap().values;
            values.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(values(1), [I32(1000), Bytes(vec![0, 0, 0])]);
        assert_eq!(values(2), [Bytes(vec![1])]);
        assert_eq!(values(5), [I32(96)]);
        let [I32(rounds)] = values(6)[..] else { panic!("{:?}", values(6)) };
        assert!((300..1000).contains(&rounds), "{rounds}");
        results
    };
    let results = run(0);
    let status = |index: usize| results.outcomes[index].status;
    let statuses = (0..7).map(|index| serde_json::to_value(status(index)).unwrap().as_str().unwrap().to_owned());
    assert_eq!(statuses.collect::<Vec<_>>(), ["pass", "fail", "fail", "skip", "xfail_fail", "fail", "fail"]);
    assert_eq!(results.exit_code(), 10);
    run(77);

    // The file about a failing case repeats it.
    let repro = x07_test::property::read_repro(results.outcomes[1].repro.as_ref().unwrap()).unwrap();
    assert_eq!(repro.values, [I32(1000), Bytes(vec![0, 0, 0])]);
    let replayed = project.run(|options| options.property.repro = Some(repro.clone()));
    assert_eq!((replayed.outcomes.len(), replayed.exit_code()), (1, 10));
    let harmless = x07_test::property::Repro { values: vec![I32(999), Bytes(vec![0, 0, 0])], ..repro };
    assert_eq!(project.run(|options| options.property.repro = Some(harmless.clone())).exit_code(), 0);
    let unknown = x07_test::property::Repro { test_id: "none".to_owned(), ..harmless };
    assert!(project.try_run(|options| options.property.repro = Some(unknown)).is_err());
}

#[test]
fn a_failing_case_becomes_a_unit_test() {
    let project = property_project();
    let values = [vec![I32(1000), Bytes(vec![0, 0, 0xff])], vec![I32(-7), Bytes(b"text".to_vec())]];
    for values in values {
        let repro = x07_test::property::Repro {
            test_id: "2".to_owned(),
            entry: "m.small".to_owned(),
            values,
            names: vec!["n".to_owned(), "b".to_owned()],
            case_index: 0,
        };
        let manifest = || x07_test::manifest::read(&project.options().manifest).unwrap();
        let made = x07_test::property::unit_test(&manifest(), &repro).unwrap();
        std::fs::write(&made.module, &made.module_text).unwrap();
        std::fs::write(&project.options().manifest, &made.manifest_text).unwrap();
        assert!(x07_test::property::unit_test(&manifest(), &repro).is_err());
    }
    let results = project.run(|options| options.selection.filter = Some("case_".to_owned()));
    expect![[r#"
        2/case_5a935e8e fail [X07T_FAILED] failed with code 1
        2/case_aa44e656 pass
        exit 10
    "#]]
    .assert_eq(&told(&results));
}

#[test]
fn property_tests_are_run_when_asked_for() {
    let project = property_project();
    let count = |kind| {
        let results = project.run(|options| {
            options.selection.kind = kind;
            options.property.cases = Some(1);
            options.property.max_shrinks = Some(0);
        });
        results.outcomes.len()
    };
    assert_eq!((count(Kind::Units), count(Kind::Properties), count(Kind::All)), (1, 7, 8));
}

#[test]
fn the_report_has_its_keys_in_order() {
    let project = Project::new(
        &[("fail", "", "result_i32", r#"["std.test.assert_i32_eq", 1, 2, 3]"#)],
        json!([{"id": "a", "entry": "m.fail"}]),
    );
    let options = project.options();
    let results = project.run(|_| {});
    let argv = ["x07".to_owned()];
    let call = Call { argv: &argv, cwd: project.path(), stdlib_lock: None };
    let text = serde_json::to_string(&Report::of(&results, &[], &options, &call)).unwrap();
    let mut keys: Vec<&str> = Vec::new();
    for part in text.split("\":") {
        keys.push(part.rsplit('"').next().unwrap());
    }
    expect![[r#"schema_version tool name version invocation argv cwd started_at_unix_ms repeat jobs manifest_path module_root stdlib_lock summary passed failed skipped errors xfail_passed xfail_failed duration_ms compile_failures run_failures tests id world expect status duration_ms failure_kind entry compile ok exit_code artifact_path c_bytes run ok exit_code fuel_used mem_stats alloc_calls realloc_calls free_calls bytes_alloc_total bytes_freed_total live_bytes peak_live_bytes live_allocs peak_live_allocs memcpy_bytes sched_stats tasks_spawned spawn_calls join_calls yield_calls sleep_calls chan_send_calls chan_recv_calls ctx_switches wake_events blocked_waits virtual_time_end sched_trace_hash solve_output_b64 stdout_b64 stderr_b64 failure_code_u32 diags code message details expected failure_code got"#]]
    .assert_eq(keys[..keys.len() - 1].join(" ").as_str());
}
