//! Documentation as JSON (`x07.doc.report@0.1.0`).

use serde_json::{Value, json};

use crate::library::{Answer, Library};
use crate::module::Module;

const SCHEMA: &str = "x07.doc.report@0.1.0";
const NOT_FOUND: &str = "X07-DOC-NOTFOUND-0001";

/// The answer to a query.
pub fn answer(query: &str, answer: &Answer<'_>, library: &Library) -> Value {
    let (result, hints) = match answer {
        Answer::Module(found) => (module(found), Vec::new()),
        Answer::Function(module, function) => {
            let mut result = serde_json::to_value(function).unwrap_or_default();
            result["kind"] = "symbol".into();
            result["module"] = module.id.clone().into();
            result["origin"] = json!(module.origin);
            result["example"] = json!(library.examples().of(&function.name));
            (result, Vec::new())
        }
        Answer::Builtin(row) => {
            let result = json!({
                "kind": "builtin",
                "name": row.head,
                "signature": row.signature(),
                "doc": row.doc,
                "traps": row.traps,
                "needs": crate::text::needs(row),
                "example": library.examples().of(row.head),
            });
            (result, Vec::new())
        }
        Answer::Form(form) => {
            (json!({"kind": "form", "name": form.head, "shape": form.shape, "doc": form.doc}), Vec::new())
        }
        Answer::Nothing(close) => (json!({"kind": "not_found"}), close.clone()),
    };
    let is_found = !matches!(answer, Answer::Nothing(_));
    let diagnostics = match is_found {
        true => Vec::new(),
        false => vec![json!({"code": NOT_FOUND, "severity": "error", "message": format!("nothing is called {query}")})],
    };
    json!({
        "schema_version": SCHEMA,
        "command": "doc",
        "ok": is_found,
        "query": query,
        "result": result,
        "hints": hints,
        "diagnostics": diagnostics,
    })
}

/// All modules.
pub fn overview(library: &Library) -> Value {
    let modules: Vec<Value> = library
        .modules()
        .into_iter()
        .map(|module| json!({"module": module.id, "origin": module.origin, "doc": module.doc}))
        .collect();
    json!({
        "schema_version": SCHEMA,
        "command": "doc",
        "ok": true,
        "query": "",
        "result": {"kind": "overview", "modules": modules},
        "hints": [],
        "diagnostics": [],
    })
}

fn module(found: &Module) -> Value {
    let mut result = serde_json::to_value(found).unwrap_or_default();
    result["kind"] = "module".into();
    result
}
