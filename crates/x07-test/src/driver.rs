//! The program that runs tests: one for all tests of a world, which picks one by a number in front of its input.
//!
//! Everything is in a module, because an entry file may not be large.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::manifest::{Generator, Property, Returns, Test};

/// The module of every driver.
pub(crate) const MODULE: &str = "x07_test_driver";

/// The text of every driver's entry file.
pub(crate) fn entry() -> String {
    let file = json!({
        "schema_version": x07_ast::SchemaVersion::CURRENT.as_str(),
        "kind": "entry",
        "module_id": "main",
        "imports": [MODULE],
        "decls": [],
        "solve": [format!("{MODULE}.run")],
    });
    file.to_string() + "\n"
}

/// A driver's module.
pub(crate) struct Module {
    /// Its text.
    pub(crate) text: String,
    /// What its inputs begin with. A driver that was replaced meanwhile knows by it that it is not the one meant.
    pub(crate) tag: u32,
}

/// What a driver that is not the one meant answers.
pub(crate) const NOT_MEANT: &[u8] = b"another driver";

/// The module of a driver. The number of a test is its place in `tests`.
pub(crate) fn module(tests: &[&Test]) -> Module {
    let hash = *blake3::hash(text(tests, 0).as_bytes()).as_bytes();
    let tag = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
    Module { text: text(tests, tag), tag }
}

fn text(tests: &[&Test], tag: u32) -> String {
    let modules: BTreeSet<&str> =
        tests.iter().map(|test| test.module()).chain(["std.test", "std.test.driver"]).collect();
    let mut decls: Vec<Value> = tests.iter().enumerate().map(|(number, test)| wrapper(number, test)).collect();
    let run = format!("{MODULE}.run");
    let body = json!([
        "begin",
        ["let", "tag", ["std.test.driver.select"]],
        ["let", "number", ["std.test.driver.select"]],
        ["if", ["=", "tag", tag as i32], pick(0, tests.len()), ["bytes.lit", String::from_utf8_lossy(NOT_MEANT)]]
    ]);
    decls.push(json!({"kind": "export", "names": [run]}));
    decls.push(json!({"kind": "defn", "name": run, "params": [], "result": "bytes", "body": body}));
    let file = json!({
        "schema_version": x07_ast::SchemaVersion::CURRENT.as_str(),
        "kind": "module",
        "module_id": MODULE,
        "imports": modules,
        "decls": decls,
    });
    file.to_string() + "\n"
}

/// The input of a run: the driver's tag, the test's number, and what is the test's.
pub(crate) fn input(tag: u32, number: usize, input: &[u8]) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    [tag.to_le_bytes().as_slice(), number.to_le_bytes().as_slice(), input].concat()
}

/// The index of the wrapper that a JSON pointer into a driver lies in.
pub(crate) fn test_at(pointer: &str) -> Option<usize> {
    pointer.strip_prefix("/decls/")?.split('/').next()?.parse().ok()
}

fn name(number: usize) -> String {
    format!("{MODULE}.test_{number}")
}

/// Halves the numbers until one is left, so that neither nesting nor time grows with the number of tests.
fn pick(from: usize, to: usize) -> Value {
    if to - from <= 1 {
        return json!([name(from)]);
    }
    let middle = from + (to - from) / 2;
    json!(["if", ["<u", "number", middle], pick(from, middle), pick(middle, to)])
}

fn wrapper(number: usize, test: &Test) -> Value {
    let body = match &test.property {
        Some(property) => property_body(test, property),
        None => status(test, json!([test.entry])),
    };
    json!({"kind": "defn", "name": name(number), "params": [], "result": "bytes", "body": body})
}

fn status(test: &Test, call: Value) -> Value {
    match test.returns {
        Returns::ResultI32 => json!(["std.test.status_from_result_i32", call]),
        Returns::BytesStatusV1 => call,
    }
}

/// Takes the parameters from the input, where `case_v1` has put them, and calls the property.
fn property_body(test: &Test, property: &Property) -> Value {
    let count = property.parameters.len();
    let payload = 4 + 4 * (count + 1);
    let offset = |index: usize| json!(["codec.read_u32_le", "input", 4 + 4 * index]);
    let mut body = vec![json!("begin")];
    let mut call = vec![json!(test.entry)];
    for (index, parameter) in property.parameters.iter().enumerate() {
        let start = json!(["+", payload, offset(index)]);
        let value = match parameter.generator {
            Generator::I32 { .. } => json!(["codec.read_u32_le", "input", start]),
            Generator::Bytes { .. } => {
                let length = json!(["-", offset(index + 1), offset(index)]);
                json!(["view.to_bytes", ["view.slice", "input", start, length]])
            }
        };
        let name = format!("p{index}");
        body.push(json!(["let", name, value]));
        call.push(json!(name));
    }
    body.push(status(test, scoped(property, Value::Array(call))));
    Value::Array(body)
}

/// The call in a budget scope, if the property has caps.
fn scoped(property: &Property, call: Value) -> Value {
    let caps: Vec<Value> =
        property.scope.caps().iter().filter(|(_, cap)| *cap > 0).map(|(name, cap)| json!([name, cap])).collect();
    if caps.is_empty() {
        return call;
    }
    let mut config = vec![json!("budget.cfg_v1"), json!(["mode", "trap_v1"])];
    config.push(json!(["label", ["bytes.lit", "budget_scope"]]));
    config.extend(caps);
    json!(["budget.scope_v1", config, call])
}
