//! The canonical form (spec language 1.4) and its readable sister.

mod common;

use common::shown;
use expect_test::{Expect, expect};
use x07_ast::{canonical, pretty};

fn check(source: &str, expected: Expect) {
    expected.assert_eq(&canonical(source.as_bytes()).unwrap_or_else(|error| shown(&error)));
}

fn check_pretty(source: &str, expected: Expect) {
    let text = pretty(source.as_bytes()).unwrap_or_else(|error| shown(&error));
    expected.assert_eq(&text);
    assert_eq!(
        canonical(text.as_bytes()).expect("it is a JSON object"),
        canonical(source.as_bytes()).expect("it is a JSON object")
    );
    assert_eq!(pretty(text.as_bytes()).expect("it is a JSON object"), text);
}

const FILE: &str = r#" {"solve":["main.f", 1], "schema_version":"x07.x07ast@0.5.0", "kind":" entry", "module_id":"main",
  "imports":["std.vec","std.bytes","std.vec"], "meta":{}, "unknown":{"z":1.50,"a":"/\u00e9\u0001\b\f\n\r\t\"\\"},
  "decls":[
    {"kind":"defasync","name":"main.a","params":[],"result":"bytes","body":["bytes.lit","z"]},
    {"kind":"later","name":"main.0"},
    {"kind":"defn","name":"main.f","type_params":[],"params":[{"ty":"i32","name":"x"}],"result":"i32","requires":[],"ensures":[{"expr":1,"witness":[]}],"body":["+","x",1]},
    {"kind":"defn","name":"main.b","params":[],"result":"i32","body":0,"body":7},
    {"kind":"extern","abi":"C","name":"main.puts","params":[],"result":"void"},
    {"kind":"export","names":["main.f","main.b","main.f"]}]}"#;

#[test]
fn keys_imports_and_declarations_are_sorted_and_nothing_is_lost() {
    check(
        FILE,
        expect![[r#"
        {"decls":[{"kind":"export","names":["main.b","main.f"]},{"abi":"C","kind":"extern","link_name":"puts","name":"main.puts","params":[],"result":"void"},{"body":7,"kind":"defn","name":"main.b","params":[],"result":"i32"},{"body":["+","x",1],"ensures":[{"expr":1}],"kind":"defn","name":"main.f","params":[{"name":"x","ty":"i32"}],"result":"i32"},{"body":["bytes.lit","z"],"kind":"defasync","name":"main.a","params":[],"result":"bytes"},{"kind":"later","name":"main.0"}],"imports":["std.bytes","std.vec"],"kind":"entry","module_id":"main","schema_version":"x07.x07ast@0.5.0","solve":["main.f",1],"unknown":{"a":"/é\u0001\b\f\n\r\t\"\\","z":1.5}}
    "#]],
    );
}

#[test]
fn other_shapes_stay_as_they_are() {
    check(
        r#"{"meta":7,"imports":["b",1,"a"],"decls":{"b":[],"a":{}},"kind":[" x "]}"#,
        expect![[r#"
            {"decls":{"a":{},"b":[]},"imports":["b",1,"a"],"kind":[" x "],"meta":7}
        "#]],
    );
    check(
        r#"{"decls":[3,{"kind":"export","names":7},{"name":"a"},{"kind":"extern"}],"meta":[]}"#,
        expect![[r#"
            {"decls":[{"kind":"export","names":7},{"kind":"extern"},3,{"name":"a"}]}
        "#]],
    );
}

#[test]
fn what_cannot_be_formatted() {
    check(
        "[1]",
        expect![[r#"
        error[X07-AST-0003]: a source file is one JSON object
          at ""
    "#]],
    );
    check(
        "{\"a\":1,}",
        expect![[r#"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: trailing comma at 1:8
          note: the place is line 1, column 8
          note: the JSON breaks off before `}`
          help: JSON allows no comma after the last item
    "#]],
    );
    check(
        r#"{"a":["1e400",-9223372036854775808,18446744073709551615,0.1e1,{"b":-100000000000000000000000000000}]}"#,
        expect![[r#"
        error[X07-X07AST-PARSE-0001]: the integer `-100000000000000000000000000000` has more than 64 bits
          at "/a/4/b"
    "#]],
    );
    check(
        &format!("{{\"a\":{}", "[".repeat(100_000)),
        expect![[r#"
        error[X07-X07AST-PARSE-0001]: arrays and objects are nested more than 1000 deep at 1:1005
          note: the place is line 1, column 1005
          help: move inner parts into functions of their own
    "#]],
    );
}

#[test]
fn pretty_breaks_what_is_long() {
    check_pretty(
        FILE,
        expect![[r#"
        {
          "decls": [
            {"kind": "export", "names": ["main.b", "main.f"]},
            {
              "abi": "C",
              "kind": "extern",
              "link_name": "puts",
              "name": "main.puts",
              "params": [],
              "result": "void"
            },
            {"body": 7, "kind": "defn", "name": "main.b", "params": [], "result": "i32"},
            {
              "body": ["+", "x", 1],
              "ensures": [{"expr": 1}],
              "kind": "defn",
              "name": "main.f",
              "params": [{"name": "x", "ty": "i32"}],
              "result": "i32"
            },
            {
              "body": ["bytes.lit", "z"],
              "kind": "defasync",
              "name": "main.a",
              "params": [],
              "result": "bytes"
            },
            {"kind": "later", "name": "main.0"}
          ],
          "imports": ["std.bytes", "std.vec"],
          "kind": "entry",
          "module_id": "main",
          "schema_version": "x07.x07ast@0.5.0",
          "solve": ["main.f", 1],
          "unknown": {"a": "/é\u0001\b\f\n\r\t\"\\", "z": 1.5}
        }
    "#]],
    );
    check_pretty(
        r#"{"solve":["begin",["let","words",["std.vec.with_capacity",["+",1,["view.len","input"]]]],["for","i",0,["view.len","input"],["set","words",["std.vec.push","words",["view.get_u8","input","i"]]]],["std.vec.as_bytes","words"]],
            "imports":["std.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","std.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","std.cccccccccccccccccccccccccccccc","std.d"],"x":{},"y":[]}"#,
        expect![[r#"
            {
              "imports": [
                "std.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "std.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                "std.cccccccccccccccccccccccccccccc",
                "std.d"
              ],
              "solve": ["begin",
                ["let", "words", ["std.vec.with_capacity", ["+", 1, ["view.len", "input"]]]],
                ["for", "i", 0,
                  ["view.len", "input"],
                  ["set", "words", ["std.vec.push", "words", ["view.get_u8", "input", "i"]]]
                ],
                ["std.vec.as_bytes", "words"]
              ],
              "x": {},
              "y": []
            }
        "#]],
    );
}
