//! What the compiler says about programs: declarations, a `solve`, and the findings.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

use expect_test::{Expect, expect};
use x07_ast::{Diagnostic, Expected, parse};
use x07c::{Capabilities, Interface, Interfaces, Limits, Options, Scope, check_program, compile};

struct Alone;

impl Interfaces for Alone {
    fn get(&self, _: &str) -> Option<&Interface> {
        None
    }
}

fn check(declarations: &str, solve: &str, expected: Expect) {
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
    };
    let unit = compile(&file, &Alone, &options);
    let shown = |diagnostic: &Diagnostic| {
        let severity = if diagnostic.is_error() { "error" } else { "warning" };
        let pointer = diagnostic.pointer.as_deref().unwrap_or_default();
        format!("{severity}[{}] {pointer}: {}\n", diagnostic.code, diagnostic.message)
    };
    let found: String = check_program([&unit.summary], 1 << 24, Scope::Program).diagnostics.iter().map(shown).collect();
    expected.assert_eq(&found);
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
