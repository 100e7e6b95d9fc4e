//! Which files mean the same.

mod common;

use common::entry;
use x07_ast::{Expected, meaning_bytes, parse};

fn meaning(source: &str) -> Vec<u8> {
    let parsed = parse(source.as_bytes(), Expected::Any);
    meaning_bytes(&parsed.file.unwrap_or_else(|| panic!("{source}: {:?}", parsed.diagnostics)))
}

const ONE: &str = r#"{"kind":"defn","name":"main.f","params":[{"name":"x","ty":"i32"}],"result":"i32","requires":[{"id":"q","expr":["<","x",9],"witness":["x"]}],"body":["+","x",1]}"#;
const TWO: &str = r#"{"kind":"defn","name":"main.g","params":[],"result":"bytes","body":["bytes.lit","a/é"]}"#;

#[test]
fn writing_makes_no_difference() {
    let base = entry(&format!("{ONE},{TWO}"), r#"["main.g"]"#);
    let same = [
        base.replace(',', " ,\n\t"),
        base.replace("\"a/é\"", "\"a\\/\\u00e9\"").replace("\"main.f\"", "\"\\u006dain.f\""),
        format!(r#"{{"solve":["main.g"],{}"#, &base[1..]).replace("],\"solve\":[\"main.g\"]}", "]}"),
        base.replace(r#""result":"i32","requires""#, r#""result":"i32","body":["+","x",1],"requires""#)
            .replace(r#","body":["+","x",1]}"#, "}"),
        base.replace(r#""kind":"defn""#, r#""kind":"defn","doc":"Some words.""#),
        base.replace(r#""kind":"entry""#, r#""kind":"entry ","doc":"Some words.","unknown":[1]"#),
        base.replace(r#""body":["bytes"#, r#""body":["never",["seen"]],"body":["bytes"#),
        base.replace(r#""decls":["#, r#""meta":7,"decls":["#),
    ];
    for source in same {
        assert_ne!(source, base, "the case changes something");
        assert!(meaning(&source) == meaning(&base), "{source}");
    }
}

#[test]
fn what_the_compiler_can_see_makes_a_difference() {
    let base = entry(&format!("{ONE},{TWO}"), r#"["main.g"]"#);
    let different = [
        entry(&format!("{TWO},{ONE}"), r#"["main.g"]"#),
        base.replace("0.5.0\"", "0.4.0\"")
            .replace(r#""requires":[{"id":"q","expr":["<","x",9],"witness":["x"]}],"#, ""),
        base.replace(r#""imports":[]"#, r#""imports":["a"]"#),
        base.replace(r#""id":"q","#, ""),
        base.replace(r#","witness":["x"]"#, ""),
        base.replace(r#","witness":["x"]"#, r#","witness":[["x"]]"#),
        base.replace("requires", "ensures"),
        base.replace(r#""ty":"i32""#, r#""ty":"u32""#),
        base.replace(r#""ty":"i32""#, r#""ty":["i32"]"#),
        base.replace("defn\",\"name\":\"main.g", "defasync\",\"name\":\"main.g"),
        base.replace(r#"["+","x",1]"#, r#"["+","x",2]"#),
        base.replace(r#"["+","x",1]"#, r#"["+","x","1"]"#),
        base.replace(r#"["+","x",1]"#, r#"["+",["x",1]]"#),
        base.replace("bytes.lit", "bytes.view_lit"),
        base.replace(r#""decls":["#, r#""meta":{"a":1},"decls":["#),
    ];
    for source in different {
        assert_ne!(source, base, "the case changes something");
        assert!(meaning(&source) != meaning(&base), "{source}");
    }
}
