//! Escapes of executables that carry their policy and are started by hand.

use std::process::Command;

use serde_json::{Value, json};
use x07_build::{Abi, Request, Silent, World};
use x07_runner::sandbox::{Policy, Sandbox};

use crate::place::{Place, SECRET, policy, program};

/// Builds a standalone executable in the place, starts it there, and gives its status, output and errors.
fn start(place: &Place, policy: &Value, program: &Value, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    std::fs::write(place.path().join("main.x07.json"), program.to_string()).unwrap();
    let sandbox = Sandbox::new(Policy::from_value(policy).unwrap(), true).unwrap();
    let mut request = Request::program(place.path().join("main.x07.json"), []);
    request.world = Some(World::RunOsSandboxed);
    request.abi = Abi::Argv;
    request.fuel = None;
    request.output = Some(place.path().join("program"));
    request.environment.cache = Some(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("escapes"));
    sandbox.embed(&mut request, place.path(), true).unwrap();
    let outcome = x07_build::build(&request, &Silent).unwrap();
    let done = Command::new(&outcome.output)
        .current_dir(place.path())
        .env("OUTSIDE_SECRET", SECRET)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

const TRAP: Option<i32> = Some(70);

#[test]
fn it_can_do_what_the_policy_allows_and_no_more() {
    let place = Place::new();
    let read = |path: &str| program(&[], json!([]), json!(["os.fs.read_file", ["bytes.lit", path]]));
    assert_eq!(start(&place, &policy(|_| {}), &read("file"), &[]), (Some(0), "public".to_owned(), String::new()));
    let variables = [("X07_OS_FS_READ_ROOTS", "outside"), ("X07_OS_FS", "1"), ("X07_OS_SANDBOXED", "0")];
    let (status, output, told) = start(&place, &policy(|_| {}), &read("secret"), &variables);
    assert_eq!((status, output.as_str()), (TRAP, ""));
    assert!(told.contains("os.fs.read_file open failed"), "{told}");

    let get = program(&[], json!([]), json!(["os.env.get", ["bytes.lit", "OUTSIDE_SECRET"]]));
    let (status, _, told) = start(&place, &policy(|_| {}), &get, &[]);
    assert!(status == TRAP && told.contains("key not allowed"), "{told}");
}

#[test]
fn the_kernel_guards_it() {
    let place = Place::new();
    let open = program(
        &[],
        json!([{ "kind": "extern", "abi": "C", "name": "main.open", "link_name": "open", "result": "i32",
                 "params": [{ "name": "p", "ty": "ptr_const_u8" }, { "name": "f", "ty": "i32" }] },
               { "kind": "extern", "abi": "C", "name": "main.socket", "link_name": "socket", "result": "i32",
                 "params": [{ "name": "d", "ty": "i32" }, { "name": "t", "ty": "i32" }, { "name": "p", "ty": "i32" }] },
               { "kind": "extern", "abi": "C", "name": "main.fork", "link_name": "fork", "result": "i32", "params": [] }]),
        json!([
            "begin",
            ["let", "a", ["bytes.lit", "outside/secret\0"]],
            ["let", "b", ["bytes.lit", "inside/file\0"]],
            [
                "unsafe",
                [
                    "fmt.s32_to_dec",
                    [
                        "+",
                        ["+", ["main.fork"], ["main.socket", 2, 1, 0]],
                        [
                            "+",
                            ["main.open", ["bytes.as_ptr", "a"], 0],
                            ["if", ["<", ["main.open", ["bytes.as_ptr", "b"], 0], 0], 100, 0]
                        ]
                    ]
                ]
            ]
        ]),
    );
    let foreign = policy(|policy| policy["language"] = json!({ "allow_unsafe": true, "allow_ffi": true }));
    let (status, output, told) = start(&place, &foreign, &open, &[]);
    assert_eq!((status, output.as_str()), (Some(0), "-3"), "{told}");
}

#[test]
fn its_time_is_limited() {
    let place = Place::new();
    let wait = program(
        &[],
        json!([{ "kind": "extern", "abi": "C", "name": "main.pause", "link_name": "pause", "result": "i32", "params": [] }]),
        json!(["begin", ["unsafe", ["main.pause"]], ["bytes.alloc", 0]]),
    );
    let brief = policy(|policy| {
        policy["language"] = json!({ "allow_unsafe": true, "allow_ffi": true });
        policy["limits"]["wall_ms"] = json!(200);
    });
    assert_eq!(start(&place, &brief, &wait, &[]), (TRAP, String::new(), "timed out\n".to_owned()));

    let busy = policy(|policy| policy["limits"]["cpu_ms"] = json!(1000));
    let spin = json!([
        "begin",
        ["let", "n", 0],
        ["for", "i", 0, 2_147_483_647, ["set", "n", ["^", "n", ["*", "i", ["+", "n", 7]]]]],
        ["codec.write_u32_le", "n"]
    ]);
    let spin = program(&[], json!([]), json!(["begin", ["codec.write_u32_le", 0], spin]));
    assert_eq!(start(&place, &busy, &spin, &[]), (TRAP, String::new(), "cpu time limit\n".to_owned()));
}

#[test]
fn few_descriptors_are_enough() {
    let place = Place::new();
    let few = policy(|policy| policy["limits"]["fds"] = json!(4));
    let read = program(&[], json!([]), json!(["os.fs.read_file", ["bytes.lit", "file"]]));
    assert_eq!(start(&place, &few, &read, &[]), (Some(0), "public".to_owned(), String::new()));
}

#[test]
fn its_folders_are_there() {
    let place = Place::new();
    let out = policy(|policy| policy["fs"]["write_roots"] = json!(["made/below"]));
    let write = json!(["os.fs.write_file", ["bytes.lit", "file"], ["bytes.lit", "x"]]);
    let write = program(&[], json!([]), json!(["codec.write_u32_le", write]));
    assert_eq!(start(&place, &out, &write, &[]), (Some(0), "\0\0\0\0".to_owned(), String::new()));
    assert!(place.path().join("made/below/file").is_file());
}
