//! What the compiler says about programs: declarations, a `solve`, and the findings.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

use expect_test::{Expect, expect};
use x07_ast::{Diagnostic, Expected, apply_fixes, parse};
use x07c::{Capabilities, Interface, Interfaces, Limits, Options, Scope, Unit, check_program, compile};

struct Alone;

impl Interfaces for Alone {
    fn get(&self, _: &str) -> Option<&Interface> {
        None
    }
}

/// A program's text and its unit.
fn compiled(declarations: &str, solve: &str) -> (String, Unit) {
    let text = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[],"decls":[{declarations}],"solve":{solve}}}"#
    );
    let file = parse(text.as_bytes(), Expected::Entry).file.unwrap();
    let (fs, rr, kv, os, allow_unsafe, allow_ffi) = (false, false, false, false, false, false);
    let options = Options {
        capabilities: Capabilities { fs, rr, kv, os, allow_unsafe, allow_ffi },
        limits: Limits { max_locals: 20_000, max_c_bytes: 32 << 20 },
        trusted: false,
        inline_across_modules: false,
        library: false,
    };
    let unit = compile(&file, &Alone, &options);
    (text, unit)
}

/// A program's text and what is found in it.
fn found(declarations: &str, solve: &str) -> (String, Vec<Diagnostic>) {
    let (text, unit) = compiled(declarations, solve);
    (text, check_program([&unit.summary], 1 << 24, Scope::Program).diagnostics)
}

/// What is found in a program, a line each.
fn findings(declarations: &str, solve: &str) -> String {
    let shown = |diagnostic: &Diagnostic| {
        let severity = if diagnostic.is_error() { "error" } else { "warning" };
        let pointer = diagnostic.pointer.as_deref().unwrap_or_default();
        format!("{severity}[{}] {pointer}: {}\n", diagnostic.code, diagnostic.message)
    };
    found(declarations, solve).1.iter().map(shown).collect()
}

fn check(declarations: &str, solve: &str, expected: Expect) {
    expected.assert_eq(&findings(declarations, solve));
}

/// A function with a branded parameter and a branded result.
fn branded(ty: &str, body: &str) -> String {
    format!(
        r#"{{"kind":"defn","name":"main.f","params":[{{"name":"b","ty":"{ty}","brand":"a.in"}}],"result":"{ty}","result_brand":"a.out","body":{body}}}"#
    )
}

#[test]
fn bytes_without_the_brand_that_is_asked_for() {
    check(
        &branded("bytes", r#""b""#),
        r#"["main.f",["bytes.lit","x"]]"#,
        expect![[r#"
            warning[X07-BRAND-0001] /decls/0/body: the result of main.f is of brand "a.out", and this has the brand "a.in"
            warning[X07-BRAND-0001] /solve/1: argument "b" of "main.f" is of brand "a.in", and this has no brand
        "#]],
    );
    check(
        &branded("bytes_view", r#"["return",["view.slice","b",0,1]]"#),
        r#"["view.to_bytes",["main.f","input"]]"#,
        expect![[r#"
            warning[X07-BRAND-0001] /decls/0/body/1: the result of main.f is of brand "a.out", and this has no brand
            warning[X07-BRAND-0001] /solve/1/1: argument "b" of "main.f" is of brand "a.in", and this has no brand
        "#]],
    );
    check(
        &branded("result_bytes", r#"["result_bytes.err",1]"#),
        r#"["begin",["main.f",["result_bytes.err",2]],["bytes.alloc",0]]"#,
        expect![""],
    );
}

#[test]
fn an_instance_of_a_generic_is_called_by_its_users_names() {
    check(
        r#"{"kind":"defn","name":"main.f","type_params":[{"name":"A"}],"params":[{"name":"x","ty":["t","A"]}],"result":["option",["t","A"]],"body":"x"}"#,
        r#"["begin",["tapp","main.f",["tys","i32"],1],["bytes.alloc",0]]"#,
        expect![[r#"
            error[X07-TYPE-RET-0001] /decls/0/body: the result of main.f for i32: expected option_i32, got i32
        "#]],
    );
}

#[test]
fn the_way_to_a_head_of_another_world_is_told_in_its_users_names() {
    check(
        r#"{"kind":"defn","name":"main.f","type_params":[{"name":"A"}],"params":[],"result":"bytes","body":["os.env.get",["bytes.lit","x"]]}"#,
        r#"["tapp","main.f",["tys","i32"]]"#,
        expect![[r#"
            error[X07-WORLD-OS-0002] /decls/0/body: os.env.get is standalone-only; it needs the world run-os or run-os-sandboxed; the program calls it: solve -> main.f for i32
        "#]],
    );
}

/// A function without parameters that yields an i32, with more keys where there are some.
fn number(body: &str, more: &str) -> String {
    format!(r#"{{"kind":"defn","name":"main.f","params":[],"result":"i32","body":{body}{more}}}"#)
}

#[test]
fn a_mistake_is_told_once() {
    for (declarations, solve, expected) in [
        (
            String::new(),
            r#"["let","y",["bytes.lit","x"]]"#,
            expect![[r#"
                error[X07-TYPE-UNIFY-0001] /solve: "let" of an owned bytes is no operand: "y"
            "#]],
        ),
        (
            String::new(),
            r#"["begin",["let","y",["bytes.alloc",1]],["set","y",["bytes.alloc",2]]]"#,
            expect![[r#"
                error[X07-TYPE-UNIFY-0001] /solve/2: "set" of an owned bytes is no operand: "y"
            "#]],
        ),
        (
            String::new(),
            r#"["if",1,["let","y",["bytes.lit","x"]],["bytes.lit","z"]]"#,
            expect![[r#"
                error[X07-TYPE-UNIFY-0001] /solve/2: "let" of an owned bytes is no operand: "y"
            "#]],
        ),
        (
            String::new(),
            r#"["bytes.concat",["let","y",["bytes.lit","x"]],["bytes.lit","z"]]"#,
            expect![[r#"
                error[X07-TYPE-UNIFY-0001] /solve/1: "let" of an owned bytes is no operand: "y"
            "#]],
        ),
        (
            number(r#"["let","y",["bytes.lit","x"]]"#, ""),
            r#"["bytes1",["main.f"]]"#,
            expect![[r#"
                error[X07-TYPE-UNIFY-0001] /decls/0/body: "let" of an owned bytes is no operand: "y"
            "#]],
        ),
        (
            String::new(),
            r#"["begin",["let","y"],["bytes.concat","y",["bytes.lit","z"]]]"#,
            expect![[r#"
                error[X07-ARITY-LET-0001] /solve/1: "let" takes a name and a value, 1 given
            "#]],
        ),
        // In an instance that nobody calls, in one that is called, and in another one.
        (
            r#"{"kind":"defn","name":"main.g","type_params":[{"name":"A"}],"params":[],"result":"i32","body":"zz"},
            {"kind":"defn","name":"main.f","params":[],"result":"i32","body":["tapp","main.g",["tys","i32"]]}"#
                .to_owned(),
            r#"["bytes.alloc",["+",["tapp","main.g",["tys","bytes"]],["tapp","main.g",["tys","vec_u8"]]]]"#,
            expect![[r#"
                error[X07-TYPE-0001] /decls/0/body: unknown identifier: "zz"
            "#]],
        ),
    ] {
        check(&declarations, solve, expected);
    }
}

#[test]
fn the_arguments_of_a_call_that_does_not_fit_are_checked_too() {
    for call in [
        r#"["main.f","zz"]"#,
        r#"["main.no","zz"]"#,
        r#"["bytes.len",1,"zz"]"#,
        r#"["tapp","main.f",["tys","i32"],"zz"]"#,
        r#"["tapp","main.no","i32",["option","i32"],"zz"]"#,
        r#"["tapp","main.g",["tys"],"zz"]"#,
        r#"["tapp","main.g",["tys","no"],"zz"]"#,
        r#"["tapp","main.g",["tys","bytes"],"zz"]"#,
    ] {
        let generic = r#",{"kind":"defn","name":"main.g","type_params":[{"name":"A","bound":"num_like"}],"params":[{"name":"x","ty":["t","A"]}],"result":"i32","body":0}"#;
        let found = findings(&(number("1", "") + generic), &format!(r#"["bytes.alloc",{call}]"#));
        assert_eq!(found.lines().count(), 2, "{call}: {found}");
        assert!(found.ends_with("unknown identifier: \"zz\"\n"), "{call}: {found}");
    }
}

#[test]
fn the_name_of_the_result_is_nobody_elses_in_a_function_with_contracts() {
    let reserved = |at: &str| {
        format!(
            "error[X07-CONTRACT-0004] {at}: X07-CONTRACT-0004: \"__result\" is reserved in a function with contracts\n"
        )
    };
    for kind in ["requires", "ensures", "invariant"] {
        let clause = format!(r#","{kind}":[{{"expr":["begin",["let","__result",1],"__result"]}}]"#);
        let found = findings(&number("1", &clause), r#"["bytes1",["main.f"]]"#);
        assert_eq!(found, reserved(&format!("/decls/0/{kind}/0/expr/1")));
    }
    let parameter = r#"{"kind":"defn","name":"main.f","params":[{"name":"x","ty":"i32"},{"name":"__result","ty":"i32"}],"result":"i32","body":1,"requires":[{"expr":1}]}"#;
    assert_eq!(findings(parameter, r#"["bytes1",["main.f",1,2]]"#), reserved("/decls/0/params/1/name"));
    check(
        &number("1", r#","requires":[{"expr":"__result"}]"#),
        r#"["bytes1",["main.f"]]"#,
        expect![[r#"
            error[X07-CONTRACT-0003] /decls/0/requires/0/expr: X07-CONTRACT-0003: "__result" is known in "ensures" only
        "#]],
    );
}

#[test]
fn an_argument_of_a_wrong_type_is_told_with_its_head() {
    const V: &str = r#"{"kind":"defn","name":"main.v","params":[{"name":"v","ty":"bytes_view"}],"result":"result_i32","body":["result_i32.ok",0]}"#;
    let lit = r#"["bytes.lit","x"]"#;
    for (head, args) in [
        ("std.brand.erase_bytes_v1", r#"1"#.to_string()),
        ("std.brand.erase_view_v1", lit.to_string()),
        ("std.brand.view_v1", r#"1"#.to_string()),
        ("std.brand.to_bytes_preserve_if_full_v1", lit.to_string()),
        ("std.brand.cast_bytes_v1", r#""a.b","main.v",1"#.to_string()),
        ("std.brand.cast_bytes_v1", format!(r#"1,"main.v",{lit}"#)),
        ("std.brand.cast_bytes_v1", format!(r#""a.b",1,{lit}"#)),
        ("std.brand.cast_view_v1", format!(r#""a.b","main.v",{lit}"#)),
        ("std.brand.cast_view_copy_v1", format!(r#""a.b","main.v",{lit}"#)),
        ("ty.clone", r#""bytes",1"#.to_string()),
        ("ty.drop", r#""bytes",1"#.to_string()),
        ("+", format!("1,{lit}")),
        ("<u", format!("{lit},1")),
        ("&&", format!("1,{lit}")),
        ("||", format!("{lit},1")),
        ("task.sleep", lit.to_string()),
    ] {
        let found = findings(V, &format!(r#"["begin",["{head}",{args}],{lit}]"#));
        assert_eq!(found.lines().count(), 1, "{head} {args}: {found}");
        assert!(found.contains(&format!("\"{head}\"")), "{head} {args}: {found}");
    }
}

/// The program's `solve` after the fixes of what is found.
fn fixed(declarations: &str, solve: &str) -> String {
    let (text, found) = found(declarations, solve);
    let fixes: Vec<_> = found.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()).collect();
    let fixed: serde_json::Value = serde_json::from_str(&apply_fixes(text.as_bytes(), fixes).unwrap()).unwrap();
    fixed["solve"].to_string()
}

#[test]
fn bytes_that_are_used_again_are_handed_over_as_a_copy() {
    const TAKE: &str =
        r#"{"kind":"defn","name":"main.f","params":[{"name":"b","ty":"bytes"}],"result":"i32","body":1}"#;
    for (solve, expected) in [
        (
            r#"["begin",["let","b",["bytes.lit","x"]],["let","c","b"],["bytes.concat","c","b"]]"#,
            expect![[
                r#"["begin",["let","b",["bytes.lit","x"]],["let","c",["view.to_bytes",["bytes.view","b"]]],["bytes.concat","c","b"]]"#
            ]],
        ),
        (
            r#"["begin",["let","b",["bytes.lit","x"]],["if",["main.f","b"],"b",["bytes.alloc",0]]]"#,
            expect![[
                r#"["begin",["let","b",["bytes.lit","x"]],["if",["main.f",["view.to_bytes",["bytes.view","b"]]],"b",["bytes.alloc",0]]]"#
            ]],
        ),
        (
            r#"["begin",["let","b",["bytes.lit","x"]],["for","i",0,2,["main.f","b"]],["bytes.alloc",0]]"#,
            expect![[
                r#"["begin",["let","b",["bytes.lit","x"]],["for","i",0,2,["main.f",["view.to_bytes",["bytes.view","b"]]]],["bytes.alloc",0]]"#
            ]],
        ),
        // An argument of the same call, and a value that cannot be copied.
        (
            r#"["begin",["let","b",["bytes.lit","x"]],["bytes.concat","b",["bytes.copy","b","b"]]]"#,
            expect![[r#"["begin",["let","b",["bytes.lit","x"]],["bytes.concat","b",["bytes.copy","b","b"]]]"#]],
        ),
        (
            r#"["begin",["let","v",["vec_u8.with_capacity",1]],["let","w","v"],["vec_u8.into_bytes","v"]]"#,
            expect![[r#"["begin",["let","v",["vec_u8.with_capacity",1]],["let","w","v"],["vec_u8.into_bytes","v"]]"#]],
        ),
    ] {
        expected.assert_eq(&fixed(TAKE, solve));
    }
}

#[test]
fn nodes_are_those_of_functions_in_scope() {
    // An unused function of 4 nodes, a used one of 1 with a clause of 3 and a witness of 1, a generic of 4.
    const DECLARATIONS: &str = r#"
        {"kind":"defn","name":"main.unused","params":[],"result":"i32","body":["+",1,2]},
        {"kind":"defn","name":"main.used","params":[],"result":"i32","requires":[{"expr":["=",1,1],"witness":[7]}],"body":5},
        {"kind":"defn","name":"main.generic","type_params":[{"name":"A"}],"params":[{"name":"x","ty":["t","A"]}],"result":"i32","body":["+",1,2]}"#;
    let used = 1 + 4 + 1;
    let call = |ty: &str, value: &str| format!(r#"["tapp","main.generic",["tys","{ty}"],{value}]"#);
    let (number, text) = (call("i32", "1"), call("bytes_view", r#""input""#));
    for (solve, program, library) in [
        (r#"["bytes.alloc",0]"#.to_string(), 3, 3 + used + 4),
        (r#"["bytes1",["main.used"]]"#.to_string(), 4 + used, 4 + used + 4),
        // One for each instance, however often it is called; a call is 7 nodes.
        (
            format!(r#"["begin",{number},{number},{text},["bytes.alloc",0]]"#),
            2 + 3 * 7 + 3 + 2 * 4,
            2 + 3 * 7 + 3 + 2 * 4 + 4 + used,
        ),
    ] {
        let (_, unit) = compiled(DECLARATIONS, &solve);
        let nodes = |scope| check_program([&unit.summary], 1 << 24, scope).nodes;
        assert_eq!((nodes(Scope::Program), nodes(Scope::Library)), (program, library), "{solve}");
    }
}
