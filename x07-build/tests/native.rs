//! Native backends and packages with C of their own: what is linked, what is compiled again, what is refused.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Sandbox, actions_of, must_build, must_fail, run};
use x07_build::{Abi, Emit, Profile, Request, World};

fn package(name: &str, version: &str) -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packages/ext");
    packages.join(format!("x07-ext-{name}")).join(version).join("modules")
}

/// A program of one file in a folder with the packages math, rand, stdio and zlib.
fn request(sandbox: &Sandbox, imports: &str, solve: &str) -> Request {
    let text = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[{imports}],"decls":[],
            "solve":{solve}}}"#
    );
    sandbox.write("one/main.x07.json", text);
    let roots = [package("math", "0.1.4"), package("rand", "0.1.0"), package("stdio", "0.1.0")];
    let mut request = Request::program(sandbox.path("one/main.x07.json"), roots);
    request.environment = sandbox.request().environment;
    request.output = Some(sandbox.path("out"));
    request.world = Some(World::RunOs);
    request
}

const USE_MATH: &str = r#"["math.f64.fmt_shortest_v1",["math.f64.sin_v1",["math.f64.pow_v1",["math.f64.from_i32_v1",2],["math.f64.from_i32_v1",3]]]]"#;
const SIN_8: &[u8] = b"0.9893582466233818";

#[test]
fn any_set_of_backends_links_into_one_small_program() {
    let uses = [
        r#"["set","n",["+","n",["bytes.len",["math.f64.exp_v1",["math.f64.from_i32_v1",1]]]]]"#,
        r#"["set","n",["+","n",["bytes.len",["result_bytes.unwrap_or",["std.os.rand.u64_v1",["std.os.rand.spec.caps_default_v1"]],["bytes.empty"]]]]]"#,
        r#"["set","n",["+","n",["result_i32.unwrap_or",["std.os.stdio.flush_stdout_v1"],99]]]"#,
    ];
    let imports = r#""std.os.rand","std.os.rand.spec","std.os.stdio""#;
    for set in 0..8_usize {
        let sandbox = Sandbox::empty();
        let steps: Vec<&str> = (0..3).filter(|index| set >> index & 1 == 1).map(|index| uses[index]).collect();
        let solve = format!(
            r#"["begin",["let","n",48],{}["bytes1","n"]]"#,
            steps.iter().map(|s| format!("{s},")).collect::<String>()
        );
        let request = Request { profile: Profile::Release, ..request(&sandbox, imports, &solve) };
        let output = must_build(&request).output;
        let expected = 48 + 8 * (set & 1) as u8 + 8 * (set >> 1 & 1) as u8;
        assert_eq!(run(&output, b""), [expected], "set {set:b}");
        let size = fs::metadata(&output).unwrap().len();
        assert!(size < 1 << 20, "{size} bytes with set {set:b}");
        assert!(must_build(&request).no_op);
    }
}

#[test]
fn every_kind_of_output_has_its_backends() {
    let sandbox = Sandbox::empty();
    let base = request(&sandbox, "", USE_MATH);
    let shell = |folder: &Path, command: &str| {
        let output = Command::new("sh").current_dir(folder).args(["-c", command]).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    };

    let exe = must_build(&base);
    assert_eq!(run(&exe.output, b""), SIN_8);
    let debug = must_build(&Request { debug_borrow: true, ..base.clone() });
    assert_eq!(run(&debug.output, b""), SIN_8);

    let tree = must_build(&Request { emit: Emit::C, output: Some(sandbox.path("c")), ..base.clone() }).output;
    let readme = fs::read_to_string(tree.join("README")).unwrap();
    let command = readme.lines().find(|line| line.trim_start().starts_with("cc ")).unwrap().trim();
    shell(&tree, &command.replace("-o 'c'", "-o program"));
    assert_eq!(run(&tree.join("program"), b""), SIN_8);

    let objects = must_build(&Request { emit: Emit::Obj, output: Some(sandbox.path("obj")), ..base.clone() }).output;
    shell(&objects, "cc *.o runtime/*.o native/*.a -lm -o program");
    assert_eq!(run(&objects.join("program"), b""), SIN_8);

    let archive = Request { emit: Emit::StaticLib, output: Some(sandbox.path("lib/libsine.a")), ..base };
    must_build(&archive);
    let host = "#include <stdio.h>\n#include <stdlib.h>\n#include \"x07_embed.h\"\n\
                int main(void) { void *arena = calloc(1, 1 << 16);\n\
                ev_bytes_v2_t r = x07_solve_v2(arena, 1 << 16, (const uint8_t *)\"\", 0);\n\
                fwrite(r.ptr, 1, r.len, stdout); return 0; }\n";
    sandbox.write("lib/host.c", host);
    shell(&sandbox.path("lib"), "cc host.c libsine.a -lm -o program");
    assert_eq!(run(&sandbox.path("lib/program"), b""), SIN_8);
}

/// The echo server of spec native-packages 4.4: it answers every line and ends with their number.
const ECHO: &str = r#"["begin",["let","n",0],["let","done",0],
    ["for","i",0,100,["if","done",0,["begin",
      ["let","line",["std.os.stdio.read_line_v1",["std.os.stdio.spec.caps_pack_v1",16,0,0]]],
      ["let","code",["result_bytes.err_code","line"]],
      ["if",["=","code",["std.os.stdio.spec.err_eof_v1"]],["set","done",1],["begin",
        ["let","answer",["vec_u8.with_capacity",32]],
        ["set","answer",["vec_u8.extend_bytes","answer",["bytes.lit","> "]]],
        ["set","answer",["vec_u8.extend_bytes","answer",["result_bytes.unwrap_or","line",["bytes.lit","?"]]]],
        ["set","answer",["vec_u8.push","answer",10]],
        ["let","sent",["std.os.stdio.write_stdout_v1",["vec_u8.into_bytes","answer"],["std.os.stdio.spec.caps_default_v1"]]],
        ["set","n",["+","n",1]],0]],0]]],
    ["codec.write_u32_le","n"]]"#;

#[test]
fn a_line_server_talks_while_it_runs() {
    let sandbox = Sandbox::empty();
    let request = Request { abi: Abi::Argv, ..request(&sandbox, r#""std.os.stdio","std.os.stdio.spec""#, ECHO) };
    let program = must_build(&request).output;
    let cases: [(&str, &str); 6] = [
        ("hello\nworld\r\n\nbye", "> hello\n> world\n> \n> bye\n\x04\0\0\0"),
        ("", "\0\0\0\0"),
        ("\n", "> \n\x01\0\0\0"),
        ("a\r\r\n\r", "> a\r\n> \r\n\x02\0\0\0"),
        ("0123456789abcdef\n0123456789abcdefg\nok", "> 0123456789abcdef\n> ?\n> ok\n\x03\0\0\0"),
        ("0123456789abcde\r\n0123456789abcdef\r\n", "> 0123456789abcde\n> ?\n\x02\0\0\0"),
    ];
    for (stdin, expected) in cases {
        assert_eq!(String::from_utf8_lossy(&run(&program, stdin.as_bytes())), expected, "{stdin:?}");
    }
}

/// Runs a program that must not succeed and gives what it said.
fn complaint(program: &Path) -> String {
    let output = Command::new(program).stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn traps_and_refusals_name_the_head() {
    let sandbox = Sandbox::empty();
    let bad = request(&sandbox, "", r#"["math.f64.add_v1",["bytes.alloc",8],["bytes.alloc",7]]"#);
    assert_eq!(
        complaint(&must_build(&bad).output),
        "math.f64.add_v1: operand is not 8 bytes (9100) len=7 module=main ptr=/solve\n"
    );
    let pure = |solve: &str| {
        let request = Request { world: Some(World::SolvePure), ..request(&sandbox, "", solve) };
        must_fail(&request)
    };
    let refused = pure(r#"["result_bytes.unwrap_or",["os.rand.u64_v1",["bytes.alloc",12]],["bytes.empty"]]"#);
    assert!(refused.contains("X07-WORLD-OS-0002") && refused.contains("os.rand.u64_v1"), "{refused}");
    let missing = pure(r#"["regex.split_v1","input","input",0]"#);
    assert!(missing.contains("X07-LINK-0003") && missing.contains("x07.ext.regex"), "{missing}");
}

#[test]
fn a_module_passes_on_the_modules_that_it_exports() {
    let sandbox = Sandbox::empty();
    let module = |id: &str, imports: &str, exports: &str, decls: &str| {
        sandbox.module(
            id,
            &format!(
                r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"{id}","imports":[{imports}],
                    "decls":[{{"kind":"export","names":[{exports}]}}{decls}]}}"#
            ),
        );
    };
    let answer = |name: &str| {
        format!(r#",{{"kind":"defn","name":"{name}","params":[],"result":"bytes","body":["bytes.lit","{name}"]}}"#)
    };
    module("inner.a", "", r#""inner.a.get""#, &answer("inner.a.get"));
    module("inner.b", "", r#""inner.b.get""#, &answer("inner.b.get"));
    module("facade", r#""inner.a","inner.b""#, r#""inner.a""#, "");
    let main = |call: &str| {
        let text = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["facade"],
            "decls":[],"solve":["CALL"]}"#;
        sandbox.module("main", &text.replace("CALL", call));
    };
    main("inner.a.get");
    assert_eq!(run(&must_build(&sandbox.request()).output, b""), b"inner.a.get");
    main("inner.b.get");
    assert!(must_fail(&sandbox.request()).contains("X07-NAME-0003"));

    main("inner.a.get");
    must_build(&sandbox.request());
    module("facade", r#""inner.a","inner.b""#, r#""inner.b""#, "");
    assert!(must_fail(&sandbox.request()).contains("X07-NAME-0003"), "the facade no longer exports inner.a");
}

/// A package `tiny` with one C function and a header of its own, and a program that prints what it returns.
fn tiny(sandbox: &Sandbox, libraries: &str) -> Request {
    sandbox.write(
        "tiny/x07-package.json",
        format!(
            r#"{{"schema_version":"x07.package@0.1.0","name":"tiny","version":"1.0.0","module_root":"modules",
                "modules":["tiny"],"meta":{{"import_mode":"ffi","ffi_libs":[{libraries}]}}}}"#
        ),
    );
    sandbox.write(
        "tiny/modules/tiny.x07.json",
        r#"{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"tiny","imports":[],"decls":[
            {"kind":"export","names":["tiny.number"]},
            {"kind":"extern","abi":"C","name":"tiny._number","link_name":"tiny_number","params":[],"result":"i32"},
            {"kind":"defn","name":"tiny.number","params":[],"result":"i32","body":["unsafe",["tiny._number"]]}]}"#,
    );
    sandbox.write("tiny/ffi/number.h", "#define NUMBER 65\n");
    sandbox.write("tiny/ffi/number.c", "#include \"number.h\"\nunsigned tiny_number(void) { return NUMBER; }\n");
    let mut request = request(sandbox, r#""tiny""#, r#"["bytes1",["tiny.number"]]"#);
    request.target = x07_build::Target::Program {
        entry: sandbox.path("one/main.x07.json"),
        module_roots: vec![sandbox.path("tiny/modules")],
    };
    request
}

#[test]
fn the_c_of_a_package_is_compiled_when_what_it_reads_changes() {
    let sandbox = Sandbox::empty();
    let request = tiny(&sandbox, "");
    let c_compiled = || {
        let (outcome, _, c) = actions_of(&request);
        let c: Vec<String> = c.into_iter().filter(|name| name.starts_with("tiny/")).collect();
        (String::from_utf8(run(&outcome.output, b"")).unwrap(), c.join(" "), outcome.no_op)
    };
    let told = |output: &str, c: &str, no_op: bool| (output.to_owned(), c.to_owned(), no_op);
    assert_eq!(c_compiled(), told("A", "tiny/ffi/number.c", false));
    assert_eq!(c_compiled(), told("A", "", true));
    sandbox.write("tiny/ffi/number.h", "/* the same */\n#define NUMBER 65\n");
    assert_eq!(c_compiled(), told("A", "", false), "a comment");
    sandbox.write("tiny/ffi/number.h", "#define NUMBER 66\n");
    assert_eq!(c_compiled(), told("B", "tiny/ffi/number.c", false), "a header");
    sandbox.write("tiny/ffi/more.c", "unsigned tiny_more(void) { return 1; }\n");
    assert_eq!(c_compiled(), told("B", "tiny/ffi/more.c", false), "another file");
}

#[test]
fn the_c_of_a_package_knows_the_program() {
    let sandbox = Sandbox::empty();
    let mut request = tiny(&sandbox, "");
    request.fuel = Some(6500);
    request.memory_cap = 1 << 20;
    let text = "unsigned tiny_number(void) { return X07_FUEL_INIT / 100 + (X07_MEM_CAP == 1 << 20) +\n\
                2 * X07_ENABLE_FS + 4 * X07_ENABLE_RR + 8 * X07_ENABLE_KV; }\n";
    sandbox.write("tiny/ffi/number.c", text);
    assert_eq!(run(&must_build(&request).output, b""), b"H");
}

#[test]
fn what_a_package_lacks_is_named() {
    let cases: [(&str, &str, &str); 4] = [
        (
            "",
            "#include <x07-nowhere.h>\n",
            "the C compiler refused tiny/ffi/extra.c, which includes a header that is not installed",
        ),
        (r#""nowhere-at-all""#, "", "package tiny needs the C library nowhere-at-all, which is not installed"),
        (
            r#""z""#,
            "#include <x07-nowhere.h>\n",
            "which includes a header that is not installed (z: Debian, Ubuntu: apt install zlib1g-dev; macOS: brew install zlib)",
        ),
        (r#""-z""#, "", "FFI package tiny: \"-z\" is not the name of a library"),
    ];
    for (libraries, extra, expected) in cases {
        let sandbox = Sandbox::empty();
        let request = tiny(&sandbox, libraries);
        sandbox.write("tiny/ffi/extra.c", extra);
        let told = must_fail(&request);
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn a_package_may_use_a_backend_of_the_toolchain() {
    let sandbox = Sandbox::empty();
    let request = tiny(&sandbox, r#""x07_math""#);
    let text = "#include <string.h>\n#include \"x07_math_abi_v1.h\"\n\
                unsigned tiny_number(void) { uint8_t x[8] = {0, 0, 0, 0, 0, 0, 0x50, 0x40};\n\
                ev_bytes one = ev_math_f64_from_i32_v1(3), sum = ev_math_f64_add_v1((ev_bytes){x, 8}, one);\n\
                return (unsigned)ev_math_f64_to_i32_trunc_v1(sum).payload.ok; }\n";
    sandbox.write("tiny/ffi/number.c", text);
    assert_eq!(run(&must_build(&request).output, b""), b"C");
}

#[test]
fn the_example_packs_and_unpacks() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sandbox = Sandbox::empty();
    let mut request = Request::project(workspace.join("examples/gz"));
    request.environment = sandbox.request().environment;
    request.environment.workspace_root = Some(workspace);
    request.output = Some(sandbox.path("out"));
    let program = must_build(&request).output;
    let text: Vec<u8> = b"the same again and again, ".repeat(1000);
    let packed = run(&program, &text);
    assert!(packed.len() < 200 && packed.starts_with(&[0x1f, 0x8b]), "{} bytes", packed.len());
    assert_eq!(run(&program, &packed), text);
    let damaged: Vec<u8> =
        packed.iter().enumerate().map(|(at, byte)| if at == 30 { byte ^ 0xff } else { *byte }).collect();
    let mut child = Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &damaged).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"gz: the file is damaged\n".as_slice()));
}
