//! Mistakes in programs: modules and what must be said about them.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use common::{Sandbox, must_build, must_fail, run};
use x07_build::{Request, Silent, Target};

const HEAD: &str = r#""schema_version":"x07.x07ast@0.5.0""#;

fn entry(imports: &str, solve: &str) -> String {
    format!(r#"{{{HEAD},"kind":"entry","module_id":"main","imports":[{imports}],"decls":[],"solve":{solve}}}"#)
}

/// A module with one exported function of no parameters.
fn module(id: &str, imports: &str, body: &str) -> String {
    format!(
        r#"{{{HEAD},"kind":"module","module_id":"{id}","imports":[{imports}],"decls":[
            {{"kind":"export","names":["{id}.f"]}},
            {{"kind":"defn","name":"{id}.f","params":[],"result":"i32","body":{body}}}]}}"#
    )
}

fn check(modules: &[(&str, String)], expected: &[&str]) {
    let sandbox = Sandbox::empty();
    for (id, text) in modules {
        sandbox.module(id, text);
    }
    let error = must_fail(&sandbox.request());
    for expected in expected {
        assert!(error.contains(expected), "{expected:?} is not in:\n{error}");
    }
}

#[test]
fn a_cycle_is_told_with_its_whole_path() {
    check(
        &[
            ("main", entry(r#""std.u32","a""#, r#"["bytes.alloc",["a.f"]]"#)),
            ("a", module("a", r#""x","b""#, r#"["b.f"]"#)),
            ("b", module("b", r#""c""#, r#"["c.f"]"#)),
            ("c", module("c", r#""x","a""#, r#"["a.f"]"#)),
            ("x", module("x", "", "1")),
        ],
        &[
            r#"modules import each other in a cycle: "a" -> "b" -> "c" -> "a""#,
            r#""a" imports "b" at /imports/1"#,
            r#""b" imports "c" at /imports/0"#,
            r#""c" imports "a" at /imports/1"#,
        ],
    );
}

#[test]
fn a_module_may_not_import_itself() {
    check(
        &[("main", entry(r#""a""#, r#"["bytes.alloc",["a.f"]]"#)), ("a", module("a", r#""a""#, "1"))],
        &[r#"cycle: "a" -> "a""#, r#""a" imports "a" at /imports/0"#],
    );
}

#[test]
fn a_missing_module_is_told_once_with_all_its_importers() {
    check(
        &[("main", entry(r#""a","no.such""#, r#"["bytes.alloc",["a.f"]]"#)), ("a", module("a", r#""no.such""#, "1"))],
        &[
            "unknown module: \"no.such\" (searched: no/such.x07.json)\n\nhint: x07 pkg provides no.such",
            "ptr=/imports/1",
            r#""a" imports it too, at /imports/0"#,
        ],
    );
}

#[test]
fn a_root_that_is_named_twice_holds_nothing_once() {
    let sandbox = Sandbox::empty();
    sandbox.module("main", &entry(r#""a""#, r#"["bytes.alloc",["a.f"]]"#));
    sandbox.module("a", &module("a", "", "1"));
    let root = sandbox.path("p/src");
    let target = |module_roots| Target::Program { entry: root.join("main.x07.json"), module_roots };
    must_build(&Request { target: target(vec![root.clone()]), ..sandbox.request() });
    let error = must_fail(&Request { target: target(vec![root.clone(), root.join(".")]), ..sandbox.request() });
    assert!(error.contains("module=main ptr=/imports/0") && error.contains("ambiguous"), "{error}");
    let once = Request { target: target(vec![root.clone()]), further_roots: vec![root], ..sandbox.request() };
    must_build(&once);
}

#[test]
fn an_import_that_is_no_module_id_reaches_no_file() {
    check(&[("main", entry(r#""../../etc/passwd""#, r#"["bytes.alloc",0]"#))], &["../../etc/passwd"]);
}

#[test]
fn mistakes_in_several_files_are_told_in_one_run() {
    check(
        &[
            ("main", entry(r#""a","b","no.such""#, r#"["bytes.alloc",["a.f"]]"#)),
            ("a", "{".to_owned()),
            ("b", module("other", "", "1")),
        ],
        &["module=a", "module=b", r#""no.such""#],
    );
}

/// What a check finds in the project: severity, code and place, in the order in which it is told.
fn found(request: &Request) -> Vec<String> {
    let report = x07_build::check(request, &Silent).unwrap_or_else(|failure| panic!("{}", common::describe(&failure)));
    let shown = |finding: &x07_ast::Diagnostic| {
        let pointer = finding.pointer.as_deref().unwrap_or_default();
        format!("{:?} {} {} {pointer}", finding.severity, finding.code, finding.module)
    };
    report.diagnostics.iter().map(shown).collect()
}

/// A module: its id, what it imports, and what `f` does, which has no parameters and yields an i32; or a text, without its
/// head, or nothing for a folder in the place of the file.
type Source = (&'static str, &'static str, &'static str);

/// Programs that are not whole, and all that is found in them.
const BROKEN: &[(&str, &[Source], &[&str])] = &[
    (
        "no JSON",
        &[("a", r#""u""#, r#"["+",["u.f"],"zz"]"#), ("b", r#""a""#, r#"["a.f",1]"#), ("u", "", "{")],
        &[
            "Error X07-TYPE-0001 a /decls/1/body/2",
            "Error X07-TYPE-CALL-0003 b /decls/1/body",
            "Error X07-X07AST-PARSE-0001 u ",
        ],
    ),
    (
        "no file",
        &[("a", r#""no.such""#, r#"["+",["no.such.f"],"zz"]"#)],
        &["Error X07-IMPORT-0001 a /imports/0", "Error X07-TYPE-0001 a /decls/1/body/2"],
    ),
    (
        "a file that cannot be read",
        &[("a", r#""u""#, r#"["+",["u.f"],"zz"]"#), ("u", "", "")],
        &["Error X07-IMPORT-0004 main /imports/1", "Error X07-TYPE-0001 a /decls/1/body/2"],
    ),
    (
        "a file of another kind",
        &[
            ("a", r#""u""#, r#"["+",["u.f"],"zz"]"#),
            ("u", "", r#"{HEAD,"kind":"entry","module_id":"main","imports":[],"decls":[],"solve":"zz"}"#),
        ],
        &["Error X07-TYPE-0001 a /decls/1/body/2", "Error X07-AST-0005 u /kind"],
    ),
    (
        "what is not known fits everywhere",
        &[
            (
                "a",
                r#""b""#,
                r#"["begin",["let","s",["bytes.alloc",1]],["let","x",["b.take","s",["view.len","zz"]]],
                ["b.take","s"],["set","x",["b.take","x"]],["bytes.len","x"],["vec_u8.len","x"],["for","i",0,"x",["b.do"]],
                ["if","x",["return","x"],["return",["view.len",["bytes.view","s"]]]]]"#,
            ),
            ("b", "", "{"),
            (
                "c",
                r#""b""#,
                r#"["begin",["let","s",["bytes.alloc",1]],["tapp","b.g","i32",["result","bytes"],"s","zy"],
                ["tapp","b.g",["tys","i32","no"],"s"],
                ["std.brand.cast_bytes_v1","a.b","b.valid",["begin","zx","s"]],["inner.g","s"],["b.f"]]"#,
            ),
            ("inner", "", "1"),
        ],
        &[
            "Error X07-TYPE-0001 a /decls/1/body/2/2/2/1",
            "Error X07-X07AST-PARSE-0001 b ",
            "Error X07-TYPE-0001 c /decls/1/body/2/5",
            "Error X07-TY-0101 c /decls/1/body/3/2/2",
            "Error X07-TYPE-0001 c /decls/1/body/4/3/1",
        ],
    ),
    (
        "a cycle",
        &[
            ("a", r#""b""#, r#"["+",["b.f",1],["b.f"]]"#),
            ("b", r#""c""#, r#"["+",["c.g"],["c.f"]]"#),
            ("c", r#""d","a""#, r#"["+",["a.f"],["d.f",1]]"#),
            ("d", "", "1"),
            ("e", r#""a""#, r#"["bytes.len",["a.f"]]"#),
        ],
        &[
            "Error X07-IMPORT-0005 a /imports/0",
            "Error X07-TYPE-CALL-0003 a /decls/1/body/1",
            "Error X07-NAME-0004 b /decls/1/body/1",
            "Error X07-TYPE-CALL-0003 c /decls/1/body/2",
            "Error X07-TYPE-CALL-0002 e /decls/1/body/1",
        ],
    ),
    (
        "a cycle of generics",
        &[
            ("a", r#""b""#, r#"["+",["tapp","b.g",["tys","i32"],1],["tapp","b.g",["tys","bytes"],1]]"#),
            (
                "b",
                "",
                r#"{HEAD,"kind":"module","module_id":"b","imports":["a"],"decls":[{"kind":"export","names":["b.g"]},
                {"kind":"defn","name":"b.g","type_params":[{"name":"A"}],"params":[{"name":"x","ty":["t","A"]}],"result":"i32",
                "body":["begin",["a.f"],["b.own"],["a.f",1],["tapp","b.g",["tys",["t","A"]],"x"]]},
                {"kind":"defn","name":"b.own","params":[],"result":"i32","body":["tapp","b.g",["tys","i32"],"zz"]}]}"#,
            ),
            ("c", r#""b""#, r#"["tapp","b.g",["tys","vec_u8"],["vec_u8.with_capacity",1]]"#),
        ],
        &[
            "Error X07-IMPORT-0005 a /imports/0",
            "Error X07-TYPE-CALL-0002 a /decls/1/body/2/3",
            "Error X07-TYPE-CALL-0003 b /decls/1/body/3",
            "Error X07-TYPE-0001 b /decls/2/body/3",
        ],
    ),
    (
        "a module that imports itself",
        &[("a", r#""a""#, r#"["+",["a.f"],"zz"]"#), ("b", r#""a""#, r#"["a.g"]"#)],
        &[
            "Error X07-IMPORT-0005 a /imports/0",
            "Error X07-TYPE-0001 a /decls/1/body/2",
            "Error X07-NAME-0004 b /decls/1/body",
        ],
    ),
    (
        "declarations that cannot be read",
        &[
            (
                "a",
                r#""u""#,
                r#"["begin",["u.f",1],["u.body",1],["u.no"],["u.generic",1],["tapp","u.generic",["tys","i32"],1]]"#,
            ),
            (
                "u",
                r#""v""#,
                r#"{HEAD,"kind":"module","module_id":"u","imports":["v"],"decls":[
                {"kind":"defn","name":"u.params","params":[{"name":1}],"result":"i32","body":"zz"},
                {"kind":"export","names":["u.f","u.body","u.params","u.generic"]},
                {"kind":"defn","name":"u.body","params":[],"result":"i32","body":["+",true,"zz"]},
                {"kind":"defn","name":"u.generic","type_params":[{"name":"A"}],"params":[],"result":"i32","body":[1]},
                {"kind":"defn","name":"u.f","params":[],"result":"i32","body":["begin",["u.params",1,2],["u.body",1],"zy",["v.f"],["u.none"]]}]}"#,
            ),
            ("v", "", r#""zx""#),
        ],
        &[
            "Error X07-TYPE-CALL-0003 a /decls/1/body/1",
            "Error X07-TYPE-CALL-0003 a /decls/1/body/2",
            "Error X07-NAME-0004 a /decls/1/body/3",
            "Error X07-AST-0004 u /decls/0/params/0",
            "Error X07-AST-0003 u /decls/0/params/0/name",
            "Error X07-AST-0013 u /decls/2/body/1",
            "Error X07-AST-0013 u /decls/3/body/0",
            "Error X07-TYPE-CALL-0003 u /decls/4/body/2",
            "Error X07-TYPE-0001 u /decls/4/body/3",
            "Error X07-TYPE-CALL-0001 u /decls/4/body/5",
            "Error X07-TYPE-0001 v /decls/1/body",
        ],
    ),
    (
        "names and lists that cannot be read",
        &[
            ("a", r#""u""#, r#"["begin",["u.one"],["u.other"],["u.twice",1],"zz"]"#),
            (
                "u",
                "",
                r#"{HEAD,"kind":"module","module_id":"u","imports":["a b","inner"],"decls":[
                {"kind":"defn","name":"w.one","params":[],"result":"i32","body":["begin",["w.one"],["u.one"],["v.f"]]},
                {"kind":"defn","name":"u.twice","params":[],"result":"i32","body":["begin",["w.one"],["u.one"],["v.f"],"zz"]},
                {"kind":"defn","name":"u.twice","params":[],"result":"i32","body":0}]}"#,
            ),
            ("inner", "", r#""zy""#),
            ("v", "", "1"),
        ],
        &[
            "Error X07-TYPE-0001 a /decls/1/body/4",
            "Error X07-TYPE-0001 inner /decls/1/body",
            "Error X07-AST-0006 u /imports/0",
            "Error X07-AST-0010 u /decls",
            "Error X07-AST-0007 u /decls/0/name",
            "Error X07-AST-0008 u /decls/2/name",
            "Error X07-TYPE-0001 u /decls/1/body/4",
        ],
    ),
    (
        "exports that cannot be read",
        &[
            ("a", r#""u""#, r#"["begin",["u.f",1],["u.hidden"],["u.none"],["u.typo"],["inner.f"]]"#),
            (
                "u",
                "",
                r#"{HEAD,"kind":"module","module_id":"u","imports":["inner"],"decls":[{"kind":"export","names":["u.typo",7]},
                {"kind":"defn","name":"u.f","params":[],"result":"i32","body":["u.no"]},
                {"kind":"defn","name":"u.hidden","params":[],"result":"i32","body":0}]}"#,
            ),
            ("inner", "", "1"),
        ],
        &[
            "Error X07-TYPE-CALL-0003 a /decls/1/body/1",
            "Error X07-NAME-0004 a /decls/1/body/3",
            "Error X07-AST-0010 u /decls/0/names/0",
            "Error X07-AST-0003 u /decls/0/names/1",
            "Error X07-TYPE-CALL-0001 u /decls/1/body",
        ],
    ),
    (
        "an entry that cannot be read",
        &[
            (
                "main",
                "",
                r#"{HEAD,"kind":"entry","module_id":"main","imports":["a"],"decls":[],"solve":["+",true,"zz"]}"#,
            ),
            ("a", "", r#""zz""#),
        ],
        &["Error X07-AST-0013 main /solve/1", "Error X07-TYPE-0001 a /decls/1/body"],
    ),
];

#[test]
fn every_error_of_every_module_of_a_broken_program_is_told() {
    for (name, sources, expected) in BROKEN {
        let sandbox = Sandbox::empty();
        let imports: Vec<String> = sources.iter().map(|(id, _, _)| format!("\"{id}\"")).collect();
        sandbox.module("main", &entry(&imports.join(","), r#"["bytes.alloc",["a.f"]]"#));
        for (id, imports, text) in *sources {
            match *text {
                "" => sandbox.write(&format!("p/src/{id}.x07.json/x"), ""),
                text if text.starts_with('{') => sandbox.module(id, &text.replace("HEAD", HEAD)),
                body => sandbox.module(id, &module(id, imports, body)),
            }
        }
        // In whatever order the modules come to be looked at.
        for _ in 0..5 {
            assert_eq!(found(&sandbox.request()), *expected, "{name}");
        }
        assert!(
            matches!(x07_build::build(&sandbox.request(), &Silent), Err(x07_build::Failure::Diagnostics(..))),
            "{name}"
        );
    }
}

/// A module with one exported function from a view to a view.
fn picker(id: &str, imports: &str, name: &str, body: &str) -> String {
    format!(
        r#"{{{HEAD},"kind":"module","module_id":"{id}","imports":[{imports}],"decls":[{{"kind":"export","names":["{id}.{name}"]}},
            {{"kind":"defn","name":"{id}.{name}","params":[{{"name":"v","ty":"bytes_view"}}],"result":"bytes_view","body":{body}}}]}}"#
    )
}

#[test]
fn what_was_found_in_a_broken_program_is_forgotten_once_it_is_mended() {
    let nothing = || picker("u", "", "pick", r#"["bytes.view_lit",""]"#);
    // What `u` is, and what is found then.
    let states: [(&str, Option<String>, &[&str]); 8] = [
        ("whole", Some(nothing()), &[]),
        ("no JSON", Some("{".to_owned()), &["Error X07-X07AST-PARSE-0001 u "]),
        ("no file", None, &["Error X07-IMPORT-0001 a /imports/0"]),
        (
            "a cycle",
            Some(picker("u", r#""b""#, "pick", r#"["begin",["b.f"],"v"]"#)),
            &["Error X07-IMPORT-0005 a /imports/0"],
        ),
        ("no body", Some(picker("u", "", "pick", r#"["begin",true,"v"]"#)), &["Error X07-AST-0013 u /decls/1/body/1"]),
        ("another name", Some(picker("u", "", "other", r#""v""#)), &["Error X07-NAME-0004 a /decls/1/body"]),
        (
            "another type",
            Some(nothing().replace(r#""ty":"bytes_view""#, r#""ty":"bytes""#)),
            &["Error X07-TYPE-CALL-0002 a /decls/1/body/1"],
        ),
        (
            "a view of its parameter, which two modules away is a mistake",
            Some(picker("u", "", "pick", r#""v""#)),
            &["Error X07-MOVE-0902 b /decls/1/body/3/2"],
        ),
    ];
    let sandbox = Sandbox::empty();
    sandbox.module("main", &entry(r#""b""#, r#"["bytes.alloc",["b.f"]]"#));
    let body = r#"["begin",["let","s",["bytes.alloc",3]],["let","v",["a.view",["bytes.view","s"]]],["let","t","s"],["view.len","v"]]"#;
    sandbox.module("b", &module("b", r#""a""#, body));
    sandbox.module("a", &picker("a", r#""u""#, "view", r#"["u.pick","v"]"#));
    let turn_to = |state: &(&str, Option<String>, &[&str]), before: &str| {
        let (name, text, expected) = state;
        match text {
            Some(text) => sandbox.module("u", text),
            None => std::fs::remove_file(sandbox.path("p/src/u.x07.json")).unwrap_or_default(),
        }
        for request in [sandbox.request(), sandbox.release()] {
            assert_eq!(found(&request), *expected, "{name} after {before}");
            let is_whole = x07_build::build(&request, &Silent).is_ok();
            assert_eq!(is_whole, expected.is_empty(), "{name} after {before}");
        }
    };
    // From each to each other and back.
    for (index, one) in states.iter().enumerate() {
        turn_to(one, "the state before");
        for other in &states[index + 1..] {
            turn_to(other, one.0);
            turn_to(one, other.0);
        }
    }
}

#[test]
fn the_entry_may_have_65536_bytes() {
    let text = entry("", r#"["bytes.alloc",0]"#);
    let padded = |size: usize| text.clone() + &" ".repeat(size - text.len());
    let sandbox = Sandbox::empty();
    sandbox.module("main", &padded(65_536));
    assert_eq!(run(&must_build(&sandbox.request()).output, b""), b"");
    sandbox.module("main", &padded(65_537));
    let error = must_fail(&sandbox.request());
    assert!(error.contains("Budget: entry file") && error.contains("main.x07.json"), "{error}");
}

#[test]
fn a_dependency_that_is_not_there_is_refused() {
    let sandbox = Sandbox::project();
    let manifest = std::fs::read_to_string(sandbox.path("p/x07.json")).unwrap();
    let dependency = r#""dependencies":[{"name":"acme","version":"1.0.0","path":"deps/acme"}],"world""#;
    sandbox.write("p/x07.json", manifest.replace(r#""world""#, dependency));
    let error = must_fail(&sandbox.request());
    assert!(error.contains("X07PKG_LOCAL_MISSING_DEP") && error.contains("deps/acme"), "{error}");
}

#[test]
fn a_dependency_that_is_there_contributes_its_modules() {
    let sandbox = Sandbox::project();
    let manifest = std::fs::read_to_string(sandbox.path("p/x07.json")).unwrap();
    let dependency = r#""dependencies":[{"name":"acme","version":"1.0.0","path":"deps/acme"}],"world""#;
    sandbox.write("p/x07.json", manifest.replace(r#""world""#, dependency));
    sandbox.write(
        "p/deps/acme/x07-package.json",
        r#"{"schema_version":"x07.package@0.1.0","name":"acme","version":"1.0.0","module_root":"modules","modules":["acme.one"]}"#,
    );
    sandbox.write("p/deps/acme/modules/acme/one.x07.json", module("acme.one", "", "3"));
    sandbox.module("main", &entry(r#""acme.one""#, r#"["bytes.alloc",["acme.one.f"]]"#));
    assert_eq!(run(&must_build(&sandbox.request()).output, b""), [0, 0, 0]);
}

#[test]
fn an_extern_that_no_library_has_is_named() {
    let sandbox = Sandbox::empty();
    let text = format!(
        r#"{{{HEAD},"kind":"entry","module_id":"main","imports":[],"decls":[
            {{"kind":"extern","abi":"C","name":"main.ghost","link_name":"x07_ghost_symbol","params":[],"result":"i32"}}],
            "solve":["bytes.alloc",["unsafe",["main.ghost"]]]}}"#
    );
    sandbox.module("main", &text);
    let mut request = sandbox.request();
    request.world = Some(x07_build::World::RunOs);
    let error = must_fail(&request);
    assert!(error.contains(r#"no library defines extern "main.ghost" (C symbol x07_ghost_symbol)"#), "{error}");
}

#[test]
fn a_missing_c_compiler_says_how_to_install_one() {
    let sandbox = Sandbox::project();
    let mut request = sandbox.request();
    request.environment.cc = Some("x07-no-such-compiler".to_owned());
    let error = must_fail(&request);
    for expected in
        ["x07-no-such-compiler", "apt install gcc", "dnf install gcc", "apk add gcc", "xcode-select", "X07_CC"]
    {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

/// A C compiler that compiles no unit.
fn broken_compiler(sandbox: &Sandbox) -> String {
    use std::os::unix::fs::PermissionsExt;
    sandbox.write(
        "broken-cc",
        "#!/bin/sh\ncase \"$*\" in *' -c '*) echo '<stdin>:1:1: error: no such luck' >&2; exit 3;; esac\nexec cc \"$@\"\n",
    );
    let path = sandbox.path("broken-cc");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_failing_c_compiler_is_not_the_users_fault() {
    let sandbox = Sandbox::project();
    let mut request = sandbox.request();
    request.environment.cc = Some(broken_compiler(&sandbox));
    let error = must_fail(&request);
    for expected in ["C toolchain failed (exit=3)", "this is a bug of x07", "no such luck", "the C text is in"] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn unless_the_user_gave_it_arguments() {
    let sandbox = Sandbox::project();
    let mut request = sandbox.request();
    request.environment.cc_args = vec!["-fno-such-flag".to_owned()];
    let error = must_fail(&request);
    assert!(error.contains("with X07_CC_ARGS or the request's arguments -fno-such-flag"), "{error}");
    assert!(!error.contains("bug of x07"), "{error}");
}

#[test]
fn a_users_module_named_like_the_library_gets_no_internal_heads() {
    let generic = format!(
        r#"{{{HEAD},"kind":"module","module_id":"std.mine","imports":[],"decls":[
            {{"kind":"export","names":["std.mine.f"]}},
            {{"kind":"defn","name":"std.mine.f","type_params":[{{"name":"A"}}],
             "params":[{{"name":"b","ty":"bytes"}},{{"name":"x","ty":["t","A"]}}],"result":"bytes",
             "body":["__internal.u32le.sort","b",1]}}]}}"#
    );
    let call = r#"["tapp","std.mine.f",["tys","i32"],["bytes.alloc",4],1]"#;
    check(&[("main", entry(r#""std.mine""#, call)), ("std.mine", generic)], &["__internal.u32le.sort"]);
}

#[test]
fn an_uncalled_function_may_call_a_broken_one() {
    let sandbox = Sandbox::empty();
    sandbox.module("main", &entry(r#""a","b""#, r#"["codec.write_u32_le",["+",["a.fine"],["b.fine"]]]"#));
    let functions = |id: &str, called: &str| {
        format!(
            r#"{{"kind":"export","names":["{id}.also","{id}.fine","{id}.wrong"]}},
            {{"kind":"defn","name":"{id}.fine","params":[],"result":"i32","body":20}},
            {{"kind":"defn","name":"{id}.wrong","params":[],"result":"i32","body":["+",1,"zz"]}},
            {{"kind":"defn","name":"{id}.also","params":[],"result":"i32","body":["+",1,["{called}"]]}}"#
        )
    };
    let text = |id: &str, imports: &str, called: &str| {
        let functions = functions(id, called);
        format!(r#"{{{HEAD},"kind":"module","module_id":"{id}","imports":[{imports}],"decls":[{functions}]}}"#)
    };
    sandbox.module("a", &text("a", "", "a.wrong"));
    sandbox.module("b", &text("b", r#""a""#, "a.also"));
    for request in [sandbox.request(), sandbox.release()] {
        let outcome = must_build(&request);
        assert_eq!(outcome.diagnostics.len(), 2, "{:?}", outcome.diagnostics);
        assert_eq!(run(&outcome.output, b""), 40u32.to_le_bytes());
    }
}

#[test]
fn a_mistake_in_what_was_linked_before_is_told_as_a_mistake() {
    type Modules = Vec<(&'static str, String)>;
    fn function(id: &str, body: &str) -> String {
        format!(r#"{{"kind":"defn","name":"{id}.g","params":[],"result":"bytes","body":{body}}}"#)
    }
    // The broken function is called in its own file, or from another one that has changed too.
    fn own(body: &str, attempt: usize) -> Modules {
        let text = entry(r#""a""#, &format!(r#"["bytes.concat",["main.g"],["bytes.alloc",["+",{attempt},["a.f"]]]]"#));
        let text = text.replace(r#""decls":["#, &format!(r#""decls":[{}"#, function("main", body)));
        vec![("main", text), ("a", module("a", "", "1"))]
    }
    fn imported(body: &str, attempt: usize) -> Modules {
        let text = entry(r#""a""#, &format!(r#"["bytes.concat",["a.g"],["bytes.alloc",["+",{attempt},["a.f"]]]]"#));
        let module = module("a", "", "1").replace(r#"["a.f"]"#, r#"["a.f","a.g"]"#);
        vec![("main", text), ("a", module.replace(r#""decls":["#, &format!(r#""decls":[{},"#, function("a", body))))]
    }
    // A module without a mistake of its own is between the two.
    fn further(body: &str, attempt: usize) -> Modules {
        let mut modules = imported(body, attempt);
        let between = module("b", r#""a""#, "1").replace(r#"["b.f"]"#, r#"["b.f","b.g"]"#);
        let between = between.replace(r#""decls":["#, &format!(r#""decls":[{},"#, function("b", r#"["a.g"]"#)));
        modules[0].1 =
            modules[0].1.replace(r#"["a.g"]"#, r#"["b.g"]"#).replace(r#""imports":["a""#, r#""imports":["a","b""#);
        modules.push(("b", between));
        modules
    }
    // The C compiler must not be blamed, however soon it is called; who is faster differs from run to run.
    for attempt in 0..20 {
        for program in [own as fn(&str, usize) -> Modules, imported, further] {
            let sandbox = Sandbox::empty();
            let write = |body| {
                for (id, text) in program(body, attempt) {
                    sandbox.module(id, &text);
                }
            };
            write(r#"["bytes.empty"]"#);
            must_build(&sandbox.request());
            write(r#""nope""#);
            let error = must_fail(&sandbox.request());
            assert!(error.contains("unknown identifier") && !error.contains("bug"), "{error}");
        }
    }
}
