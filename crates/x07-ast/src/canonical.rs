//! The canonical form of a source text (spec language 1.4): one line, keys sorted.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::codes;
use crate::diagnostic::{Diagnostic, ErrorKind};
use crate::text;
use crate::tree::{Expr, ExprId, Exprs};

/// The canonical form of a source text, with a newline at the end.
///
/// Keeps what it does not know. The text must be a JSON object, and nothing more: files with mistakes can be
/// formatted too.
pub fn canonical(source: &[u8]) -> Result<String, Diagnostic> {
    let mut line = String::with_capacity(source.len());
    write_sorted(&canonical_value(source)?, &mut line);
    line.push('\n');
    Ok(line)
}

/// The canonical form of a source text as a JSON value.
pub fn canonical_value(source: &[u8]) -> Result<Value, Diagnostic> {
    canonical_with_moves(source).map(|(file, _)| file)
}

/// The same, with where the items of sorted arrays went.
pub(crate) fn canonical_with_moves(source: &[u8]) -> Result<(Value, Moves), Diagnostic> {
    match read(source)? {
        Value::Object(mut file) => {
            let moves = normalize(&mut file);
            Ok((Value::Object(file), moves))
        }
        _ => Err(not_an_object()),
    }
}

/// A source text as a JSON value, as it is written.
pub fn read(source: &[u8]) -> Result<Value, Diagnostic> {
    let text = text::checked(source).map_err(|broken| broken.diagnostic)?;
    let value = value(text).map_err(|error| text::syntax_error(text, &error).diagnostic)?;
    text::long_integer(text).map_or(Ok(value), Err)
}

/// A checked text as a JSON value.
pub(crate) fn value(text: &str) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.disable_recursion_limit();
    Value::deserialize(&mut json).and_then(|value| json.end().map(|()| value))
}

fn not_an_object() -> Diagnostic {
    Diagnostic::error(codes::WRONG_SHAPE, ErrorKind::Parse, "a source file is one JSON object").at("")
}

/// For each array that canonical order sorts, by its JSON pointer in the text as written: the index that each of its items
/// has in canonical form. An item and its repeats have one index.
pub(crate) type Moves = BTreeMap<String, Vec<usize>>;

/// Brings the parts of a file into canonical order; what has another shape than x07AST stays as it is.
pub(crate) fn normalize(file: &mut Map<String, Value>) -> Moves {
    let mut moves = Moves::new();
    if let Some(Value::String(kind)) = file.get_mut("kind") {
        *kind = kind.trim().to_owned();
    }
    if let Some(imports) = file.get_mut("imports") {
        moves.insert("/imports".to_owned(), sort_strings(imports));
    }
    if let Some(Value::Array(decls)) = file.get_mut("decls") {
        for (index, decl) in decls.iter_mut().enumerate() {
            let Value::Object(decl) = decl else { continue };
            normalize_declaration(decl);
            if let Some(names) = exported_names(decl) {
                moves.insert(format!("/decls/{index}/names"), sort_strings(names));
            }
        }
        moves.insert("/decls".to_owned(), sort(decls, |a, b| rank(a).cmp(&rank(b)), |_, _| false));
    }
    drop_if_empty(file, "meta");
    moves
}

fn normalize_declaration(decl: &mut Map<String, Value>) {
    match decl.get("kind").and_then(Value::as_str) {
        Some("extern") if !decl.contains_key("link_name") => {
            if let Some(Value::String(name)) = decl.get("name") {
                let link_name = name.rsplit('.').next().unwrap_or_default().to_owned();
                decl.insert("link_name".to_owned(), link_name.into());
            }
        }
        Some("defn" | "defasync") => {
            for key in ["requires", "ensures", "invariant"] {
                if let Some(Value::Array(clauses)) = decl.get_mut(key) {
                    let clauses = clauses.iter_mut().filter_map(Value::as_object_mut);
                    clauses.for_each(|clause| drop_if_empty(clause, "witness"));
                }
                drop_if_empty(decl, key);
            }
            drop_if_empty(decl, "type_params");
        }
        _ => {}
    }
}

fn exported_names(decl: &mut Map<String, Value>) -> Option<&mut Value> {
    let is_export = decl.get("kind").and_then(Value::as_str) == Some("export");
    decl.get_mut("names").filter(|_| is_export)
}

fn drop_if_empty(object: &mut Map<String, Value>, key: &str) {
    let is_empty = match object.get(key) {
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        _ => false,
    };
    if is_empty {
        object.remove(key);
    }
}

/// Sorts an array of strings and drops repeats; leaves anything else alone. Returns the new index of each item, if it sorts.
fn sort_strings(value: &mut Value) -> Vec<usize> {
    match value {
        Value::Array(items) if items.iter().all(Value::is_string) => {
            sort(items, |a, b| a.as_str().cmp(&b.as_str()), |a, b| a == b)
        }
        _ => Vec::new(),
    }
}

/// Sorts items, equal ones as written, and drops the repeats among neighbours. Returns the new index of each item.
fn sort(
    items: &mut Vec<Value>,
    compare: impl Fn(&Value, &Value) -> Ordering,
    is_repeat: impl Fn(&Value, &Value) -> bool,
) -> Vec<usize> {
    let mut sorted: Vec<(usize, Value)> = std::mem::take(items).into_iter().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| compare(a, b));
    let mut places = vec![0; sorted.len()];
    for (index, item) in sorted {
        if !items.last().is_some_and(|last| is_repeat(last, &item)) {
            items.push(item);
        }
        places[index] = items.len() - 1;
    }
    places
}

/// Exports first, then externs, functions and async functions by name; the rest last, as written.
fn rank(decl: &Value) -> (u8, &str) {
    let text = |key: &str| decl.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("kind") {
        "export" => (0, ""),
        "extern" => (1, text("name")),
        "defn" => (2, text("name")),
        "defasync" => (3, text("name")),
        _ => (4, ""),
    }
}

/// Appends `value` as one line of JSON without spaces, the keys of its objects sorted by their bytes.
pub fn write_sorted(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_sorted(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (key, member)) in sorted(members).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_sorted(member, out);
            }
            out.push('}');
        }
        scalar => write_scalar(scalar, out),
    }
}

/// The members in the order of their keys' bytes, however the map is ordered.
pub(crate) fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    members
}

pub(crate) fn write_scalar(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => write_string(text, out),
        other => out.push_str(&other.to_string()),
    }
}

/// Appends a JSON string that escapes only what JSON demands.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0C => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

impl Exprs {
    /// An expression in canonical form.
    pub fn canonical_json(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.write_canonical(id, &mut out);
        out
    }

    fn write_canonical(&self, id: ExprId, out: &mut String) {
        match self.get(id) {
            Expr::Int(value) => out.push_str(&value.to_string()),
            Expr::Atom(sym) | Expr::Text(sym) => write_string(self.name(sym), out),
            Expr::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.write_canonical(*item, out);
                }
                out.push(']');
            }
        }
    }
}
