//! Declarations (spec language 1.1, 1.2, 1.3). A test is the declarations of a file and what a person is told.

mod common;

use common::{entry, module, told};
use expect_test::{Expect, expect};
use x07_ast::Expected;

/// In an entry.
fn check(decls: &str, expected: Expect) {
    expected.assert_eq(&told(entry(decls, "\"input\""), Expected::Entry));
}

/// In the module `lib.num`.
fn check_module(decls: &str, expected: Expect) {
    expected.assert_eq(&told(module("lib.num", decls), Expected::Module("lib.num")));
}

const FIVE: &str = r#"{"kind":"defn","name":"lib.num.five","params":[],"result":"i32","body":5}"#;

#[test]
fn all_that_a_function_may_have() {
    check(
        r#"{"doc":"Says.","kind":"defn","name":"main.f","type_params":[{"name":"A","bound":"num_like"},{"name":"B"}],
            "params":[{"name":"x","ty":["option",["t","A"]]},{"name":"_y2","ty":"bytes_view","brand":"app.checked-v1"}],
            "result":["result",["result","bytes"]],"result_brand":"app.out",
            "requires":[{"id":"a b","expr":1,"witness":["x",["bytes.lit","w s"]]}],"ensures":[],"invariant":[{"expr":0}],"body":"x"},
           {"kind":"defasync","name":"main.g","params":[],"result":"bytes","body":["bytes.lit",""]},
           {"kind":"defasync","name":"main.h","params":[],"result":["result","bytes"],"body":1},
           {"kind":"extern","abi":"C","name":"main.c_fn","params":[{"name":"p","ty":"ptr_const_u8"}],"result":"void"},
           {"kind":"extern","abi":"C","name":"main.d-e","link_name":"d_e","params":[],"result":"ptr_mut_void","doc":"x"}"#,
        expect![[r#"
            fine
        "#]],
    );
}

#[test]
fn missing_keys_are_named() {
    check(
        r#"{"kind":"defn"},{"kind":"defasync","name":"main.g"},{"kind":"extern","name":"main.e"},{"name":"main.f"},{"kind":"const","name":"main.c","value":1},{"kind":"defun"},5"#,
        expect![[r#"
            error[X07-AST-0004]: the declaration has no `name`
              at "/decls/0"
            error[X07-AST-0004]: the declaration has no `params`
              at "/decls/0"
              help: a function without parameters has "params": []
              fix: add an empty list of parameters: [{"op":"add","path":"/decls/0/params","value":[]}]
            error[X07-AST-0004]: the declaration has no `result`
              at "/decls/0"
            error[X07-AST-0004]: the declaration has no `body`
              at "/decls/0"
            error[X07-AST-0004]: `main.g` has no `params`
              at "/decls/1" in main.g
              help: a function without parameters has "params": []
              fix: add an empty list of parameters: [{"op":"add","path":"/decls/1/params","value":[]}]
            error[X07-AST-0004]: `main.g` has no `result`
              at "/decls/1" in main.g
            error[X07-AST-0004]: `main.g` has no `body`
              at "/decls/1" in main.g
            error[X07-AST-0004]: `main.e` has no `abi`
              at "/decls/2" in main.e
            error[X07-AST-0004]: `main.e` has no `params`
              at "/decls/2" in main.e
              help: a function without parameters has "params": []
              fix: add an empty list of parameters: [{"op":"add","path":"/decls/2/params","value":[]}]
            error[X07-AST-0004]: `main.e` has no `result`
              at "/decls/2" in main.e
            error[X07-AST-0004]: the declaration has no `kind`
              at "/decls/3" in main.f
              help: it is one of `defn`, `defasync`, `extern`, `export`
            error[X07-AST-0009]: `const` is not a kind of declaration
              at "/decls/4/kind" in main.c
              help: it is one of `defn`, `defasync`, `extern`, `export`
            error[X07-AST-0009]: `defun` is not a kind of declaration
              at "/decls/5/kind"
              help: did you mean `defn`?
              fix: make it a defn: [{"op":"replace","path":"/decls/5/kind","value":"defn"}]
            error[X07-AST-0003]: a declaration is an object, not the number `5`
              at "/decls/6"
        "#]],
    );
    check_module(
        r#"{"kind":"export"}"#,
        expect![[r#"
        error[X07-AST-0004]: the export has no `names`
          at "/decls/0"
    "#]],
    );
    check(
        r#"{"kind":"defn","name":"main.f","params":[{},{"name":"x"},{"ty":"i32"},"y"],"type_params":[{},3],"result":"i32","body":1,"requires":[{"id":"x"},7]}"#,
        expect![[r#"
            error[X07-AST-0004]: the type parameter has no `name`
              at "/decls/0/type_params/0" in main.f
            error[X07-AST-0003]: a type parameter is an object, not the number `3`
              at "/decls/0/type_params/1" in main.f
              help: write {"name": "A"}, with a "bound" if the type must be of a kind
            error[X07-AST-0004]: the parameter has no `name`
              at "/decls/0/params/0" in main.f
            error[X07-AST-0004]: the parameter has no `ty`
              at "/decls/0/params/0" in main.f
            error[X07-AST-0004]: the parameter `x` has no `ty`
              at "/decls/0/params/1" in main.f
            error[X07-AST-0004]: the parameter has no `name`
              at "/decls/0/params/2" in main.f
            error[X07-AST-0003]: a parameter is an object, not the string `y`
              at "/decls/0/params/3" in main.f
              help: write {"name": "x", "ty": "i32"}
            error[X07-AST-0004]: the contract clause has no `expr`
              at "/decls/0/requires/0" in main.f
            error[X07-AST-0003]: a contract clause is an object, not the number `7`
              at "/decls/0/requires/1" in main.f
        "#]],
    );
}

#[test]
fn wrong_shapes() {
    check(
        r#"{"kind":"defn","name":7,"params":{},"type_params":"A","result":5,"result_brand":[],"requires":{},"ensures":"x","invariant":1,"body":null,"doc":[]},
           {"kind":["defn"]},
           {"kind":"defn","name":"main.f","params":[{"name":1,"ty":[]},{"name":"x","ty":[["t"]]},{"name":"y","ty":["t"]},{"name":"z","ty":["option",{}],"brand":1}],"result":["t","A","B"],"body":1,"requires":[{"expr":1,"id":2,"witness":3}]}"#,
        expect![[r#"
            error[X07-AST-0003]: `name` is a string, not the number `7`
              at "/decls/0/name"
            error[X07-AST-0003]: `type_params` is an array, not the string `A`
              at "/decls/0/type_params"
            error[X07-AST-0003]: `params` is an array, not an object
              at "/decls/0/params"
            error[X07-AST-0003]: a type is a name or a list such as ["option", "i32"], not the number `5`
              at "/decls/0/result"
            error[X07-AST-0003]: `result_brand` is a string, not an array
              at "/decls/0/result_brand"
            error[X07-AST-0003]: `requires` is an array, not an object
              at "/decls/0/requires"
            error[X07-AST-0003]: `ensures` is an array, not the string `x`
              at "/decls/0/ensures"
            error[X07-AST-0003]: `invariant` is an array, not the number `1`
              at "/decls/0/invariant"
            error[X07-AST-0013]: `null` is not an expression
              at "/decls/0/body"
              help: an expression is an integer, an atom, or a list that begins with an atom
            warning[X07-AST-0003]: `doc` is a string, not an array; it is ignored
              at "/decls/0/doc"
            error[X07-AST-0003]: `kind` is a string, not an array
              at "/decls/1/kind"
            error[X07-AST-0003]: a parameter's `name` is a string, not the number `1`
              at "/decls/2/params/0/name" in main.f
            error[X07-AST-0003]: `[]` is not a type
              at "/decls/2/params/0/ty" in main.f
            error[X07-AST-0003]: the head of a type is a string, not an array
              at "/decls/2/params/1/ty/0" in main.f
            error[X07-AST-0003]: a type variable is written ["t", "A"], with one name
              at "/decls/2/params/2/ty" in main.f
            error[X07-AST-0003]: a type is a name or a list such as ["option", "i32"], not an object
              at "/decls/2/params/3/ty/1" in main.f
            error[X07-AST-0003]: `brand` is a string, not the number `1`
              at "/decls/2/params/3/brand" in main.f
            error[X07-AST-0003]: a type variable is written ["t", "A"], with one name
              at "/decls/2/result" in main.f
            error[X07-AST-0003]: `id` is a string, not the number `2`
              at "/decls/2/requires/0/id" in main.f
            error[X07-AST-0003]: `witness` is an array, not the number `3`
              at "/decls/2/requires/0/witness" in main.f
        "#]],
    );
}

#[test]
fn names_belong_to_the_module() {
    check(
        r#"{"kind":"defn","name":"helper","params":[],"result":"i32","body":1},
           {"kind":"defn","name":"main.a.f","params":[],"result":"i32","body":1},
           {"kind":"defn","name":"main.","params":[],"result":"i32","body":1},
           {"kind":"defn","name":"mainly.f","params":[],"result":"i32","body":1},
           {"kind":"defn","name":"main.f__x07_mono_v1__i32","params":[],"result":"i32","body":1},
           {"kind":"defasync","name":"main.__std_stream_pipe_v1_0","params":[],"result":"bytes","body":1},
           {"kind":"extern","abi":"C","name":"other.e","params":[],"result":"i32"}"#,
        expect![[r#"
            error[X07-AST-0007]: the name `helper` does not begin with its module, `main.`
              at "/decls/0/name" in helper
              help: call it `main.helper`, here and where it is used
            error[X07-AST-0007]: the name `main.a.f` belongs to a module `main.a`, not to `main`
              at "/decls/1/name" in main.a.f
              help: one segment follows the module id: `main.a_f`
            error[X07-AST-0006]: `main.` is not a name for a declaration
              at "/decls/2/name" in main.
              help: a name is the module id, a dot, and letters, digits, `_` or `-`
            error[X07-AST-0007]: the name `mainly.f` does not begin with its module, `main.`
              at "/decls/3/name" in mainly.f
              help: call it `main.f`, here and where it is used
            error[X07-AST-0017]: the name `main.f__x07_mono_v1__i32` is reserved for the compiler
              at "/decls/4/name" in main.f__x07_mono_v1__i32
            error[X07-AST-0017]: the name `main.__std_stream_pipe_v1_0` is reserved for the compiler
              at "/decls/5/name" in main.__std_stream_pipe_v1_0
            error[X07-AST-0007]: the name `other.e` does not begin with its module, `main.`
              at "/decls/6/name" in other.e
              help: call it `main.e`, here and where it is used
        "#]],
    );
}

#[test]
fn names_are_declared_once() {
    check(
        r#"{"kind":"defn","name":"main.twin","params":[],"result":"i32","body":1},
           {"kind":"defasync","name":"main.twin","params":[],"result":"bytes","body":1},
           {"kind":"extern","abi":"C","name":"main.twin","params":[],"result":"i32"},
           {"kind":"defn","name":"main.p","type_params":[{"name":"A"},{"name":"A"}],"params":[{"name":"x","ty":"i32"},{"name":"y","ty":"i32"},{"name":"x","ty":"i32"}],"result":"i32","body":1}"#,
        expect![[r#"
            error[X07-AST-0008]: the name `main.twin` is declared twice
              at "/decls/1/name" in main.twin
              first declared here: /decls/0/name
            error[X07-AST-0008]: the name `main.twin` is declared twice
              at "/decls/2/name" in main.twin
              first declared here: /decls/0/name
            error[X07-AST-0008]: two type parameters are called `A`
              at "/decls/3/type_params/1/name" in main.p
              the first: /decls/3/type_params/0/name
            error[X07-AST-0008]: two parameters are called `x`
              at "/decls/3/params/2/name" in main.p
              the first: /decls/3/params/0/name
        "#]],
    );
}

#[test]
fn parameter_names() {
    check(
        r#"{"kind":"defn","name":"main.f","type_params":[{"name":"A-B"}],"params":[{"name":"input","ty":"i32"},{"name":"two-words","ty":"i32"},{"name":"","ty":"i32"},{"name":"1st","ty":"i32"}],"result":"i32","body":1}"#,
        expect![[r#"
            error[X07-AST-0006]: `A-B` is not a type parameter name
              at "/decls/0/type_params/0/name" in main.f
            error[X07-AST-0006]: a parameter cannot be called `input`
              at "/decls/0/params/0/name" in main.f
              help: `input` is the program's input in every function; choose another name
            error[X07-AST-0006]: `two-words` is not a parameter name
              at "/decls/0/params/1/name" in main.f
              help: a parameter name is letters, digits and `_`, and does not begin with a digit
            error[X07-AST-0006]: `` is not a parameter name
              at "/decls/0/params/2/name" in main.f
              help: a parameter name is letters, digits and `_`, and does not begin with a digit
            error[X07-AST-0006]: `1st` is not a parameter name
              at "/decls/0/params/3/name" in main.f
              help: a parameter name is letters, digits and `_`, and does not begin with a digit
        "#]],
    );
}

#[test]
fn brands_stand_on_bytes() {
    check(
        r#"{"kind":"defn","name":"main.f","params":[{"name":"x","ty":"i32","brand":"a.b"},{"name":"y","ty":["option","i32"],"brand":"a.b"},{"name":"z","ty":["t","A"],"brand":"a.b"},{"name":"w","ty":["result","bytes_view"],"brand":"a b"}],"result":"vec_u8","result_brand":"a.b","body":1}"#,
        expect![[r#"
            error[X07-AST-0012]: E_BRAND_BAD_TY: the brand `a.b` stands on the type `i32`
              at "/decls/0/params/0/brand" in main.f
              help: only bytes, bytes_view and the options and results of them can be branded
            error[X07-AST-0012]: E_BRAND_BAD_TY: the brand `a.b` stands on the type `["option","i32"]`
              at "/decls/0/params/1/brand" in main.f
              help: only bytes, bytes_view and the options and results of them can be branded
            error[X07-AST-0012]: E_BRAND_BAD_TY: the brand `a.b` stands on the type `["t","A"]`
              at "/decls/0/params/2/brand" in main.f
              help: only bytes, bytes_view and the options and results of them can be branded
            error[X07-AST-0006]: `a b` is not a brand id
              at "/decls/0/params/3/brand" in main.f
              help: a brand id is names joined by dots, such as `app.checked_v1`
            error[X07-AST-0012]: E_BRAND_BAD_TY: the brand `a.b` stands on the type `vec_u8`
              at "/decls/0/result_brand" in main.f
              help: only bytes, bytes_view and the options and results of them can be branded
        "#]],
    );
}

#[test]
fn contracts_need_their_schema_version() {
    let source = entry(
        r#"{"kind":"defn","name":"main.f","params":[],"result":"i32","body":1,"requires":[],"invariant":[{"expr":1}]}"#,
        "1",
    );
    let expected = expect![[r#"
        error[X07-AST-0016]: `requires` needs schema version x07.x07ast@0.5.0
          at "/decls/0/requires" in main.f
          help: this file is x07.x07ast@0.4.0; contracts came with 0.5.0
          fix: raise the schema version: [{"op":"replace","path":"/schema_version","value":"x07.x07ast@0.5.0"}]
        error[X07-AST-0016]: `invariant` needs schema version x07.x07ast@0.5.0
          at "/decls/0/invariant" in main.f
          help: this file is x07.x07ast@0.4.0; contracts came with 0.5.0
          fix: raise the schema version: [{"op":"replace","path":"/schema_version","value":"x07.x07ast@0.5.0"}]
    "#]];
    expected.assert_eq(&told(source.replace("0.5.0", "0.4.0"), Expected::Entry));
}

#[test]
fn async_results() {
    check(
        r#"{"kind":"defasync","name":"main.f","params":[],"result":"i32","body":1},{"kind":"defasync","name":"main.g","params":[],"result":["option","bytes"],"body":1}"#,
        expect![[r#"
            error[X07-AST-0019]: a defasync results in `bytes` or `result_bytes`, not in `i32`
              at "/decls/0/result" in main.f
            error[X07-AST-0019]: a defasync results in `bytes` or `result_bytes`, not in `["option","bytes"]`
              at "/decls/1/result" in main.g
        "#]],
    );
}

#[test]
fn externs_are_c() {
    check(
        r#"{"kind":"extern","abi":"Rust","name":"main.e","params":[{"name":"b","ty":"bytes"},{"name":"o","ty":["option","i32"]}],"result":"bytes"},
           {"kind":"extern","abi":"C","name":"main.a-b","params":[],"result":"i32"},
           {"kind":"extern","abi":"C","name":"main.g","link_name":"1x","params":[{"name":"v","ty":"void"}],"result":"u32","body":1}"#,
        expect![[r#"
            error[X07-AST-0011]: `Rust` is not an abi of an extern
              at "/decls/0/abi" in main.e
              help: the only abi is "C"
              fix: make it C: [{"op":"replace","path":"/decls/0/abi","value":"C"}]
            error[X07-AST-0011]: the parameter `b` of an extern cannot be of type `bytes`
              at "/decls/0/params/0/ty" in main.e
              help: an extern takes i32, u32 and raw pointers such as ptr_const_u8
            error[X07-AST-0011]: the parameter `o` of an extern cannot be of type `["option","i32"]`
              at "/decls/0/params/1/ty" in main.e
              help: an extern takes i32, u32 and raw pointers such as ptr_const_u8
            error[X07-AST-0011]: an extern cannot result in `bytes`
              at "/decls/0/result" in main.e
              help: an extern results in i32, u32, a raw pointer, or "void"
            error[X07-AST-0011]: the last segment `a-b` of the name cannot be a C symbol
              at "/decls/1" in main.a-b
              note: a C symbol is letters, digits and `_`, and does not begin with a digit
              help: say in `link_name` what the function is called in C
            error[X07-AST-0011]: `1x` cannot be a C symbol
              at "/decls/2/link_name" in main.g
              note: a C symbol is letters, digits and `_`, and does not begin with a digit
            error[X07-AST-0011]: the parameter `v` of an extern cannot be of type `void`
              at "/decls/2/params/0/ty" in main.g
              help: an extern takes i32, u32 and raw pointers such as ptr_const_u8
            warning[X07-AST-0002]: an extern has no key `body`; it is ignored
              at "/decls/2/body" in main.g
              help: the keys of an extern are `kind`, `abi`, `name`, `link_name`, `params`, `result`, `doc`
        "#]],
    );
}

#[test]
fn an_entry_exports_nothing() {
    check(
        r#"{"kind":"export","names":["main.f"]}"#,
        expect![[r#"
        error[X07-AST-0010]: an entry file has no `export`: nothing can import it
          at "/decls/0"
          help: remove the export, or move the functions into a module
          fix: remove it: [{"op":"remove","path":"/decls/0"}]
    "#]],
    );
}

#[test]
fn a_module_exports_its_own_names_once() {
    check_module(
        &format!(
            r#"{{"kind":"export","names":[]}},{{"kind":"export","names":["lib.num.five","lib.num.five"]}},{FIVE}"#
        ),
        expect![[r#"
            fine
        "#]],
    );
    check_module(
        FIVE,
        expect![[r#"
        error[X07-AST-0010]: the module `lib.num` exports nothing
          at "/decls"
          help: add {"kind": "export", "names": […]} with the functions that others may call
    "#]],
    );
    check_module(
        &format!(r#"{{"kind":"export","names":[]}},{FIVE}"#),
        expect![[r#"
            error[X07-AST-0010]: the module `lib.num` exports nothing
              at "/decls"
              help: add {"kind": "export", "names": […]} with the functions that others may call
        "#]],
    );
    check_module(
        &format!(r#"{{"kind":"export","names":["lib.num.five"]}},{FIVE},{{"kind":"export","names":["lib.num.five"]}}"#),
        expect![[r#"
            error[X07-AST-0010]: a module has one export; this is the second
              at "/decls/2"
              the first: /decls/0
              help: put all names into one list
        "#]],
    );
    check_module(
        &format!(r#"{{"kind":"export","names":["lib.num.fife","lib.other.x","lib.num.gone.far",4]}},{FIVE}"#),
        expect![[r#"
            error[X07-AST-0010]: `lib.num.fife` is exported and not declared in this file
              at "/decls/0/names/0"
              help: did you mean `lib.num.five`?
              fix: export `lib.num.five`: [{"op":"replace","path":"/decls/0/names/0","value":"lib.num.five"}]
            error[X07-AST-0010]: the module `lib.num` exports `lib.other.x`, which is not its own
              at "/decls/0/names/1"
              help: declare it, or take it out of the list
            error[X07-AST-0010]: `lib.num.gone.far` is exported and not declared in this file
              at "/decls/0/names/2"
              help: declare it, or take it out of the list
            error[X07-AST-0003]: an exported name is a string, not the number `4`
              at "/decls/0/names/3"
        "#]],
    );
}

#[test]
fn unknown_keys_with_their_near_matches() {
    check(
        r#"{"kind":"defn","name":"main.f","parms":[],"params":[{"name":"x","ty":"i32","type":"i32"}],"result":"i32","body":1,"names":[],"requires":[{"expr":1,"witnes":[]}],"type_params":[{"name":"A","bond":1}]}"#,
        expect![[r#"
            warning[X07-AST-0002]: a type parameter has no key `bond`; it is ignored
              at "/decls/0/type_params/0/bond" in main.f
              help: did you mean `bound`?
            warning[X07-AST-0002]: a parameter has no key `type`; it is ignored
              at "/decls/0/params/0/type" in main.f
              help: the keys of a parameter are `name`, `ty`, `brand`
            warning[X07-AST-0002]: a contract clause has no key `witnes`; it is ignored
              at "/decls/0/requires/0/witnes" in main.f
              help: did you mean `witness`?
            warning[X07-AST-0002]: a defn has no key `names`; it is ignored
              at "/decls/0/names" in main.f
              help: the keys of a defn are `kind`, `name`, `type_params`, `params`, `result`, `result_brand`, `requires`, `ensures`, `invariant`, `body`, `doc`
            warning[X07-AST-0002]: a defn has no key `parms`; it is ignored
              at "/decls/0/parms" in main.f
              help: the keys of a defn are `kind`, `name`, `type_params`, `params`, `result`, `result_brand`, `requires`, `ensures`, `invariant`, `body`, `doc`
        "#]],
    );
}

#[test]
fn of_repeated_keys_the_last_counts() {
    check(
        r#"{"kind":"const","name":"helper","params":[{"name":"input"}],"result":"i32","body":[true],"body":1,"kind":"defn","name":"main.f","params":[]}"#,
        expect![[r#"
            warning[X07-AST-0002]: `kind` is given more than once; the last one counts
              at "/decls/0/kind" in main.f
            warning[X07-AST-0002]: `name` is given more than once; the last one counts
              at "/decls/0/name" in main.f
            warning[X07-AST-0002]: `params` is given more than once; the last one counts
              at "/decls/0/params" in main.f
            warning[X07-AST-0002]: `body` is given more than once; the last one counts
              at "/decls/0/body" in main.f
        "#]],
    );
}
