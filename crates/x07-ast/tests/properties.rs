//! What holds for every input.
#![allow(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod common;

use proptest::prelude::*;
use serde_json::{Value, json};
use x07_ast::canonical::{canonical_value, read};
use x07_ast::locate::escape_segment;
use x07_ast::{
    CanonicalPlaces, Expected, apply_fixes, apply_patch, broken_at, canonical, locate, meaning_bytes, parse, pretty,
};

/// Strings that mean something to the parser, among others.
fn word() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "main",
        "main.f",
        "main.g",
        "lib.num",
        "lib.num.f",
        "x",
        "input",
        "bytes",
        "i32",
        "option",
        "t",
        "A",
        "C",
        "void",
        "defn",
        "defasync",
        "extern",
        "export",
        "entry",
        "module",
        "bytes.lit",
        "a b",
        "",
        "~/",
        "x07.x07ast@0.5.0",
        "x07.x07ast@0.4.0",
    ];
    prop_oneof![3 => proptest::sample::select(KNOWN).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "schema_version",
        "kind",
        "module_id",
        "imports",
        "decls",
        "solve",
        "meta",
        "doc",
        "name",
        "params",
        "ty",
        "brand",
        "result",
        "result_brand",
        "body",
        "type_params",
        "bound",
        "requires",
        "ensures",
        "invariant",
        "expr",
        "id",
        "witness",
        "abi",
        "link_name",
        "names",
    ];
    prop_oneof![8 => proptest::sample::select(KNOWN).prop_map(str::to_owned), 1 => word()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => word().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|float| json!(float)),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn expression() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => word().prop_map(Value::from), 2 => any::<i32>().prop_map(Value::from), 1 => any_json()];
    leaf.prop_recursive(5, 40, 5, |inner| {
        (word(), proptest::collection::vec(inner, 0..5))
            .prop_map(|(head, items)| std::iter::once(Value::from(head)).chain(items).collect())
    })
}

/// A declaration that is nearly right.
fn declaration() -> impl Strategy<Value = Value> {
    let member = (key(), prop_oneof![any_json(), expression()]);
    (word(), word(), expression(), proptest::collection::vec(member, 0..3)).prop_map(|(kind, name, body, more)| {
        let mut decl =
            json!({"kind": kind, "name": name, "params": [{"name": "x", "ty": "i32"}], "result": "i32", "body": body});
        decl.as_object_mut().unwrap().extend(more);
        decl
    })
}

/// A file that is nearly right.
fn source() -> impl Strategy<Value = Value> {
    let member = (key(), any_json());
    (proptest::collection::vec(declaration(), 0..4), expression(), proptest::collection::vec(member, 0..2)).prop_map(
        |(decls, solve, more)| {
            let mut file: Value = serde_json::from_str(&common::entry("", "0")).unwrap();
            file["decls"] = decls.into();
            file["solve"] = solve;
            file.as_object_mut().unwrap().extend(more);
            file
        },
    )
}

/// Everything this crate says about a source text holds together.
fn check(text: &str) {
    for expected in [Expected::Entry, Expected::Module("lib.num"), Expected::Any] {
        let parsed = parse(text.as_bytes(), expected);
        assert_eq!(parsed.file.is_none(), parsed.diagnostics.iter().any(x07_ast::Diagnostic::is_error));
        for diagnostic in &parsed.diagnostics {
            let places = diagnostic.labels.iter().map(|label| &label.pointer).chain(&diagnostic.pointer);
            for pointer in places {
                assert!(locate(text.as_bytes(), pointer).is_some(), "{pointer:?} of {text}");
            }
            if diagnostic.pointer.is_none() && !diagnostic.message.contains("not shown") {
                assert!(broken_at(text.as_bytes()).is_some(), "{text}");
            }
        }
        assert!(parsed.file.is_none() || parsed.remains.is_none(), "{text}");
        for file in parsed.file.iter().chain(&parsed.remains) {
            for id in (0..file.exprs.len() as u32).map(x07_ast::ExprId) {
                let pointer = file.exprs.pointer(id);
                assert!(locate(text.as_bytes(), &pointer).is_some(), "{pointer:?} of {text}");
            }
        }
        if let Some(file) = parsed.file {
            assert_eq!(file.gaps, x07_ast::Gaps::default(), "{text}");
            let written = pretty(text.as_bytes()).unwrap();
            assert!(parse(written.as_bytes(), expected).file.is_some(), "{written}");
            assert_eq!(meaning_bytes(&file), meaning_bytes(&parse(text.as_bytes(), expected).file.unwrap()));
        }
    }
    if let Ok(line) = canonical(text.as_bytes()) {
        assert_eq!(canonical(line.as_bytes()).unwrap(), line);
        let written = pretty(text.as_bytes()).unwrap();
        assert_eq!(canonical(written.as_bytes()).unwrap(), line);
        assert_eq!(pretty(line.as_bytes()).unwrap(), written);
        check_places(text, &line);
    }
}

/// Everything has the same value in the canonical form `line`, and what mends the one mends the other.
fn check_places(text: &str, line: &str) {
    let places = CanonicalPlaces::of(text.as_bytes()).unwrap();
    let file = canonical_value(text.as_bytes()).unwrap();
    for (pointer, value) in leaves(&read(text.as_bytes()).unwrap()) {
        let place = places.place(&pointer);
        // The canonical form of a file's kind has no white space around it.
        let value = match (pointer.as_str(), value) {
            ("/kind", Value::String(kind)) => kind.trim().into(),
            _ => value.clone(),
        };
        assert_eq!(file.pointer(&place), Some(&value), "{pointer} is {place} in {line}");
    }
    for finding in parse(text.as_bytes(), Expected::Any).diagnostics {
        let told = places.finding(finding.clone());
        if let (Some(fix), Some(told_fix)) = (&finding.fix, &told.fix) {
            let (fixed, told_fixed) = (apply_fixes(text.as_bytes(), [fix]), apply_fixes(line.as_bytes(), [told_fix]));
            assert_eq!(fixed.is_ok(), told_fixed.is_ok(), "{} of {text}", fix.patch);
        }
    }
}

/// The values that are no arrays or objects, with their pointers.
fn leaves(value: &Value) -> Vec<(String, &Value)> {
    let below = |segment: String, value| -> Vec<(String, _)> {
        leaves(value).into_iter().map(|(pointer, leaf)| (format!("/{segment}{pointer}"), leaf)).collect()
    };
    match value {
        Value::Array(items) => items.iter().enumerate().flat_map(|(at, item)| below(at.to_string(), item)).collect(),
        Value::Object(members) => members.iter().flat_map(|(key, member)| below(escape_segment(key), member)).collect(),
        leaf => vec![(String::new(), leaf)],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse(&bytes, Expected::Any);
        let _ = canonical(&bytes);
        let _ = locate(&bytes, "/a/0");
        broken_at(&bytes);
    }

    #[test]
    fn any_json_text(value in any_json()) {
        check(&value.to_string());
    }

    #[test]
    fn files_that_are_nearly_right(value in source()) {
        check(&value.to_string());
    }

    #[test]
    fn files_cut_off(value in source(), at in any::<prop::sample::Index>()) {
        let text = value.to_string();
        let at = at.index(text.len());
        parse(&text.as_bytes()[..at], Expected::Entry);
        broken_at(&text.as_bytes()[..at]);
    }

    #[test]
    fn any_patch(value in source(), from in word(), path in word(), with in any_json()) {
        let text = value.to_string();
        for op in ["add", "remove", "replace", "move", "copy", "test"] {
            let pointers = ["", "/solve", "/decls/0", "/decls/-", "/decls/0/body", "/meta"].map(str::to_owned);
            for path in pointers.iter().chain([&path]) {
                for from in pointers.iter().chain([&from]) {
                    let patch = json!([{"op": op, "path": path, "from": from, "value": with}]);
                    if let Ok(line) = apply_patch(text.as_bytes(), &patch) {
                        assert_eq!(canonical(line.as_bytes()).unwrap(), line);
                    }
                }
            }
        }
    }
}
