//! Tests in run-os-sandboxed.

use expect_test::expect;
use serde_json::{Value, json};

use crate::support::{Project, told};

const READ: &str =
    r#"["std.test.assert_bytes_eq", ["os.fs.read_file", ["bytes.lit", "shown"]], ["bytes.lit", "yes"], 1]"#;
const HIDDEN: &str =
    r#"["std.test.assert_bytes_eq", ["os.fs.read_file", ["bytes.lit", "kept"]], ["bytes.lit", "no"], 1]"#;
const RAW: &str =
    r#"["begin", ["let", "b", ["bytes.alloc", 1]], ["unsafe", ["bytes.as_ptr", "b"]], ["std.test.pass"]]"#;
const WAIT: &str = r#"["begin", ["os.time.sleep_ms_v1", 900], ["std.test.pass"]]"#;

fn policy(change: impl FnOnce(&mut Value)) -> String {
    let mut policy = x07_runner::sandbox::template("cli", "test").unwrap();
    policy["fs"]["read_roots"] = json!(["open"]);
    policy["fs"]["write_roots"] = json!([]);
    change(&mut policy);
    policy.to_string()
}

fn project() -> Project {
    let project = Project::new(
        &[
            ("read", "", "result_i32", READ),
            ("hidden", "", "result_i32", HIDDEN),
            ("raw", "", "result_i32", RAW),
            ("pass", "", "result_i32", r#"["std.test.pass"]"#),
        ],
        json!([
            {"id": "1", "entry": "m.read", "world": "run-os-sandboxed", "policy_json": "strict.json"},
            {"id": "2", "entry": "m.hidden", "world": "run-os-sandboxed", "policy_json": "strict.json"},
            {"id": "3", "entry": "m.raw", "world": "run-os-sandboxed", "policy_json": "strict.json"},
            {"id": "4", "entry": "m.raw", "world": "run-os-sandboxed", "policy_json": "raw.json"},
            {"id": "5", "entry": "m.pass", "world": "run-os-sandboxed", "policy_json": "wrong.json"},
            {"id": "6", "entry": "m.pass", "world": "run-os"},
        ]),
    );
    project.write("open/shown", "yes");
    project.write("kept", "no");
    project.write("strict.json", &policy(|_| {}));
    project.write("raw.json", &policy(|policy| policy["language"]["allow_unsafe"] = json!(true)));
    project.write("wrong.json", &policy(|policy| policy["limits"]["fds"] = json!(1)));
    project
}

#[test]
fn each_test_is_held_by_its_policy() {
    let results = project().run(|options| options.fail_fast = false);
    expect![[r#"
        1 pass
        2 error [ETEST_RUN] os.fs.read_file open failed path=kept errno=2 module=m ptr=/decls/2/body/1 at /decls/2/body/1
        3 error [ETEST_COMPILE] Unsupported: "unsafe" needs the unsafe capability, which the policy does not give: language.allow_unsafe is false (module=m fn=m.raw ptr=/decls/3/body/2) at /decls/3/body/2
        4 error [ETEST_POLICY_INVALID] run-os-sandboxed fails closed, because only the program's own checks would enforce:
        5 error [ETEST_POLICY_INVALID] limits.fds = 1 cannot start a process; it takes at least 4
        6 pass
        exit 11
    "#]].assert_eq(&told(&results));
}

#[test]
fn what_is_only_compiled_needs_a_policy_too() {
    let project = project();
    let only = |test: &str| {
        told(&project.run(|options| {
            options.only_compile = true;
            options.selection.filter = Some(test.to_owned());
        }))
    };
    expect![[r#"
        1 skip
        exit 0
        3 error [ETEST_COMPILE] Unsupported: "unsafe" needs the unsafe capability, which the policy does not give: language.allow_unsafe is false (module=m fn=m.raw ptr=/decls/3/body/2) at /decls/3/body/2
        exit 11
        5 error [ETEST_POLICY_INVALID] limits.fds = 1 cannot start a process; it takes at least 4
        exit 12
    "#]].assert_eq(&(only("1") + &only("3") + &only("5")));
}

#[test]
fn the_tighter_limit_holds() {
    let project = Project::new(
        &[("wait", "", "result_i32", WAIT)],
        json!([
            {"id": "policy", "entry": "m.wait", "world": "run-os-sandboxed", "policy_json": "brief.json", "timeout_ms": 60000},
        ]),
    );
    project.write("brief.json", &policy(|policy| policy["limits"]["wall_ms"] = json!(200)));
    expect![[r#"
        policy error [ETEST_RUN] timed out
        exit 12
    "#]]
    .assert_eq(&told(&project.run(|_| {})));
}
