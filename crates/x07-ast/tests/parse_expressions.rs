//! Expressions (spec language 2). A test is `solve` and what a person is told.

mod common;

use common::{entry, told};
use expect_test::{Expect, expect};
use x07_ast::{Expected, parse};

fn check(solve: &str, expected: Expect) {
    expected.assert_eq(&told(entry("", solve), Expected::Entry));
}

#[test]
fn what_an_expression_may_be() {
    check(
        r#"["begin",-2147483648,2147483647,0,"","é+","5",["+"],["bytes.lit"," \u0000\ud83d\ude00\n"],["bytes.view_lit","a b"]]"#,
        expect![[r#"
            fine
        "#]],
    );
}

#[test]
fn every_value_that_is_no_expression_is_reported() {
    check(
        r#"["begin",7.0,7e2,-0,2147483648,-2147483649,18446744073709551616,1e300,true,false,null,{"a":[1]},[],[[],1],[5],[["f"],[true]],[{},false]]"#,
        expect![[r#"
            error[X07-AST-0013]: the number `7.0` is not an expression
              at "/solve/1" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: the number `700.0` is not an expression
              at "/solve/2" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: the number `-0.0` is not an expression
              at "/solve/3" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: the number `2147483648` is not an expression
              at "/solve/4" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: the number `-2147483649` is not an expression
              at "/solve/5" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: the number `1.8446744073709552e19` is not an expression
              at "/solve/6" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: the number `1e300` is not an expression
              at "/solve/7" in solve
              help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
            error[X07-AST-0013]: `true` is not an expression
              at "/solve/8" in solve
              help: write 1
            error[X07-AST-0013]: `false` is not an expression
              at "/solve/9" in solve
              help: write 0
            error[X07-AST-0013]: `null` is not an expression
              at "/solve/10" in solve
              help: an expression is an integer, an atom, or a list that begins with an atom
            error[X07-AST-0013]: an object is not an expression
              at "/solve/11" in solve
              help: an expression is an integer, an atom, or a list that begins with an atom
            error[X07-ARITY-0000]: `[]` is not an expression: a list has at least a head
              at "/solve/12" in solve
              help: write ["begin", …] for a block, 0 for nothing
            error[X07-AST-0013]: a list begins with an atom, not with a list
              at "/solve/13/0" in solve
            error[X07-AST-0013]: a list begins with an atom, not with the number `5`
              at "/solve/14/0" in solve
            error[X07-AST-0013]: a list begins with an atom, not with a list
              at "/solve/15/0" in solve
            error[X07-AST-0013]: a list begins with an atom, not with `true`
              at "/solve/15/1/0" in solve
            error[X07-AST-0013]: a list begins with an atom, not with an object
              at "/solve/16/0" in solve
            error[X07-AST-0013]: `false` is not an expression
              at "/solve/16/1" in solve
              help: write 0
        "#]],
    );
}

#[test]
fn atoms_hold_no_white_space() {
    check(
        r#"["in put",["f","in\u00a0put","a\tb","\u2028","\u200b","\u0001"]]"#,
        expect![[r#"
            error[X07-AST-0014]: the atom `in put` holds white space (U+0020)
              at "/solve/0" in solve
              help: text is written ["bytes.lit", "…"] or ["bytes.view_lit", "…"]
            error[X07-AST-0014]: the atom `in put` holds white space (U+00A0)
              at "/solve/1/1" in solve
              help: text is written ["bytes.lit", "…"] or ["bytes.view_lit", "…"]
            error[X07-AST-0014]: the atom `a\tb` holds white space (U+0009)
              at "/solve/1/2" in solve
              help: text is written ["bytes.lit", "…"] or ["bytes.view_lit", "…"]
            error[X07-AST-0014]: the atom ` ` holds white space (U+2028)
              at "/solve/1/3" in solve
              help: text is written ["bytes.lit", "…"] or ["bytes.view_lit", "…"]
        "#]],
    );
}

#[test]
fn literals_take_one_string() {
    check(
        r#"["begin",["bytes.lit",5],["bytes.lit"],["bytes.lit","a","b c"],["bytes.view_lit",["x"]],["bytes.view_lit","a",2],["bytes.lit",null]]"#,
        expect![[r#"
            error[X07-AST-0015]: `bytes.lit` takes a string, not the number `5`
              at "/solve/1/1" in solve
            error[X07-AST-0015]: `bytes.lit` takes exactly one string, 0 arguments given
              at "/solve/2" in solve
            error[X07-AST-0015]: `bytes.lit` takes exactly one string, 2 arguments given
              at "/solve/3" in solve
            error[X07-AST-0014]: the atom `b c` holds white space (U+0020)
              at "/solve/3/2" in solve
              help: text is written ["bytes.lit", "…"] or ["bytes.view_lit", "…"]
            error[X07-AST-0015]: `bytes.view_lit` takes a string, not an array
              at "/solve/4/1" in solve
            error[X07-AST-0015]: `bytes.view_lit` takes exactly one string, 2 arguments given
              at "/solve/5" in solve
            error[X07-AST-0015]: `bytes.lit` takes a string, not `null`
              at "/solve/6/1" in solve
        "#]],
    );
}

#[test]
fn a_flood_of_mistakes_is_cut() {
    let many = format!("[\"begin\"{}]", ",true".repeat(100_000));
    let told = told(entry("", &many), Expected::Entry);
    expect![[r#"
        601 lines
        error[X07-AST-0013]: `true` is not an expression
          at "/solve/1" in solve
          help: write 1
        error[X07-AST-0013]: `true` is not an expression
          at "/solve/2" in solve
          help: write 1
        error[X07-AST-0013]: `true` is not an expression"#]]
    .assert_eq(&format!("{} lines\n{}", told.lines().count(), told.lines().take(7).collect::<Vec<_>>().join("\n")));
}

#[test]
fn nodes_know_their_pointers() {
    let decls = r#"{"requires":[{"witness":["w",["f","v"]],"expr":"r"}],"body":["g",["bytes.lit","t"]],"kind":"defn","name":"main.f","params":[],"result":"i32"}"#;
    let source = format!(r#"{{"solve":["h",1],{}"#, &entry(decls, "0")[1..]).replace(",\"solve\":0}", "}");
    let file = parse(source.as_bytes(), Expected::Entry).file.unwrap();
    let nodes: String = (0..file.exprs.len() as u32)
        .map(x07_ast::ExprId)
        .map(|id| format!("{} {}\n", file.exprs.pointer(id), file.exprs.canonical_json(id)))
        .collect();
    expect![[r#"
        /decls/0/body/0 "g"
        /decls/0/body/1/0 "bytes.lit"
        /decls/0/body/1/1 "t"
        /decls/0/body/1 ["bytes.lit","t"]
        /decls/0/body ["g",["bytes.lit","t"]]
        /decls/0/requires/0/expr "r"
        /decls/0/requires/0/witness/0 "w"
        /decls/0/requires/0/witness/1/0 "f"
        /decls/0/requires/0/witness/1/1 "v"
        /decls/0/requires/0/witness/1 ["f","v"]
        /solve/0 "h"
        /solve/1 1
        /solve ["h",1]
    "#]]
    .assert_eq(&nodes);
}
