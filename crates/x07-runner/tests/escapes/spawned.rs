//! Escapes by started programs: the rules for starting them, and what they can do once they run.

use serde_json::{Value, json};

use crate::place::{End, Place, SECRET, policy, program};

fn spawning(change: impl FnOnce(&mut Value)) -> Value {
    policy(|policy| {
        policy["process"] = json!({
            "enabled": true, "allow_spawn": true, "max_live": 2, "max_spawns": 3, "max_runtime_ms": 3000,
            "allow_execs": ["/bin/sh", "/bin/cat", "/bin/echo"], "allow_exec_prefixes": ["/opt/tools/"],
            "allow_env_keys": ["A"], "allow_exec": false, "allow_exit": false,
        });
        change(policy);
    })
}

/// A program that runs another and yields its result document. `arguments` are what follows the program's name.
fn runs(name: &str, arguments: &[&str], times: usize, max_stdout: i32) -> Value {
    let mut steps = vec![json!("begin"), json!(["let", "all", ["bytes.alloc", 0]])];
    for time in 0..times {
        let q = format!("q{time}");
        steps.push(json!(["let", q, ["std.os.process.req_v1.new", ["bytes.lit", name]]]));
        for argument in arguments {
            steps.push(json!(["set", q, ["std.os.process.req_v1.arg", q, ["bytes.lit", argument]]]));
        }
        steps.push(json!([
            "set",
            "all",
            [
                "bytes.concat",
                "all",
                [
                    "std.os.process.run_capture_v1",
                    ["std.os.process.req_v1.finish", q],
                    ["std.os.process.caps_v1.finish", max_stdout, 4096, 0, 0]
                ]
            ]
        ]));
    }
    steps.push(json!("all"));
    let imports = ["std.os.process", "std.os.process.req_v1", "std.os.process.caps_v1"];
    program(&imports, json!([]), Value::Array(steps))
}

/// The error document of a code.
fn error(code: u32) -> Vec<u8> {
    [&[0][..], &code.to_le_bytes(), &[0; 4]].concat()
}

const DENIED: u32 = 1;
const SPAWN_FAILED: u32 = 3;
const OUTPUT_LIMIT: u32 = 5;

#[test]
fn only_listed_programs_start() {
    let place = Place::new();
    for (name, code) in [
        ("/usr/bin/env", DENIED),
        ("sh", DENIED),
        ("/bin/../bin/sh", DENIED),
        ("/opt/tools/../../bin/sh", DENIED),
        ("/opt/tools//sh", DENIED),
        ("/opt/tools/missing", SPAWN_FAILED),
    ] {
        assert_eq!(place.run(&runs(name, &[], 1, 4096), &spawning(|_| {}), b""), End::Output(error(code)), "{name}");
    }
    let off = spawning(|policy| policy["process"]["enabled"] = json!(false));
    assert_eq!(place.run(&runs("/bin/echo", &[], 1, 4096), &off, b""), End::Output(error(DENIED)));
}

/// Runs a shell script and gives its standard output and error as one text.
fn shell(place: &Place, policy: &Value, script: &str) -> String {
    match place.run(&runs("/bin/sh", &["-c", script], 1, 4096), policy, b"") {
        End::Output(document) => String::from_utf8_lossy(&document).into_owned(),
        other => panic!("{script}: {other:?}"),
    }
}

#[test]
fn a_started_program_stays_inside_too() {
    let place = Place::new();
    for script in [
        "cat outside/secret",
        "cat inside/link",
        "cat < outside/secret",
        "cat /etc/passwd",
        "cat /proc/self/environ /proc/1/environ",
        "echo $OUTSIDE_SECRET; export -p",
        "echo x > outside/new",
        "/usr/bin/env; /usr/bin/id; ls outside",
        "/lib64/ld-linux-x86-64.so.2 /usr/bin/id",
        "kill -0 1 && echo alive",
        "ulimit -n 1000 && echo more",
    ] {
        let told = shell(&place, &spawning(|_| {}), script);
        for leaked in [SECRET, "root:", "uid=", "alive", "more\n", "HOME"] {
            assert!(!told.contains(leaked), "{script}: {told}");
        }
    }
    assert!(shell(&place, &spawning(|_| {}), "cat inside/file").contains("public"));
    place.assert_untouched();
}

#[test]
fn arguments_variables_and_folders_are_the_policys() {
    let place = Place::new();
    let words = spawning(|policy| policy["process"]["allow_args_regex_lite"] = json!(["a*"]));
    assert_eq!(place.run(&runs("/bin/echo", &["ab"], 1, 4096), &words, b""), End::Output(error(DENIED)));
    let setters = [
        json!(["std.os.process.req_v1.env", "q", ["bytes.lit", "LD_PRELOAD"], ["bytes.lit", "x.so"]]),
        json!(["std.os.process.req_v1.env", "q", ["bytes.lit", "ALLOWED="], ["bytes.lit", "x"]]),
        json!(["std.os.process.req_v1.cwd", "q", ["bytes.lit", "outside"]]),
    ];
    let known = spawning(|policy| policy["process"]["allow_env_keys"] = json!(["ALLOWED"]));
    for setter in setters {
        let attempt = program(
            &["std.os.process.req_v1", "std.os.process.caps_v1"],
            json!([]),
            json!([
                "begin",
                ["let", "q", ["std.os.process.req_v1.new", ["bytes.lit", "/bin/echo"]]],
                ["set", "q", setter],
                [
                    "os.process.run_capture_v1",
                    ["std.os.process.req_v1.finish", "q"],
                    ["std.os.process.caps_v1.finish", 4096, 4096, 0, 0]
                ]
            ]),
        );
        assert_eq!(place.run(&attempt, &known, b""), End::Output(error(DENIED)));
    }
}

#[test]
fn what_is_switched_off_is_denied_and_not_counted() {
    let attempt = json!(["os.process.spawn_capture_v1", ["bytes.lit", "?"], ["bytes.lit", "?"]]);
    let twice = program(&[], json!([]), json!(["begin", attempt, ["codec.write_u32_le", attempt]]));
    let second = |is_on: bool| {
        let policy = spawning(|policy| {
            policy["process"]["enabled"] = json!(is_on);
            policy["process"]["max_spawns"] = json!(1);
        });
        Place::new().run(&twice, &policy, b"")
    };
    let handle = |value: u32| End::Output(value.to_le_bytes().to_vec());
    assert_eq!(second(false), handle(0x1_0002));
    assert_eq!(second(true), handle(DENIED << 16));
}

#[test]
fn too_many_programs_and_too_much_output_are_refused() {
    let place = Place::new();
    let ok: Vec<u8> = [&[1, 1][..], &[0; 8], &[1, 0, 0, 0, b'\n'], &[0; 4]].concat();
    let four = place.run(&runs("/bin/echo", &[], 4, 4096), &spawning(|_| {}), b"");
    assert_eq!(four, End::Output([ok.clone(), ok.clone(), ok, error(DENIED)].concat()));

    let flood = place.run(&runs("/bin/cat", &["/dev/zero"], 1, 4096), &spawning(|_| {}), b"");
    assert_eq!(flood, End::Output(error(OUTPUT_LIMIT)));

    let exact = place.run(&runs("/bin/echo", &["abc"], 1, 4), &spawning(|_| {}), b"");
    assert_eq!(exact, End::Output([&[1, 1][..], &[0; 8], &[4, 0, 0, 0], b"abc\n", &[0; 4]].concat()));
}

#[test]
fn no_program_outlives_a_run_that_is_cut_short() {
    let place = Place::new();
    let hasty = spawning(|policy| {
        policy["limits"]["wall_ms"] = json!(400);
        policy["fs"]["deny_hidden"] = json!(false);
    });
    let script = "while :; do echo x >> inside/alive; done";
    assert_eq!(place.run(&runs("/bin/sh", &["-c", script], 1, 4096), &hasty, b""), End::Trap("timed out".to_owned()));
    let size = || std::fs::metadata(place.path().join("inside/alive")).unwrap().len();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let before = size();
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(size(), before);
}

#[test]
fn processes_are_counted_where_the_kernel_counts_them() {
    let place = Place::new();
    let few = spawning(|policy| {
        policy["limits"]["procs"] = json!(8);
        policy["process"]["allow_execs"] = json!(["/bin/sh", "/bin/sleep"]);
    });
    if rustix::process::geteuid().is_root() {
        let done = place.call(&runs("/bin/sh", &["-c", ":"], 1, 4096), &few, b"", "", &[]);
        assert!(String::from_utf8_lossy(&done.stderr).contains("limits.procs: the kernel does not count"));
        return;
    }
    let script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2 & done; wait; echo all";
    assert!(!shell(&place, &few, script).contains("all\n"));
}
