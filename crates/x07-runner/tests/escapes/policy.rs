//! Ways around the policy itself: damage, contradiction, inherited variables, gaps in what the kernel enforces.

use serde_json::{Value, json};

use crate::place::{End, Place, end_of, policy, program};

/// An edit of a policy.
type Change = fn(&mut Value);

fn nothing() -> Value {
    program(&[], json!([]), json!(["bytes.alloc", 0]))
}

/// Expects that a policy is refused, with every one of these texts.
fn refused(policy: &Value, texts: &[&str]) {
    let place = Place::new();
    match end_of(&place.call(&nothing(), policy, b"", "", &[])) {
        End::Refused(told) => texts.iter().for_each(|text| assert!(told.contains(text), "{text} is not in: {told}")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_mistake_is_told() {
    refused(
        &policy(|policy| {
            policy["fs"]["read_roots"] = json!("inside");
            policy["fs"]["allow_everything"] = json!(true);
            policy["limits"]["fds"] = json!(5000);
            policy["net"]["allow_hosts"] = json!([{ "host": "a b", "ports": [0] }]);
            policy["process"]["allow_cwd"] = json!(true);
            policy.as_object_mut().unwrap().remove("time");
        }),
        &[
            "/fs/read_roots",
            "allow_everything",
            "/limits/fds",
            "/net/allow_hosts/0/host",
            "/net/allow_hosts/0/ports/0",
            "allow_cwd_roots",
            "the property 'time' is missing",
        ],
    );
    refused(&policy(|policy| policy["fs"]["read_roots"] = json!(["a;b"])), &["/fs/read_roots/0"]);
    refused(&policy(|policy| policy["process"]["allow_spawn"] = json!(true)), &["/process"]);
    refused(
        &policy(|policy| policy["process"]["allow_args_regex_lite"] = json!(["*"])),
        &["/process/allow_args_regex_lite/0", "is no pattern"],
    );
    let host = |host: &str| policy(|policy| policy["net"]["allow_hosts"] = json!([{ "host": host, "ports": [1] }]));
    refused(&host(&"é".repeat(128)), &["/net/allow_hosts/0/host", "at most 255 bytes, not 256"]);
    refused(&json!([]), &["want object, but got array"]);
}

#[test]
fn limits_under_which_nothing_starts_are_refused() {
    refused(&policy(|policy| policy["limits"]["mem_bytes"] = json!(2_000_000)), &["cannot start a process"]);
    refused(&policy(|policy| policy["limits"]["fds"] = json!(2)), &["cannot start a process"]);
}

#[test]
fn a_program_starts_with_the_fewest_descriptors() {
    let place = Place::new();
    let few = policy(|policy| policy["limits"]["fds"] = json!(4));
    assert_eq!(place.run(&nothing(), &few, b""), End::Output(Vec::new()));
}

#[test]
fn what_the_kernel_enforces_needs_no_flag() {
    let place = Place::new();
    assert_eq!(end_of(&place.call(&nothing(), &policy(|_| {}), b"", "", &[])), End::Output(Vec::new()));
    let flags = "--sandbox-backend os";
    assert_eq!(end_of(&place.call(&nothing(), &policy(|_| {}), b"", flags, &[])), End::Output(Vec::new()));
}

#[test]
fn gaps_are_named_and_must_be_accepted() {
    let gaps: [(Change, &str); 4] = [
        (|policy| policy["language"] = json!({ "allow_unsafe": true, "allow_ffi": true }), "fs.deny_hidden"),
        (
            |policy| {
                policy["language"] = json!({ "allow_unsafe": true, "allow_ffi": false });
                policy["time"]["enabled"] = json!(false);
            },
            "time: clocks are read without the kernel",
        ),
        (
            |policy| {
                policy["process"] = json!({ "enabled": true, "allow_spawn": true, "max_live": 1, "max_spawns": 1,
                    "max_runtime_ms": 1000, "allow_execs": ["/bin/echo"], "allow_exec": false, "allow_exit": false });
            },
            "fs.deny_hidden",
        ),
        (
            |policy| {
                policy["language"] = json!({ "allow_unsafe": true, "allow_ffi": true });
                policy["net"] = json!({ "enabled": true, "allow_dns": false, "allow_tcp": true, "allow_udp": false,
                    "allow_hosts": [{ "host": "localhost", "ports": [80] }] });
            },
            "net.allow_hosts: the kernel tells ports apart, not hosts",
        ),
    ];
    let place = Place::new();
    for (change, part) in gaps {
        refused(&policy(change), &["fails closed", part, "--i-accept-weaker-isolation"]);
        let accepted = place.call(&nothing(), &policy(change), b"", "--i-accept-weaker-isolation", &[]);
        assert_eq!(end_of(&accepted), End::Output(Vec::new()));
        assert!(String::from_utf8_lossy(&accepted.stderr).contains(part));
    }
}

#[test]
fn what_has_no_effect_is_told() {
    let idle = policy(|policy| policy["threads"] = json!({ "enabled": false, "max_workers": 2, "max_queue": 5 }));
    let told = Place::new().call(&nothing(), &idle, b"", "", &[]).stderr;
    let told = String::from_utf8_lossy(&told);
    for field in ["threads.enabled", "threads.max_workers", "threads.max_queue"] {
        assert!(told.contains(field), "{told}");
    }
}

#[test]
fn the_callers_variables_change_no_policy() {
    let place = Place::new();
    let read = program(&[], json!([]), json!(["os.fs.read_file", ["bytes.lit", "secret"]]));
    let variables = [
        ("X07_OS_FS_READ_ROOTS", "outside"),
        ("X07_OS_SANDBOXED", "0"),
        ("X07_WORLD", "run-os"),
        ("X07_OS_DENY_HIDDEN", "0"),
    ];
    match end_of(&place.call(&read, &policy(|_| {}), b"", "", &variables)) {
        End::Trap(trap) => assert!(trap.contains("open failed"), "{trap}"),
        other => panic!("{other:?}"),
    }
    // Not even a policy that lists them lets a program read them.
    let listed = policy(|policy| policy["env"]["allow_keys"] = json!(["LD_PRELOAD"]));
    let get = program(&[], json!([]), json!(["os.env.get", ["bytes.lit", "LD_PRELOAD"]]));
    let end = end_of(&place.call(&get, &listed, b"", "", &[("LD_PRELOAD", "")]));
    assert_eq!(end, End::Output(Vec::new()));
}
