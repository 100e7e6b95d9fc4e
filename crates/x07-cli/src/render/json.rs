//! Diagnostics as an x07diag document (spec language 17.1).

use serde::Serialize;
use serde_json::{Map, Value, json};
use x07_ast::{Diagnostic, Position, Severity, Stage};

use super::excerpt::Excerpt;
use super::texts::Texts;

/// An x07diag document.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    schema_version: &'static str,
    ok: bool,
    diagnostics: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
}

#[derive(Debug, Serialize)]
struct Meta<'a> {
    inputs: &'a [String],
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    code: &'a str,
    severity: Severity,
    stage: Stage,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    loc: Option<Loc<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Loc<'a>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    data: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quickfix: Option<Quickfix<'a>>,
}

#[derive(Debug, Serialize)]
struct Loc<'a> {
    kind: &'static str,
    ptr: &'a str,
}

#[derive(Debug, Serialize)]
struct Quickfix<'a> {
    kind: &'static str,
    patch: &'a Value,
    note: &'a str,
}

/// The document for diagnostics, each lot with the texts that it speaks of; `inputs` are the files that were looked at.
pub(crate) fn document<'a>(found: &'a [(Vec<Diagnostic>, &dyn Texts)], inputs: &'a [String]) -> Document<'a> {
    let all = || found.iter().flat_map(|(diagnostics, texts)| diagnostics.iter().map(|one| (one, *texts)));
    Document {
        schema_version: "x07.x07diag@0.1.0",
        ok: !all().any(|(diagnostic, _)| diagnostic.is_error()),
        diagnostics: all().map(|(diagnostic, texts)| entry(diagnostic, texts)).collect(),
        meta: (!inputs.is_empty()).then_some(Meta { inputs }),
    }
}

fn entry<'a>(diagnostic: &'a Diagnostic, texts: &dyn Texts) -> Entry<'a> {
    Entry {
        code: &diagnostic.code,
        severity: diagnostic.severity,
        stage: diagnostic.stage,
        message: &diagnostic.message,
        loc: diagnostic.pointer.as_deref().map(loc),
        notes: &diagnostic.notes,
        related: diagnostic.labels.iter().map(|label| loc(&label.pointer)).collect(),
        data: data(diagnostic, texts),
        quickfix: diagnostic.fix.as_ref().map(|fix| Quickfix {
            kind: "json_patch",
            patch: &fix.patch,
            note: &fix.note,
        }),
    }
}

fn loc(ptr: &str) -> Loc<'_> {
    Loc { kind: "x07ast", ptr }
}

/// What a program wants to know besides: file, line and column, function, help and the labels' words.
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
