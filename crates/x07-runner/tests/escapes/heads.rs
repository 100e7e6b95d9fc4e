//! Escapes by the heads of the language itself.

use serde_json::{Value, json};

use crate::place::{End, Place, policy, program};

/// The caps of the `os.fs.*_v1` heads with these flags.
fn caps(flags: u32) -> Value {
    let mut bytes = json!(["codec.write_u32_le", 1]);
    for field in [0, 0, 0, 0, flags] {
        bytes = json!(["bytes.concat", bytes, ["codec.write_u32_le", field]]);
    }
    bytes
}

/// Runs an expression whose paths come from the input, one run for each path, and expects that none succeeds.
fn each_traps(expression: Value, cases: &[(&str, &str)]) {
    let place = Place::new();
    let attempt = program(&[], json!([]), expression);
    for (path, message) in cases {
        match place.run(&attempt, &policy(|_| {}), path.as_bytes()) {
            End::Trap(trap) => assert!(trap.contains(message), "{path}: {trap}"),
            other => panic!("{path}: {other:?}"),
        }
    }
    place.assert_untouched();
}

#[test]
fn read_file_stays_inside() {
    each_traps(
        json!(["os.fs.read_file", ["view.to_bytes", "input"]]),
        &[
            ("../outside/secret", "unsafe path"),
            ("inside/../outside/secret", "unsafe path"),
            ("/etc/passwd", "unsafe path"),
            ("inside//file", "unsafe path"),
            ("link", "open failed"),
            ("absolute", "open failed"),
            ("way/secret", "open failed"),
            ("root/etc/passwd", "open failed"),
            ("environment", "open failed"),
            (".hidden", "hidden path denied"),
            ("folder/.hidden", "hidden path denied"),
            ("unhidden", "open failed"),
            ("outside/secret", "open failed"),
            ("proc/self/environ", "open failed"),
        ],
    );
}

#[test]
fn what_is_inside_can_be_read() {
    let place = Place::new();
    let read = program(&[], json!([]), json!(["os.fs.read_file", ["view.to_bytes", "input"]]));
    assert_eq!(place.run(&read, &policy(|_| {}), b"file"), End::Output(b"public".to_vec()));
}

/// Expects that each expression of a kind yields this error code (0: success).
fn each_fails(kind: &str, cases: &[(Value, u32)]) {
    let place = Place::new();
    let mut out = json!(["bytes.alloc", 0]);
    for (head, _) in cases {
        out = json!(["bytes.concat", out, ["codec.write_u32_le", [format!("{kind}.err_code"), head]]]);
    }
    let expected: Vec<u8> = cases.iter().flat_map(|(_, code)| code.to_le_bytes()).collect();
    assert_eq!(place.run(&program(&[], json!([]), out), &policy(|_| {}), b""), End::Output(expected));
    place.assert_untouched();
}

/// Expects a number of an expression under a policy.
fn gives(policy: &Value, expression: Value, expected: u32) {
    let place = Place::new();
    let program = program(&[], json!([]), json!(["codec.write_u32_le", expression]));
    assert_eq!(place.run(&program, policy, b""), End::Output(expected.to_le_bytes().to_vec()), "{program}");
    place.assert_untouched();
}

#[test]
fn a_folder_is_told_from_what_may_not_be_read() {
    let closed = policy(|policy| policy["fs"]["allow_walk"] = json!(false));
    let read = |path: &str| json!(["result_bytes.err_code", ["os.fs.read_all_v1", ["bytes.lit", path], caps(0)]]);
    gives(&closed, read("inside"), 60013);
    gives(&closed, read("outside"), DENIED);
}

#[test]
fn roots_that_are_not_there() {
    let missing = |may_make: bool| {
        policy(|policy| {
            policy["fs"]["write_roots"] = json!(["nope/deep"]);
            policy["fs"]["allow_mkdir"] = json!(may_make);
        })
    };
    let write = json!(["os.fs.write_file", ["bytes.lit", "file"], ["bytes.lit", "x"]]);
    gives(&missing(false), write.clone(), 2);
    gives(&missing(true), write, 0);
    let make = json!(["result_i32.err_code", ["os.fs.mkdirs_v1", ["bytes.lit", "nope/deep/er"], caps(0)]]);
    gives(&missing(true), make, 0);
}

#[test]
fn a_root_is_not_emptied_by_what_cannot_remove_it() {
    let remove = json!(["result_i32.err_code", ["os.fs.remove_dir_all_v1", ["bytes.lit", "inside"], caps(0)]]);
    let still_there = json!(["result_bytes.err_code", ["os.fs.read_all_v1", ["bytes.lit", "inside/file"], caps(0)]]);
    gives(&policy(|_| {}), json!(["+", remove, still_there]), 60014);
}

const DENIED: u32 = 60001;
const BAD_PATH: u32 = 60003;

#[test]
fn the_v1_heads_stay_inside() {
    let read = |path: &str| json!(["os.fs.read_all_v1", ["bytes.lit", path], caps(0)]);
    let list = |path: &str| json!(["os.fs.list_dir_sorted_text_v1", ["bytes.lit", path], caps(0)]);
    each_fails(
        "result_bytes",
        &[
            (read("inside/file"), 0),
            (read("inside/../outside/secret"), BAD_PATH),
            (read("/etc/passwd"), BAD_PATH),
            (read("outside/secret"), DENIED),
            (read("inside/link"), DENIED),
            (read("inside/way/secret"), DENIED),
            (read("inside/root/proc/self/environ"), DENIED),
            (read("inside/.hidden"), DENIED),
            (read("inside/unhidden"), DENIED),
            (list("inside/way"), DENIED),
            (json!(["os.fs.stat_v1", ["bytes.lit", "inside/way/secret"], caps(0)]), DENIED),
            // The caller's own caps cannot lift the policy's ban.
            (json!(["os.fs.read_all_v1", ["bytes.lit", "inside/.hidden"], caps(2)]), DENIED),
            (json!(["os.fs.read_all_v1", ["bytes.lit", "inside/file"], caps(1)]), 60019),
        ],
    );
    let write = |path: &str, flags| json!(["os.fs.write_all_v1", ["bytes.lit", path], ["bytes.lit", "x"], caps(flags)]);
    let rename = |from: &str, to: &str| json!(["os.fs.rename_v1", ["bytes.lit", from], ["bytes.lit", to], caps(0)]);
    each_fails(
        "result_i32",
        &[
            (write("inside/way/new", 0), DENIED),
            (write("inside/link", 8), DENIED),
            (write("inside/nowhere", 8), DENIED),
            (write("outside/new", 4), DENIED),
            (write("inside/../outside/new", 4), BAD_PATH),
            (rename("inside/file", "outside/new"), DENIED),
            (rename("outside/secret", "inside/taken"), DENIED),
            (rename("inside/way/secret", "inside/taken"), DENIED),
            (json!(["os.fs.mkdirs_v1", ["bytes.lit", "inside/way/new"], caps(0)]), DENIED),
            (json!(["os.fs.remove_file_v1", ["bytes.lit", "inside/way/secret"], caps(0)]), DENIED),
            (json!(["os.fs.remove_dir_all_v1", ["bytes.lit", "inside/way"], caps(0)]), DENIED),
            (json!(["os.fs.remove_dir_all_v1", ["bytes.lit", "outside"], caps(0)]), DENIED),
        ],
    );
}

#[test]
fn the_environment_the_clock_and_the_end_are_the_policys() {
    let place = Place::new();
    let traps = [
        (json!(["os.env.get", ["bytes.lit", "OUTSIDE_SECRET"]]), "key not allowed"),
        (json!(["begin", ["os.process.exit", 0], ["bytes.alloc", 0]]), "denied by policy"),
        (json!(["os.net.http_request", ["bytes.lit", "GET"]]), "os.net disabled by policy"),
    ];
    for (expression, message) in traps {
        match place.run(&program(&[], json!([]), expression), &policy(|_| {}), b"") {
            End::Trap(trap) => assert!(trap.contains(message), "{trap}"),
            other => panic!("{message}: {other:?}"),
        }
    }
    let sleep = program(&[], json!([]), json!(["codec.write_u32_le", ["os.time.sleep_ms_v1", 11]]));
    assert_eq!(place.run(&sleep, &policy(|_| {}), b""), End::Output(vec![0; 4]));
}

#[test]
fn too_many_bytes_are_refused() {
    let place = Place::new();
    let read = json!(["result_bytes.err_code", ["os.fs.read_all_v1", ["bytes.lit", "inside/file"], caps(0)]]);
    let write = json!([
        "result_i32.err_code",
        ["os.fs.write_all_v1", ["bytes.lit", "inside/new"], ["bytes.lit", "12345"], caps(0)]
    ]);
    let both = json!(["bytes.concat", ["codec.write_u32_le", read], ["codec.write_u32_le", write]]);
    let tight = policy(|policy| {
        policy["fs"]["max_read_bytes"] = json!(5);
        policy["fs"]["max_write_bytes"] = json!(4);
    });
    let too_large = 60016u32.to_le_bytes();
    assert_eq!(place.run(&program(&[], json!([]), both), &tight, b""), End::Output([too_large, too_large].concat()));
}

#[test]
fn too_much_memory_ends_the_program() {
    let place = Place::new();
    let small = policy(|policy| policy["limits"]["mem_bytes"] = json!(33_554_432));
    let hungry = program(&[], json!([]), json!(["bytes.alloc", 33_554_432]));
    match place.run(&hungry, &small, b"") {
        End::Trap(trap) => assert!(trap.contains("out of memory"), "{trap}"),
        other => panic!("{other:?}"),
    }
}
