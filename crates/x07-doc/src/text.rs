//! Documentation on the terminal.

use std::fmt::Write;

use serde_json::Value;
use x07c::builtins::{Builtin, Needs};

use crate::examples::{Example, Gives};
use crate::guide::Form;
use crate::library::Library;
use crate::module::{Clause, Function, Module, Origin};

/// All modules, one line each.
pub fn overview(library: &Library) -> String {
    let mut text = String::new();
    let mut origin = None;
    for module in library.modules() {
        if origin != Some(module.origin) {
            origin = Some(module.origin);
            let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, origin_name(module.origin));
        }
        let _ = writeln!(text, "  {:<24} {}", module.id, summary(&module.doc));
    }
    text
}

pub(crate) fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Project => "This project",
        Origin::Package => "Packages",
        Origin::Std => "Standard library",
    }
}

/// A module: what it is for, and its exports.
pub fn module(module: &Module) -> String {
    let mut text = format!("{}\n", module.id);
    if !module.doc.is_empty() {
        let _ = write!(text, "\n{}\n", wrapped(&module.doc, ""));
    }
    for function in &module.functions {
        let _ = write!(text, "\n{}\n", function.signature);
        if !function.doc.is_empty() {
            let _ = writeln!(text, "{}", wrapped(&function.doc, "    "));
        }
    }
    text
}

/// A function: signature, documentation, contract, an example.
pub fn function(function: &Function, library: &Library) -> String {
    let mut text = format!("{}\n", function.signature);
    if !function.doc.is_empty() {
        let _ = write!(text, "\n{}\n", wrapped(&function.doc, ""));
    }
    if !function.contract.is_empty() {
        text.push_str("\nContract:\n");
        for clause in &function.contract {
            let _ = writeln!(text, "    {}", self::clause(clause));
        }
    }
    add_example(&mut text, library, &function.name);
    text
}

pub(crate) fn clause(clause: &Clause) -> String {
    let id = clause.id.as_ref().map(|id| format!("  ({id})")).unwrap_or_default();
    format!("{} {}{id}", clause.kind, clause.condition)
}

/// A builtin head: signature, documentation, what it traps on, what it needs, an example.
pub fn builtin(row: &Builtin, library: &Library) -> String {
    let mut text = format!("{}\n\n{}\n", row.signature(), wrapped(row.doc, ""));
    if !row.traps.is_empty() {
        text.push_str("\nTraps:\n");
        row.traps.iter().for_each(|trap| text.push_str(&format!("    {trap}\n")));
    }
    if let Some(needs) = needs(row) {
        let _ = write!(text, "\n{needs}\n");
    }
    add_example(&mut text, library, row.head);
    text
}

/// A form: how it is written and what it does.
pub fn form(form: &Form) -> String {
    format!("{}\n\n{}\n", form.shape, wrapped(form.doc, ""))
}

pub(crate) fn needs(row: &Builtin) -> Option<String> {
    match row.needs {
        Needs::Nothing | Needs::Trusted => None,
        Needs::Unsafe | Needs::Os => Some("Needs an OS world.".to_owned()),
        Needs::UnsafeBlock => Some("Needs an OS world, and an `unsafe` block around it.".to_owned()),
        Needs::Native(backend) => {
            let world = if row.is_visible() { "an OS world and " } else { "" };
            Some(format!("Needs {world}the native backend {backend}."))
        }
    }
}

fn add_example(text: &mut String, library: &Library, name: &str) {
    if let Some(found) = library.examples().of(name) {
        let _ = write!(text, "\nExample (from the test {}):\n{}", found.test, indented(&example(found), "    "));
    }
}

/// An example as x07AST.
pub(crate) fn example(example: &Example) -> String {
    let mut text = String::new();
    for statement in example.setup.iter().chain([&example.expression]) {
        text.push_str(&expression(statement));
    }
    match &example.gives {
        Gives::Value(value) => {
            let _ = write!(text, "gives {}", expression(value));
        }
        Gives::True => text.push_str("is true\n"),
    }
    text
}

/// An expression in the readable form.
fn expression(value: &Value) -> String {
    x07_ast::pretty(value.to_string().as_bytes()).unwrap_or_else(|_| format!("{value}\n"))
}

/// The first sentence, as far as it fits into a list.
pub(crate) fn summary(doc: &str) -> String {
    const LIST_WIDTH: usize = 90;
    // A full stop ends a sentence when a new one begins behind it.
    let is_end = |&(at, _): &(usize, &str)| doc[at + 2..].starts_with(char::is_uppercase);
    let text = doc.match_indices(". ").find(is_end).map_or(doc, |(at, _)| &doc[..=at]);
    match text.char_indices().nth(LIST_WIDTH) {
        None => text.to_owned(),
        Some((end, _)) => {
            let end = text[..end].rfind(' ').unwrap_or(end);
            format!("{} …", text[..end].trim_end_matches([',', ':', ';']))
        }
    }
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

/// Text at most this wide.
const WIDTH: usize = 96;

fn wrapped(text: &str, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::from(indent);
        for word in paragraph.split_whitespace() {
            let is_first = line.len() == indent.len();
            if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
                line.push_str(word);
            } else {
                if !is_first {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}
