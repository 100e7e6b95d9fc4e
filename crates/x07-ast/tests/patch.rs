//! JSON Patch on source text.

mod common;

use common::shown;
use expect_test::{Expect, expect};
use serde_json::{Value, from_str};
use x07_ast::{Fix, apply_fixes, apply_patch};

fn check_patch(source: &str, patch: &str, expected: Expect) {
    let patch: Value = from_str(patch).expect("the test writes JSON");
    expected.assert_eq(&apply_patch(source.as_bytes(), &patch).unwrap_or_else(|error| shown(&error)));
}

fn check_fixes(source: &str, patches: &[&str], expected: Expect) {
    let fixes: Vec<Fix> = patches
        .iter()
        .map(|patch| Fix { note: String::new(), patch: from_str(patch).expect("the test writes JSON") })
        .collect();
    expected.assert_eq(&apply_fixes(source.as_bytes(), &fixes).unwrap_or_else(|error| shown(&error)));
}

#[test]
fn a_patch_runs_in_its_own_order_on_the_text_as_written() {
    check_patch(
        r#"{"imports":["z","a"],"solve":["f",1]}"#,
        r#"[{"op":"test","path":"/imports/0","value":"z"},{"op":"remove","path":"/imports/0"},{"op":"replace","path":"/imports/0","value":"b"},{"op":"copy","from":"/solve/1","path":"/solve/-"}]"#,
        expect![[r#"
            {"imports":["b"],"solve":["f",1,1]}
        "#]],
    );
}

#[test]
fn patches_that_do_not_fit() {
    check_patch(
        "{}",
        r#"[{"op":"remove","path":"/a"}]"#,
        expect![[r#"
        error[X07-AST-0021]: the patch does not fit the file at `/a`: path is invalid
          at "/a"
    "#]],
    );
    check_patch(
        "{\"a\":1}",
        r#"[{"op":"test","path":"/a","value":2}]"#,
        expect![[r#"
            error[X07-AST-0021]: the patch does not fit the file at `/a`: value did not match
              at "/a"
        "#]],
    );
    check_patch(
        "{}",
        r#"[{"op":"turn","path":"/a"}]"#,
        expect![[r#"
            error[X07-AST-0021]: the patch is not a JSON Patch: unknown variant `turn`, expected one of `add`, `remove`, `replace`, `move`, `copy`, `test`
        "#]],
    );
    check_patch(
        "{}",
        r#"[{"op":"replace","path":"","value":3}]"#,
        expect![[r#"
            error[X07-AST-0021]: the patch leaves no JSON object
        "#]],
    );
    check_patch(
        "{}",
        r#"{"op":"remove"}"#,
        expect![[r#"
            error[X07-AST-0021]: the patch is not a JSON Patch: invalid type: map, expected a sequence
        "#]],
    );
}

#[test]
fn several_fixes_keep_their_pointers() {
    check_fixes(
        r#"{"solve":["begin","a","b","c","d","e","f","g","h","i","j","k"]}"#,
        &[
            r#"[{"op":"remove","path":"/solve/2"}]"#,
            r#"[{"op":"remove","path":"/solve/11"}]"#,
            r#"[{"op":"remove","path":"/solve/2"}]"#,
            r#"[{"op":"replace","path":"/solve/10","value":"J"},{"op":"add","path":"/solve/1","value":"new"}]"#,
            r#"[{"op":"replace","path":"/solve/1","value":["x","a"]},{"op":"add","path":"/solve/-","value":"last"}]"#,
        ],
        expect![[r#"
            {"solve":["begin","new",["x","a"],"c","d","e","f","g","h","i","J","last"]}
        "#]],
    );
}

#[test]
fn a_patch_that_blows_up_is_refused() {
    let copy = r#"{"op":"copy","from":"/a","path":"/a/-"}"#;
    check_patch(
        r#"{"a":[1,2,3]}"#,
        &format!("[{}]", vec![copy; 100].join(",")),
        expect![[r#"
            error[X07-AST-0021]: the patch makes the file too large or too deeply nested
        "#]],
    );
    let deeper = r#"{"op":"copy","from":"","path":"/a"}"#;
    check_patch(
        r#"{"a":1}"#,
        &format!("[{}]", vec![deeper; 2_000].join(",")),
        expect![[r#"
            error[X07-AST-0021]: the patch makes the file too large or too deeply nested
        "#]],
    );
}
