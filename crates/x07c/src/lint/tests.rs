//! A test is an expression or a file, and what the linter must say about it; fixed findings show the result.

use expect_test::{Expect, expect};
use x07_ast::{Expected, apply_fixes, parse};

use super::lint;
use crate::Capabilities;

const ALL: Capabilities = Capabilities { fs: true, rr: true, kv: true, os: true, allow_unsafe: true, allow_ffi: true };
const PURE: Capabilities =
    Capabilities { fs: false, rr: false, kv: false, os: false, allow_unsafe: false, allow_ffi: false };

/// Lints `solve` as the body of a program in which everything is allowed.
fn check(solve: &str, expected: Expect) {
    check_file(&entry("[]", "[]", solve), &ALL, expected);
}

fn entry(imports: &str, decls: &str, solve: &str) -> String {
    format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":{imports},"decls":{decls},"solve":{solve}}}"#
    )
}

fn check_file(source: &str, capabilities: &Capabilities, expected: Expect) {
    let parsed = parse(source.as_bytes(), Expected::Any);
    let file = parsed.file.unwrap_or_else(|| panic!("the test's file does not parse: {:?}", parsed.diagnostics));
    let found = lint(&file, capabilities);
    let mut text = String::new();
    for finding in &found {
        let severity = if finding.is_error() { "error" } else { "warning" };
        let at = finding.pointer.as_deref().unwrap_or("nowhere");
        text += &format!("{severity}[{}]: {}\n  at {at}\n", finding.code, finding.message);
        for label in &finding.labels {
            text += &format!("  {}: {}\n", label.message, label.pointer);
        }
        if let Some(help) = &finding.help {
            text += &format!("  help: {help}\n");
        }
    }
    let fixes: Vec<_> = found.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    if !fixes.is_empty() {
        let fixed = apply_fixes(source.as_bytes(), fixes).unwrap();
        let value: serde_json::Value = serde_json::from_str(&fixed).unwrap();
        let imports = value["imports"].as_array().filter(|imports| !imports.is_empty());
        let parts = [imports.map(|_| &value["imports"]), value["decls"].get(0), value.get("solve")];
        for part in parts.into_iter().flatten() {
            text += &format!("fixed: {part}\n");
        }
    }
    expected.assert_eq(&text);
}

#[test]
fn a_discarded_update_is_put_back() {
    check(
        r#"["begin",["let","v",["vec_u8.with_capacity",4]],["for","i",0,3,["std.vec.push","v","i"]],["if",1,["vec_u8.push","v",1],0],["vec_u8.into_bytes","v"]]"#,
        expect![[r#"
            error[X07-MOVE-0003]: the result of `std.vec.push` is thrown away, and `v` with it
              at /solve/2/4
              help: write ["set", "v", ["std.vec.push","v","i"]]
            error[X07-MOVE-0003]: the result of `vec_u8.push` is thrown away, and `v` with it
              at /solve/3/2
              help: write ["set", "v", ["vec_u8.push","v",1]]
            fixed: ["begin",["let","v",["vec_u8.with_capacity",4]],["for","i",0,3,["set","v",["std.vec.push","v","i"]]],["if",1,["set","v",["vec_u8.push","v",1]],0],["vec_u8.into_bytes","v"]]
        "#]],
    );
}

#[test]
fn an_update_whose_result_is_used_is_fine() {
    check(
        r#"["begin",["let","v",["vec_u8.with_capacity",4]],["set","v",["vec_u8.push","v",1]],["vec_u8.into_bytes",["vec_u8.push","v",2]]]"#,
        expect![[r#""#]],
    );
}

#[test]
fn views_are_taken_of_names() {
    check(
        r#"["view.to_bytes",["bytes.view",["bytes.lit","a b"]]]"#,
        expect![[r#"
        error[X07-BORROW-0001]: `bytes.view` takes the name of its owner, not ["bytes.lit","a b"]
          at /solve/1/1
          help: write ["bytes.view_lit","a b"]
        fixed: ["view.to_bytes",["bytes.view_lit","a b"]]
    "#]],
    );
    check(
        r#"["begin",["let","n",["view.len",["bytes.view",["bytes.alloc",3]]]],["bytes.alloc","n"]]"#,
        expect![[r#"
            error[X07-BORROW-0001]: `bytes.view` takes the name of its owner, not ["bytes.alloc",3]
              at /solve/1/2/1/1
              help: bind the value with `let` first, so that something owns it while it is looked at
            fixed: ["begin",["let","owner_1",["bytes.alloc",3]],["let","n",["view.len",["bytes.view","owner_1"]]],["bytes.alloc","n"]]
        "#]],
    );
    check(
        r#"["if",["view.len",["bytes.view",["bytes.alloc",1]]],["view.to_bytes",["bytes.subview",["bytes.alloc",2],0,1]],["bytes.empty"]]"#,
        expect![[r#"
            error[X07-BORROW-0001]: `bytes.view` takes the name of its owner, not ["bytes.alloc",1]
              at /solve/1/1/1
              help: bind the value with `let` first, so that something owns it while it is looked at
            error[X07-BORROW-0001]: `bytes.subview` takes the name of its owner, not ["bytes.alloc",2]
              at /solve/2/1/1
              help: bind the value with `let` first, so that something owns it while it is looked at
            fixed: ["begin",["let","owner_1",["bytes.alloc",1]],["if",["view.len",["bytes.view","owner_1"]],["view.to_bytes",["bytes.subview",["bytes.alloc",2],0,1]],["bytes.empty"]]]
        "#]],
    );
    check(
        r#"["if",["&&",1,["view.len",["bytes.view",["bytes.alloc",1]]]],["bytes.empty"],["bytes.empty"]]"#,
        expect![[r#"
            error[X07-BORROW-0001]: `bytes.view` takes the name of its owner, not ["bytes.alloc",1]
              at /solve/1/2/1/1
              help: bind the value with `let` first, so that something owns it while it is looked at
        "#]],
    );
}

/// The fix of an owner without a name, after as many rounds as it takes, or none where it would change the program.
fn check_named_owner(solve: &str, expected: Expect) {
    let mut source = entry("[]", "[]", solve);
    for _ in 0..5 {
        let file = parse(source.as_bytes(), Expected::Any).file.unwrap();
        let found = lint(&file, &ALL);
        let fixes: Vec<_> = found.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        if fixes.is_empty() {
            break;
        }
        source = apply_fixes(source.as_bytes(), fixes).unwrap();
    }
    let value: serde_json::Value = serde_json::from_str(&source).unwrap();
    expected.assert_eq(&value["solve"].to_string());
}

#[test]
fn an_owner_is_named_where_nothing_is_evaluated_in_another_order() {
    for (solve, expected) in [
        // What comes before has effects, or reads what the owner changes.
        (
            r#"["bytes1",["+",["set","n",3],["view.len",["bytes.view",["bytes.alloc","n"]]]]]"#,
            expect![[r#"["bytes1",["+",["set","n",3],["view.len",["bytes.view",["bytes.alloc","n"]]]]]"#]],
        ),
        (
            r#"["bytes1",["+","n",["view.len",["bytes.view",["bytes.alloc",["set","n",3]]]]]]"#,
            expect![[r#"["bytes1",["+","n",["view.len",["bytes.view",["bytes.alloc",["set","n",3]]]]]]"#]],
        ),
        (
            r#"["bytes1",["+",["m.f"],["if",["view.len",["bytes.view",["m.g"]]],1,2]]]"#,
            expect![[r#"["bytes1",["+",["m.f"],["if",["view.len",["bytes.view",["m.g"]]],1,2]]]"#]],
        ),
        (
            r#"["bytes1",["+",["view.get_u8","input",9],["view.len",["bytes.view",["m.g"]]]]]"#,
            expect![[r#"["bytes1",["+",["view.get_u8","input",9],["view.len",["bytes.view",["m.g"]]]]]"#]],
        ),
        (
            r#"["for","i",0,["view.len",["bytes.view",["m.g","i"]]],1]"#,
            expect![[r#"["for","i",0,["view.len",["bytes.view",["m.g","i"]]],1]"#]],
        ),
        (
            r#"["begin",["view.slice_of",["m.f"],["begin",["let","b",["m.g"]],["bytes.view","b"]]],0]"#,
            expect![[r#"["begin",["view.slice_of",["m.f"],["begin",["let","b",["m.g"]],["bytes.view","b"]]],0]"#]],
        ),
        // What comes before is the same before and after.
        (
            r#"["for","i",0,["view.len",["bytes.view",["m.g",1]]],1]"#,
            expect![[r#"["begin",["let","owner_1",["m.g",1]],["for","i",0,["view.len",["bytes.view","owner_1"]],1]]"#]],
        ),
        (
            r#"["begin",["set","n",["+",["*",10,["view.len","input"]],["view.len",["bytes.view",["m.g"]]]]],"n"]"#,
            expect![[
                r#"["begin",["let","owner_1",["m.g"]],["set","n",["+",["*",10,["view.len","input"]],["view.len",["bytes.view","owner_1"]]]],"n"]"#
            ]],
        ),
        (
            r#"["m.f",["bytes.lit","x"],7,["bytes.view",["m.g",["set","n",3]]]]"#,
            expect![[
                r#"["begin",["let","owner_1",["m.g",["set","n",3]]],["m.f",["bytes.lit","x"],7,["bytes.view","owner_1"]]]"#
            ]],
        ),
        // Several owners get their names in the order in which they are evaluated.
        (
            r#"["begin",["m.f",["bytes.view",["m.g",1]],["bytes.view",["m.g",2]],["bytes.view",["m.g",3]]],0]"#,
            expect![[
                r#"["begin",["let","owner_1",["m.g",1]],["let","owner_2",["m.g",2]],["let","owner_3",["m.g",3]],["m.f",["bytes.view","owner_1"],["bytes.view","owner_2"],["bytes.view","owner_3"]],0]"#
            ]],
        ),
        (
            r#"["begin",["m.f",["bytes.view",["m.g",["bytes.view",["m.h"]]]]],0]"#,
            expect![[
                r#"["begin",["let","owner_1",["m.h"]],["let","owner_2",["m.g",["bytes.view","owner_1"]]],["m.f",["bytes.view","owner_2"]],0]"#
            ]],
        ),
    ] {
        check_named_owner(solve, expected);
    }
}

#[test]
fn a_view_does_not_outlive_its_block() {
    check(
        r#"["begin",["let","n",["view.len",["begin",["let","b",["bytes.alloc",3]],["bytes.view","b"]]]],["bytes.alloc","n"]]"#,
        expect![[r#"
            error[X07-BORROW-0002]: the block yields a view of `b`, which ends with the block
              at /solve/1/2/1/2
              `b` lives until the end of this block: /solve/1/2/1/1
              help: bind `b` outside of the block, or yield a copy: ["view.to_bytes", ["bytes.view", …]]
            fixed: ["begin",["let","b",["bytes.alloc",3]],["let","n",["view.len",["bytes.view","b"]]],["bytes.alloc","n"]]
        "#]],
    );
    check(
        r#"["view.to_bytes",["begin",["let","b",["bytes.alloc",3]],["set","b",["bytes.set_u8","b",0,1]],["bytes.view","b"]]]"#,
        expect![[r#"
            error[X07-BORROW-0002]: the block yields a view of `b`, which ends with the block
              at /solve/1/3
              `b` lives until the end of this block: /solve/1/1
              help: bind `b` outside of the block, or yield a copy: ["view.to_bytes", ["bytes.view", …]]
        "#]],
    );
}

#[test]
fn a_name_is_consumed_once() {
    check(
        r#"["begin",["let","b",["bytes.alloc",1]],["bytes.concat","b","b"]]"#,
        expect![[r#"
        error[X07-MOVE-0001]: `bytes.concat` consumes `b` twice
          at /solve/2/2
          `b` is moved here: /solve/2/1
          help: copy one side: ["view.to_bytes",["bytes.view","b"]]
        fixed: ["begin",["let","b",["bytes.alloc",1]],["bytes.concat",["view.to_bytes",["bytes.view","b"]],"b"]]
    "#]],
    );
}

#[test]
fn conditions_say_what_they_mean() {
    check(
        r#"["if",["&",["<u",0,["view.len","input"]],["=",["view.get_u8","input",0],65]],["bytes.empty"],["bytes.empty"]]"#,
        expect![[r#"
            warning[X07-BOOL-0001]: `&` evaluates its right side even when the left side decides
              at /solve/1
              help: `&&` leaves the right side alone then, and its access cannot trap
            fixed: ["if",["&&",["<u",0,["view.len","input"]],["=",["view.get_u8","input",0],65]],["bytes.empty"],["bytes.empty"]]
        "#]],
    );
    check(
        r#"["if",["&",["view.get_u8","input",0],1],["bytes.empty"],["bytes.alloc",["<u",["view.len","input"],0]]]"#,
        expect![[r#"
            warning[X07-CMP-0001]: `<u` with 0 is always false
              at /solve/3/1
              help: `<` compares signed numbers
            fixed: ["if",["&",["view.get_u8","input",0],1],["bytes.empty"],["bytes.alloc",["<",["view.len","input"],0]]]
        "#]],
    );
}

#[test]
fn forms_have_their_number_of_arguments() {
    check(
        r#"["begin",["let","x",1,["set","x",2]],["for","i",0,3,["set","x","i"],["set","x",0]],["if","x",["bytes.empty"]]]"#,
        expect![[r#"
            error[X07-ARITY-LET-0001]: `let` takes 2 arguments, 3 given
              at /solve/1
              help: what follows a binding is a statement of its own
            error[X07-ARITY-FOR-0001]: `for` takes 4 arguments, 5 given
              at /solve/2
              help: a body of several expressions is a `begin`
            error[X07-ARITY-IF-0001]: `if` takes 3 arguments, 2 given
              at /solve/3
            fixed: ["begin",["let","x",1],["set","x",2],["for","i",0,3,["begin",["set","x","i"],["set","x",0]]],["if","x",["bytes.empty"]]]
        "#]],
    );
    check(
        r#"["begin",["return"],["begin"],["unsafe"],["set","x"]]"#,
        expect![[r#"
        error[X07-ARITY-RETURN-0001]: `return` takes 1 argument, 0 given
          at /solve/1
        error[X07-ARITY-BEGIN-0001]: `begin` takes at least 1 argument, 0 given
          at /solve/2
        error[X07-ARITY-UNSAFE-0001]: `unsafe` takes at least 1 argument, 0 given
          at /solve/3
        error[X07-ARITY-LET-0001]: `set` takes 2 arguments, 1 given
          at /solve/4
    "#]],
    );
    let many = vec!["0"; 17].join(",");
    check(
        &format!(r#"["begin",["unsafe",{many}],["bytes.empty"]]"#),
        expect![[r#"
        warning[X07-UNSAFE-0001]: an `unsafe` block of 17 expressions is hard to vouch for
          at /solve/1
          help: keep only what needs it inside; up to 16 expressions are fine
    "#]],
    );
}

#[test]
fn type_variables_are_declared_and_used() {
    let decl = r#"[{"kind":"defn","name":"main.f","type_params":[{"name":"B"}],"params":[{"name":"x","ty":["t","A"]}],"result":["option",["t","C"]],"body":["begin","x"]}]"#;
    check_file(
        &entry("[]", decl, r#"["bytes.empty"]"#),
        &ALL,
        expect![[r#"
        error[X07-GENERICS-0001]: type variable `A`, `C` of `main.f` is not declared
          at /decls/0/params/0/ty
          help: declare it in `type_params`
        warning[X07-GENERICS-0002]: type parameter `B` of `main.f` is not used
          at /decls/0/type_params/0
          help: remove it
        fixed: {"body":["begin","x"],"kind":"defn","name":"main.f","params":[{"name":"x","ty":["t","A"]}],"result":["option",["t","C"]],"type_params":[{"name":"A"},{"name":"C"}]}
        fixed: ["bytes.empty"]
    "#]],
    );
}

#[test]
fn worlds_have_what_they_have() {
    let decls = r#"[{"kind":"extern","abi":"C","name":"main.c","params":[],"result":"i32"},
        {"kind":"defn","name":"main.p","params":[{"name":"p","ty":"ptr_mut_u8"}],"result":"i32","body":["unsafe",["ptr.read_u8","p"]]}]"#;
    let source = entry(
        r#"["std.fs","std.os.env","own.fs","kv"]"#,
        decls,
        r#"["begin",["kv.get",["os.time.now"]],["fs.read",1]]"#,
    );
    check_file(
        &source,
        &PURE,
        expect![[r#"
        error[X07-WORLD-0001]: this world has no `std.fs`
          at /imports/0
          help: only solve-fs, solve-full and the OS worlds have it
        error[X07-WORLD-OS-0001]: this world has no `std.os.env`
          at /imports/1
          help: only run-os and run-os-sandboxed have it
        error[X07-WORLD-FFI-0001]: this world does not allow the extern `main.c`
          at /decls/0
          help: C functions need world run-os
        error[X07-WORLD-UNSAFE-0002]: this world does not allow the raw pointer `ptr_mut_u8` in the signature of `main.p`
          at /decls/1/params/0/ty
          help: raw pointers need world run-os
        error[X07-WORLD-UNSAFE-0001]: this world does not allow `unsafe`
          at /decls/1/body
          help: raw pointers need world run-os
        error[X07-WORLD-UNSAFE-0001]: this world does not allow `ptr.read_u8`
          at /decls/1/body/1
          help: raw pointers need world run-os
        error[X07-WORLD-OS-0002]: this world has no `os.time.now`
          at /solve/1/1
          help: only run-os and run-os-sandboxed have it
        error[X07-WORLD-FS-0001]: this world has no `fs.read`
          at /solve/2
          help: only solve-fs, solve-full and the OS worlds have it
        fixed: ["kv","own.fs"]
        fixed: {"abi":"C","kind":"extern","link_name":"c","name":"main.c","params":[],"result":"i32"}
        fixed: ["begin",["kv.get",["os.time.now"]],["fs.read",1]]
    "#]],
    );
    check_file(&source, &ALL, expect![[r#""#]]);
}
