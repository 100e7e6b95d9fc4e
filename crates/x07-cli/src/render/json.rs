//! Diagnostics as an x07diag document (spec language 17.1).
//!
//! Its pointers and patches are for the canonical form of a file; lines and columns are of the file as it is on disk.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use x07_ast::{CanonicalPlaces, Diagnostic, Position, Severity, Stage};

use super::Found;
use super::excerpt::Excerpt;
use super::texts::Texts;

/// An x07diag document.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    schema_version: &'static str,
    ok: bool,
    diagnostics: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
}

#[derive(Debug, Serialize)]
struct Meta<'a> {
    inputs: &'a [String],
}

#[derive(Debug, Serialize)]
struct Entry {
    code: String,
    severity: Severity,
    stage: Stage,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    loc: Option<Loc>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Loc>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    data: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quickfix: Option<Quickfix>,
}

#[derive(Debug, Serialize)]
struct Loc {
    kind: &'static str,
    ptr: String,
}

#[derive(Debug, Serialize)]
struct Quickfix {
    kind: &'static str,
    patch: Value,
    note: String,
}

/// The document for diagnostics, each lot with the texts that it speaks of; `inputs` are the files that were looked at.
pub(crate) fn document<'a>(found: &[Found<'_>], inputs: &'a [String]) -> Document<'a> {
    let mut diagnostics: Vec<Entry> = found.iter().flat_map(|(lot, texts)| entries(lot, *texts)).collect();
    diagnostics.sort_by(|a, b| a.order().cmp(&b.order()));
    Document {
        schema_version: "x07.x07diag@0.1.0",
        ok: !diagnostics.iter().any(|entry| entry.severity == Severity::Error),
        diagnostics,
        meta: (!inputs.is_empty()).then_some(Meta { inputs }),
    }
}

fn entries(lot: &[Diagnostic], texts: &dyn Texts) -> Vec<Entry> {
    let mut modules: BTreeMap<&str, Option<CanonicalPlaces>> = BTreeMap::new();
    let entries = lot.iter().map(|diagnostic| {
        let module = diagnostic.module.as_str();
        // A text without a canonical form keeps its places.
        let places = modules.entry(module).or_insert_with(|| CanonicalPlaces::of(&texts.text(module)?).ok());
        let told = match places {
            Some(places) => places.finding(diagnostic.clone()),
            None => diagnostic.clone(),
        };
        Entry::new(told, data(diagnostic, texts))
    });
    entries.collect()
}

impl Entry {
    fn new(diagnostic: Diagnostic, data: Map<String, Value>) -> Self {
        Entry {
            code: diagnostic.code,
            severity: diagnostic.severity,
            stage: diagnostic.stage,
            message: diagnostic.message,
            loc: diagnostic.pointer.map(loc),
            notes: diagnostic.notes,
            related: diagnostic.labels.into_iter().map(|label| loc(label.pointer)).collect(),
            data,
            quickfix: diagnostic.fix.map(|fix| Quickfix { kind: "json_patch", patch: fix.patch, note: fix.note }),
        }
    }

    /// The order of the document: file, pointer, code, message.
    fn order(&self) -> [&str; 4] {
        let file = self.data.get("file").and_then(Value::as_str).unwrap_or_default();
        let pointer = self.loc.as_ref().map_or("", |loc| &loc.ptr);
        [file, pointer, &self.code, &self.message]
    }
}

fn loc(ptr: String) -> Loc {
    Loc { kind: "x07ast", ptr }
}

/// What a program wants to know besides: file, line and column on disk, function, help and the labels' words.
fn data(diagnostic: &Diagnostic, texts: &dyn Texts) -> Map<String, Value> {
    let mut data = Map::new();
    let mut insert = |key: &str, value: Value| data.insert(key.to_owned(), value);
    if let Some(path) = texts.path(&diagnostic.module) {
        insert("file", json!(path.display().to_string()));
    }
    if !diagnostic.module.is_empty() {
        insert("module", json!(diagnostic.module));
    }
    if let Some(function) = &diagnostic.function {
        insert("fn", json!(function));
    }
    if matches!(diagnostic.stage, Stage::Type | Stage::Lower | Stage::Codegen | Stage::Link) {
        insert("compiler_error_kind", json!(diagnostic.kind.as_str()));
    }
    if let Some(place) = texts.text(&diagnostic.module).and_then(|source| Excerpt::of(diagnostic, &source)) {
        let at = |position: Position| json!({ "line": position.line, "col": position.column });
        let mut start = at(place.start);
        start["offset"] = json!(place.offset);
        insert("span", json!({ "start": start, "end": at(place.end) }));
    }
    if let Some(help) = &diagnostic.help {
        insert("help", json!(help));
    }
    if !diagnostic.labels.is_empty() {
        let words: Vec<&str> = diagnostic.labels.iter().map(|label| label.message.as_str()).collect();
        insert("labels", json!(words));
    }
    data
}
