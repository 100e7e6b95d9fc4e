//! What a module shows to others.

use serde::Serialize;
use serde_json::Value;
use x07_ast::{Clause as Written, Decl, Expected, File, parse};

use crate::signature::signature;

/// Where a module comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The project at hand.
    Project,
    /// A package that the project names.
    Package,
    /// The standard library.
    Std,
}

/// A module's exports.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    /// Its id.
    #[serde(rename = "module")]
    pub id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is for.
    pub doc: String,
    /// The functions that other modules may call, sorted.
    #[serde(rename = "exports")]
    pub functions: Vec<Function>,
}

/// An exported function.
#[derive(Clone, Debug, Serialize)]
pub struct Function {
    /// Its full name.
    pub name: String,
    /// Name, parameters and result.
    pub signature: String,
    /// What it does.
    pub doc: String,
    /// Its contract.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contract: Vec<Clause>,
}

/// A clause of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// `requires`, `ensures` or `invariant`.
    pub kind: &'static str,
    /// Its id, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The condition, as x07AST.
    pub condition: String,
}

impl Module {
    /// Reads the exports of a module file; `None` when the file is no module without mistakes.
    pub fn read(id: &str, origin: Origin, text: &[u8]) -> Option<Module> {
        let file = parse(text, Expected::Module(id)).file?;
        let exported = |name: &str| {
            file.decls.iter().any(|decl| matches!(decl, Decl::Export(export) if export.names.iter().any(|n| n == name)))
        };
        let mut functions: Vec<Function> = file
            .decls
            .iter()
            .filter_map(|decl| match decl {
                Decl::Function(function) if exported(&function.name) => Some(Function {
                    name: function.name.clone(),
                    signature: signature(function),
                    doc: function.doc.clone().unwrap_or_default(),
                    contract: contract(&file, function),
                }),
                _ => None,
            })
            .collect();
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Module { id: id.to_owned(), origin, doc: module_doc(text), functions })
    }

    /// The function of this full name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

fn contract(file: &File, function: &x07_ast::Function) -> Vec<Clause> {
    let clauses = |kind: &'static str, written: &[Written]| {
        let clause = |clause: &Written| Clause {
            kind,
            id: clause.id.clone(),
            condition: file.exprs.canonical_json(clause.expr),
        };
        written.iter().map(clause).collect::<Vec<_>>()
    };
    [
        clauses("requires", &function.requires),
        clauses("ensures", &function.ensures),
        clauses("invariant", &function.invariant),
    ]
    .concat()
}

/// The `doc` of a whole file is no part of its tree.
fn module_doc(text: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(text).ok();
    value.and_then(|value| value["doc"].as_str().map(str::to_owned)).unwrap_or_default()
}
