//! Escapes by C functions, which know nothing of the runtime's checks: only the kernel stands in their way.

use serde_json::{Value, json};

use crate::place::{End, Place, SECRET, policy, program};

/// An argument of a C function.
enum Arg {
    /// An int.
    Int(i32),
    /// A C string.
    Text(&'static str),
    /// A C string with the path of the place in front.
    Path(&'static str),
}
use Arg::{Int, Path, Text};

fn foreign(change: impl FnOnce(&mut Value)) -> Value {
    policy(|policy| {
        policy["language"] = json!({ "allow_unsafe": true, "allow_ffi": true });
        change(policy);
    })
}

/// One program that makes all the calls and gives the sign of each result: 1 is success, 0 failure.
fn attempts(place: &Place, calls: &[(&str, Vec<Arg>)]) -> Value {
    let mut decls = Vec::new();
    let mut steps = vec![json!("begin"), json!(["let", "out", ["vec_u8.with_capacity", 16]])];
    for (index, (function, args)) in calls.iter().enumerate() {
        let name = format!("main.call{index}");
        let mut call = vec![json!(name)];
        let mut params = Vec::new();
        for (place_of, arg) in args.iter().enumerate() {
            let text = match arg {
                Int(value) => {
                    call.push(json!(value));
                    params.push(json!({ "name": format!("a{place_of}"), "ty": "i32" }));
                    continue;
                }
                Text(text) => format!("{text}\0"),
                Path(path) => format!("{}/{path}\0", place.path().display()),
            };
            let local = format!("t{index}_{place_of}");
            steps.push(json!(["let", local, ["bytes.lit", text]]));
            call.push(json!(["bytes.as_ptr", local]));
            params.push(json!({ "name": format!("a{place_of}"), "ty": "ptr_const_u8" }));
        }
        decls.push(json!({ "kind": "extern", "abi": "C", "name": name, "link_name": function, "params": params,
                           "result": "i32" }));
        steps.push(json!(["set", "out", ["vec_u8.push", "out", ["if", ["<", ["unsafe", call], 0], 0, 1]]]));
    }
    steps.push(json!(["vec_u8.into_bytes", "out"]));
    program(&[], Value::Array(decls), Value::Array(steps))
}

/// Expects that every call fails, each in a program of its own declarations but all in one run.
fn all_fail(policy: &Value, calls: &[(&str, Vec<Arg>)]) {
    let place = Place::new();
    match place.run(&attempts(&place, calls), policy, b"") {
        End::Output(results) => {
            let succeeded: Vec<&str> =
                calls.iter().zip(&results).filter(|(_, result)| **result != 0).map(|((name, _), _)| *name).collect();
            assert_eq!(succeeded, [""; 0], "these calls succeeded");
        }
        other => panic!("{other:?}"),
    }
    place.assert_untouched();
}

#[test]
fn the_kernel_guards_files() {
    let (read, write, create) = (libc::O_RDONLY, libc::O_WRONLY, libc::O_WRONLY | libc::O_CREAT);
    all_fail(
        &foreign(|_| {}),
        &[
            ("open", vec![Path("outside/secret"), Int(read), Int(0)]),
            ("open64", vec![Text("inside/../outside/secret"), Int(read), Int(0)]),
            ("openat", vec![Int(libc::AT_FDCWD), Text("inside/link"), Int(read), Int(0)]),
            ("openat64", vec![Int(libc::AT_FDCWD), Text("/proc/self/environ"), Int(read), Int(0)]),
            ("creat", vec![Path("outside/new"), Int(0o644)]),
            ("creat64", vec![Text("inside/nowhere"), Int(0o644)]),
            ("truncate", vec![Path("outside/secret"), Int(0)]),
            ("unlink", vec![Path("outside/secret")]),
            ("unlinkat", vec![Int(libc::AT_FDCWD), Text("inside/way/secret"), Int(0)]),
            ("rename", vec![Path("outside/secret"), Text("inside/taken")]),
            ("renameat", vec![Int(libc::AT_FDCWD), Text("inside/file"), Int(libc::AT_FDCWD), Text("outside/new")]),
            ("link", vec![Path("outside/secret"), Text("inside/taken")]),
            ("symlink", vec![Text("/etc"), Text("inside/etc")]),
            ("mkdir", vec![Path("outside/new"), Int(0o755)]),
            ("rmdir", vec![Path("outside")]),
            ("mknod", vec![Text("inside/device"), Int(0o60_666), Int(0x800)]),
            ("chmod", vec![Path("outside/secret"), Int(0o444)]),
            ("chown", vec![Path("outside/secret"), Int(1), Int(1)]),
            ("remove", vec![Path("outside/secret")]),
            ("chroot", vec![Path("outside")]),
            ("mount", vec![Text("none"), Text("inside/folder"), Text("tmpfs"), Int(0), Int(0)]),
        ],
    );
    // Two more functions of those names would be declared twice.
    all_fail(
        &foreign(|_| {}),
        &[
            ("open", vec![Text("/etc/shadow"), Int(write), Int(0)]),
            ("openat", vec![Int(libc::AT_FDCWD), Text("outside/new"), Int(create), Int(0o644)]),
        ],
    );
}

#[test]
fn the_kernel_guards_sockets_processes_and_limits() {
    all_fail(
        &foreign(|_| {}),
        &[
            ("socket", vec![Int(libc::AF_INET), Int(libc::SOCK_STREAM), Int(0)]),
            ("socketpair", vec![Int(libc::AF_UNIX), Int(libc::SOCK_STREAM), Int(0), Text("12345678")]),
            ("fork", vec![]),
            ("vfork", vec![]),
            ("execl", vec![Text("/bin/sh"), Text("sh"), Int(0)]),
            ("execlp", vec![Text("/usr/bin/env"), Text("env"), Int(0)]),
            ("unshare", vec![Int(libc::CLONE_NEWUSER)]),
            ("kill", vec![Int(1), Int(0)]),
            ("ptrace", vec![Int(libc::PTRACE_TRACEME as i32), Int(0), Int(0), Int(0)]),
            ("memfd_create", vec![Text("code"), Int(0)]),
            ("setrlimit", vec![Int(libc::RLIMIT_NOFILE as i32), Text("aaaaaaaaaaaaaaaa")]),
            ("setuid", vec![Int(1)]),
            ("setpriority", vec![Int(0), Int(0), Int(-1)]),
            ("inotify_init", vec![]),
            ("sethostname", vec![Text("x"), Int(1)]),
            ("prctl", vec![Int(libc::PR_SET_DUMPABLE), Int(1), Int(0), Int(0), Int(0)]),
        ],
    );
    for domain in [libc::AF_INET6, libc::AF_UNIX, libc::AF_NETLINK, libc::AF_PACKET] {
        all_fail(&foreign(|_| {}), &[("socket", vec![Int(domain), Int(libc::SOCK_DGRAM), Int(0)])]);
    }
}

#[test]
fn an_open_port_opens_no_other_socket() {
    let net = foreign(|policy| {
        policy["net"] = json!({ "enabled": true, "allow_dns": false, "allow_tcp": true, "allow_udp": false,
                                "allow_hosts": [{ "host": "localhost", "ports": [443] }] });
    });
    let place = Place::new();
    let stream = [("socket", vec![Int(libc::AF_INET), Int(libc::SOCK_STREAM), Int(0)])];
    assert_eq!(place.run(&attempts(&place, &stream), &net, b""), End::Output(vec![1]));
    for (domain, kind) in
        [(libc::AF_INET, libc::SOCK_DGRAM), (libc::AF_INET, libc::SOCK_RAW), (libc::AF_UNIX, libc::SOCK_STREAM)]
    {
        all_fail(&net, &[("socket", vec![Int(domain), Int(kind), Int(0)])]);
    }
    // Port 80 of 127.0.0.1, which the policy does not list; the socket is descriptor 3.
    let address = "\u{2}\0\0P\u{7f}\0\0\u{1}\0\0\0\0\0\0\0\0";
    let connect = program(
        &[],
        json!([
            { "kind": "extern", "abi": "C", "name": "main.socket", "link_name": "socket", "result": "i32",
              "params": [{ "name": "d", "ty": "i32" }, { "name": "t", "ty": "i32" }, { "name": "p", "ty": "i32" }] },
            { "kind": "extern", "abi": "C", "name": "main.connect", "link_name": "connect", "result": "i32",
              "params": [{ "name": "s", "ty": "i32" }, { "name": "a", "ty": "ptr_const_u8" }, { "name": "n", "ty": "i32" }] },
            { "kind": "extern", "abi": "C", "name": "main.error", "link_name": "__errno_location",
              "result": "ptr_mut_i32", "params": [] },
        ]),
        json!([
            "begin",
            ["let", "a", ["bytes.lit", address]],
            [
                "unsafe",
                ["main.connect", ["main.socket", libc::AF_INET, libc::SOCK_STREAM, 0], ["bytes.as_ptr", "a"], 16],
                ["codec.write_u32_le", ["ptr.read_i32", ["main.error"]]]
            ]
        ]),
    );
    let expected = (libc::EACCES as u32).to_le_bytes().to_vec();
    assert_eq!(place.run(&connect, &net, b""), End::Output(expected));
}

#[test]
fn the_environment_holds_nothing_to_be_found() {
    let place = Place::new();
    let found = program(
        &[],
        json!([{ "kind": "extern", "abi": "C", "name": "main.getenv", "link_name": "secure_getenv",
                 "result": "ptr_const_u8", "params": [{ "name": "name", "ty": "ptr_const_u8" }] }]),
        json!([
            "begin",
            ["let", "name", ["bytes.lit", "OUTSIDE_SECRET\0"]],
            ["codec.write_u32_le", ["unsafe", ["ptr.read_u8", ["main.getenv", ["bytes.as_ptr", "name"]]]]]
        ]),
    );
    // There is no such variable, so the pointer is null and reading it ends the program.
    match place.run(&found, &foreign(|_| {}), b"") {
        End::Trap(trap) => assert!(trap.contains("signal 11"), "{trap}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn changing_the_policys_variables_opens_no_file() {
    let place = Place::new();
    let path = format!("{}/outside", place.path().display());
    let change = program(
        &[],
        json!([{ "kind": "extern", "abi": "C", "name": "main.setenv", "link_name": "setenv", "result": "i32",
                 "params": [{ "name": "k", "ty": "ptr_const_u8" }, { "name": "v", "ty": "ptr_const_u8" },
                            { "name": "o", "ty": "i32" }] }]),
        json!([
            "begin",
            ["let", "k", ["bytes.lit", "X07_OS_FS_READ_ROOTS\0"]],
            ["let", "v", ["bytes.lit", format!("{path}\0")]],
            ["unsafe", ["main.setenv", ["bytes.as_ptr", "k"], ["bytes.as_ptr", "v"], 1]],
            ["os.fs.read_file", ["bytes.lit", "secret"]]
        ]),
    );
    match place.run(&change, &foreign(|_| {}), b"") {
        End::Trap(trap) => assert!(trap.contains("open failed") && !trap.contains(SECRET), "{trap}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn time_and_descriptors_run_out() {
    let place = Place::new();
    let wait = attempts(&place, &[("pause", vec![])]);
    let brief = foreign(|policy| policy["limits"]["wall_ms"] = json!(300));
    assert_eq!(place.run(&wait, &brief, b""), End::Trap("timed out".to_owned()));

    let copies = program(
        &[],
        json!([{ "kind": "extern", "abi": "C", "name": "main.dup", "link_name": "dup", "result": "i32",
                 "params": [{ "name": "fd", "ty": "i32" }] }]),
        json!([
            "begin",
            ["let", "last", 0],
            ["for", "i", 0, 100, ["set", "last", ["unsafe", ["main.dup", 0]]]],
            ["codec.write_u32_le", "last"]
        ]),
    );
    assert_eq!(place.run(&copies, &foreign(|_| {}), b""), End::Output(vec![0xff; 4]));
}

#[test]
fn without_the_capability_there_is_no_foreign_code() {
    let place = Place::new();
    for (change, expected) in
        [("allow_ffi", "language.allow_ffi is false"), ("allow_unsafe", "language.allow_unsafe is false")]
    {
        let attempt = attempts(&place, &[("fork", vec![])]);
        let weaker = foreign(|policy| policy["language"][change] = json!(false));
        match place.run(&attempt, &weaker, b"") {
            End::CompileError(error) => assert!(error.contains(expected), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}
