//! The document of `x07 lint` is about the canonical form of a file, in whatever order the file is written.
#![allow(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use x07_ast::{Fix, apply_fixes, apply_patch, canonical, canonical_value};

fn x07(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_x07")).args(arguments).current_dir(folder).env("NO_COLOR", "1").output().unwrap()
}

/// A file without mistakes of form: its findings are the linter's and the compiler's.
fn slips() -> Value {
    let view = |head: &str| json!(["view.len", ["bytes.view", [head, 3]]]);
    json!({
        "schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "m", "meta": {},
        "imports": ["std.os.fs", "std.vec", "std.fs", "std.bytes", "std.os.fs", "std.vec"],
        "decls": [
            {"kind": "export", "names": ["m.z", "m.a", "m.d", "m.a"]},
            {"kind": "defasync", "name": "m.d", "params": [], "result": "bytes", "ensures": [],
             "body": ["begin", ["let", "n", view("bytes.alloc")], ["bytes.alloc", "nobody"]]},
            {"kind": "defn", "name": "m.z", "params": [{"name": "b", "ty": "bytes"}], "result": "bytes", "type_params": [],
             "requires": [{"expr": ["=", "nothing", 3], "witness": []}],
             "body": ["begin", ["let", "c", "b"], ["let", "n", view("bytes.alloc")], ["bytes.concat", "b", "b"]]},
            {"kind": "defn", "name": "m.a", "params": [{"name": "x", "ty": ["t", "A"]}], "result": "i32",
             "type_params": [{"name": "B"}],
             "body": ["begin", ["let", "v", ["vec_u8.with_capacity", 4], 1, 2], ["vec_u8.push", "v", 1], ["m.a", 1]]},
            {"kind": "extern", "abi": "C", "name": "m.puts", "params": [{"name": "s", "ty": "ptr_const_u8"}], "result": "i32"},
        ],
    })
}

/// A file that does not become a tree.
fn broken() -> Value {
    json!({
        "schema_version": "x07.x07ast@0.4.0", "kind": "module", "module_id": "m", "imports": ["std.vec", "a b", "std.bytes"],
        "decls": [
            {"kind": "export", "names": ["m.z", "m.far", "m.nea", "elsewhere.f"]},
            {"kind": "defm", "name": "m.later"},
            {"kind": "defn", "name": "m.near", "params": [], "result": "i32", "body": 1.5, "ensures": [{"expr": 1}]},
            {"kind": "defn", "name": "m.near", "result": "i32", "body": [], "later": "later"},
            {"kind": "extern", "abi": "Rust", "name": "other.f", "params": [], "result": "bytes", "link_name": "f"},
        ],
        "solve": 1,
    })
}

/// An entry with an export, which must go.
fn entry() -> Value {
    json!({
        "schema_version": "x07.x07ast@0.5.0", "kind": " entry", "module_id": "main", "imports": [], "meta": {},
        "decls": [
            {"kind": "defn", "name": "main.f", "params": [], "result": "i32", "body": 0},
            {"kind": "export", "names": ["main.g", "main.f"]},
            {"kind": "extern", "abi": "D", "name": "main.e", "params": [], "result": "void"},
        ],
        "solve": ["bytes.empty"],
    })
}

/// The file with its declarations in each order, and with its imports and exported names now this and now that way round.
fn shuffled(file: &Value) -> Vec<Value> {
    let orders = orders(file["decls"].as_array().unwrap());
    let shuffled = orders.into_iter().enumerate().map(|(number, decls)| {
        let mut file = file.clone();
        rotate(&mut file["imports"], number);
        file["decls"] = decls.into();
        for decl in file["decls"].as_array_mut().unwrap().iter_mut().filter(|decl| decl["kind"] == "export") {
            rotate(&mut decl["names"], number);
        }
        file
    });
    shuffled.collect()
}

/// All orders in which those that are called alike keep theirs: which of them comes first is a difference.
fn orders(items: &[Value]) -> Vec<Vec<Value>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let is_first = |index: &usize| !items[..*index].iter().any(|other| other["name"] == items[*index]["name"]);
    let firsts = (0..items.len()).filter(is_first);
    let orders = firsts.flat_map(|index| {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        orders(&rest).into_iter().map(move |rest| std::iter::once(first.clone()).chain(rest).collect())
    });
    orders.collect()
}

fn rotate(items: &mut Value, by: usize) {
    let items = items.as_array_mut().unwrap();
    let middle = by % items.len().max(1);
    items.rotate_left(middle);
}

/// What the linter finds in each file of a folder.
fn linted(folder: &Path) -> BTreeMap<String, Vec<Value>> {
    let output = x07(&["lint", "--message-format", "json", "--world", "solve-pure", "."], folder);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in document["diagnostics"].as_array().unwrap() {
        let file = finding["data"]["file"].as_str().unwrap().trim_start_matches("./");
        found.entry(file.to_owned()).or_default().push(finding.clone());
    }
    found
}

/// A finding without what is about the file on disk.
fn without_text(mut finding: Value) -> Value {
    let data = finding["data"].as_object_mut().unwrap();
    data.remove("span");
    data.remove("file");
    finding
}

/// What a finding is about on disk, if that is a value or the key of one.
fn value_on_disk(finding: &Value, text: &str) -> Option<Value> {
    let span = &finding["data"]["span"];
    let at = |key: &str, number: &str| usize::try_from(span[key][number].as_u64().unwrap()).unwrap();
    serde_json::from_str(&text[at("start", "offset")..at("end", "col") - 1]).ok()
}

/// What canonical form does not change: all of an expression, kind and name of a declaration.
fn identity(value: &Value) -> (Option<&Value>, [Option<&Value>; 2]) {
    ((!value.is_object()).then_some(value), ["kind", "name"].map(|key| value.get(key)))
}

/// Lints the file in each order that it may be written in.
fn check(file: &Value, expected: &Expect) {
    let folder = tempfile::tempdir().unwrap();
    let texts: BTreeMap<String, String> = shuffled(file)
        .iter()
        .enumerate()
        .map(|(number, file)| (format!("shuffled_{number}.x07.json"), file.to_string()))
        .collect();
    let line = canonical(file.to_string().as_bytes()).unwrap();
    for (name, text) in texts.iter().chain([(&"canonical.x07.json".to_owned(), &line)]) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut found = linted(folder.path());
    let of_canonical: Vec<Value> = found.remove("canonical.x07.json").unwrap().into_iter().map(without_text).collect();
    let told = of_canonical
        .iter()
        .map(|finding| format!("{} {}\n", finding["code"].as_str().unwrap(), finding["loc"]["ptr"].as_str().unwrap()));
    expected.assert_eq(&told.collect::<String>());
    assert_eq!(found.len(), texts.len());
    let canonical = canonical_value(line.as_bytes()).unwrap();
    for (name, found) in found {
        let text = &texts[&name];
        for finding in &found {
            let pointer = finding["loc"]["ptr"].as_str().unwrap();
            if let Some(value) = value_on_disk(finding, text) {
                assert_eq!(canonical.pointer(pointer).map(identity), Some(identity(&value)), "{finding:#} of {text}");
            }
        }
        let found: Vec<Value> = found.into_iter().map(without_text).collect();
        assert_eq!(found, of_canonical, "{text}");
    }
    mend(folder.path(), &line, &of_canonical);
}

#[test]
fn a_document_is_about_the_canonical_form() {
    check(
        &slips(),
        &expect![[r#"
        X07-WORLD-FFI-0001 /decls/1
        X07-ARITY-LET-0001 /decls/2/body/1
        X07-MOVE-0003 /decls/2/body/2
        X07-GENERICS-0001 /decls/2/params/0/ty
        X07-GENERICS-0002 /decls/2/type_params/0
        X07-BORROW-0001 /decls/3/body/2/2/1/1
        X07-MOVE-0901 /decls/3/body/3/1
        X07-MOVE-0001 /decls/3/body/3/2
        X07-TYPE-0001 /decls/3/requires/0/expr/1
        X07-BORROW-0001 /decls/4/body/1/2/1/1
        X07-TYPE-0001 /decls/4/body/2/1
        X07-WORLD-0001 /imports/1
        X07-WORLD-OS-0001 /imports/2
    "#]],
    );
    check(
        &broken(),
        &expect![[r#"
        X07-AST-0010 /decls/0/names/0
        X07-AST-0010 /decls/0/names/1
        X07-AST-0010 /decls/0/names/2
        X07-AST-0010 /decls/0/names/3
        X07-AST-0011 /decls/1/abi
        X07-AST-0007 /decls/1/name
        X07-AST-0011 /decls/1/result
        X07-AST-0013 /decls/2/body
        X07-AST-0016 /decls/2/ensures
        X07-AST-0004 /decls/3
        X07-ARITY-0000 /decls/3/body
        X07-AST-0002 /decls/3/later
        X07-AST-0008 /decls/3/name
        X07-AST-0009 /decls/4/kind
        X07-AST-0006 /imports/0
        X07-AST-0018 /solve
    "#]],
    );
    check(
        &entry(),
        &expect![[r#"
        X07-AST-0010 /decls/0
        X07-AST-0011 /decls/1/abi
    "#]],
    );
}

/// Applies the fixes to the canonical text, each on its own and all at once; what they make is formatted.
fn mend(folder: &Path, line: &str, found: &[Value]) {
    let patches: Vec<Value> =
        found.iter().map(|finding| finding["quickfix"]["patch"].clone()).filter(Value::is_array).collect();
    assert!(!patches.is_empty());
    let fixes = patches.iter().map(|patch| Fix { note: String::new(), patch: patch.clone() });
    let mut mended: Vec<String> = patches.iter().map(|patch| apply_patch(line.as_bytes(), patch).unwrap()).collect();
    mended.push(apply_fixes(line.as_bytes(), &fixes.collect::<Vec<_>>()).unwrap());
    let names: Vec<String> = (0..mended.len()).map(|number| format!("mended_{number}.x07.json")).collect();
    for (name, text) in names.iter().zip(&mended) {
        assert_ne!(text, line);
        fs::write(folder.join(name), text).unwrap();
    }
    let arguments: Vec<&str> = ["fmt", "--check"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let output = x07(&arguments, folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
