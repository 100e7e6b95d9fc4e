//! The language on one page: a hand-written introduction, then lists made from the compiler's table and the library's
//! sources.

use std::fmt::Write;

use x07c::builtins::{CALLABLE_BACKENDS, FAMILIES, Needs};

use crate::library::Library;

const INTRODUCTION: &str = include_str!("guide.md");

/// The whole guide, as Markdown.
pub fn whole() -> String {
    format!("{INTRODUCTION}{}{}", builtins(), library())
}

/// The lines about builtins and library functions that contain a text.
pub fn lines_with(text: &str) -> Vec<String> {
    let lists = builtins() + &library();
    lists.lines().filter(|line| line.starts_with("- ") && line.contains(text)).map(str::to_owned).collect()
}

/// A form of the language, which is no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its first item.
    pub head: &'static str,
    /// How it is written, with names in place of its parts.
    pub shape: &'static str,
    /// What it does, in Markdown.
    pub doc: &'static str,
}

/// The forms, which the introduction explains in a table.
pub(crate) fn forms() -> impl Iterator<Item = Form> {
    INTRODUCTION.lines().filter_map(form).filter(|form| !form.head.contains('.'))
}

/// The form that a line of the table explains.
fn form(line: &'static str) -> Option<Form> {
    let (shape, doc) = line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | ")?;
    let head = shape.strip_prefix("[\"")?.split('"').next()?;
    Some(Form { head, shape, doc })
}

fn builtins() -> String {
    let mut text = String::from("## Builtins\n");
    for (family, rows) in FAMILIES {
        let rows: Vec<_> = rows.iter().filter(|row| row.needs != Needs::Trusted).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n### {family}\n\n");
        for row in rows {
            let traps = match row.traps {
                [] => String::new(),
                traps => format!(" Traps: {}.", traps.join("; ")),
            };
            let needs = match row.needs {
                Needs::Unsafe | Needs::Os => " OS worlds.",
                Needs::UnsafeBlock => " Inside `unsafe`.",
                Needs::Native(_) if row.is_visible() => " OS worlds.",
                Needs::Native(backend) if CALLABLE_BACKENDS.contains(&backend) => "",
                Needs::Native(_) => " Needs a native backend that this toolchain does not have.",
                Needs::Nothing | Needs::Trusted => "",
            };
            let _ = writeln!(text, "- `{}`: {}{traps}{needs}", row.signature(), row.doc);
        }
    }
    text.push('\n');
    text
}

fn library() -> String {
    let mut text = String::from("## The standard library\n");
    for module in Library::std().modules() {
        let _ = write!(text, "\n### {}\n\n", module.id);
        if !module.doc.is_empty() {
            let _ = write!(text, "{}\n\n", module.doc);
        }
        for function in &module.functions {
            let _ = writeln!(text, "- `{}`: {}", function.signature, function.doc);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use x07c::builtins;

    use super::*;

    #[test]
    fn every_head_is_in_the_guide_with_its_doc() {
        let guide = whole();
        for row in builtins::all().filter(|row| row.needs != Needs::Trusted) {
            assert!(!row.doc.is_empty(), "{} has no doc", row.head);
            assert!(guide.contains(&format!("\n- `{}`: {}", row.signature(), row.doc)), "{} is missing", row.head);
        }
    }

    /// Reads the sources without the code that makes the guide.
    #[test]
    fn every_export_of_the_library_is_in_the_guide_with_its_doc() {
        let guide = whole();
        let modules: Vec<_> = x07_build::stdlib::modules().collect();
        assert!(modules.len() > 15, "{} modules", modules.len());
        for (id, source) in modules {
            let file: Value = serde_json::from_str(source).unwrap();
            let section = guide.split(&format!("\n### {id}\n")).nth(1).unwrap_or_else(|| panic!("{id} is missing"));
            let section = section.split("\n### ").next().unwrap();
            let decls = file["decls"].as_array().unwrap();
            let exports = decls.iter().filter_map(|decl| decl["names"].as_array()).flatten();
            for name in exports.map(|name| name.as_str().unwrap()) {
                let function = decls.iter().find(|decl| decl["name"] == name).unwrap();
                let doc = function["doc"].as_str().unwrap_or_else(|| panic!("{name} has no doc"));
                let is_it = |line: &str| {
                    let rest =
                        line.strip_prefix("- `").and_then(|line| line.trim_start_matches("async ").strip_prefix(name));
                    rest.is_some_and(|rest| rest.starts_with(['(', '<']) && rest.contains(doc.lines().next().unwrap()))
                };
                assert!(section.lines().any(is_it), "{name} is missing");
            }
        }
    }

    #[test]
    fn forms_are_read_from_the_introduction() {
        let forms: Vec<Form> = forms().collect();
        for head in ["begin", "let", "set", "if", "for", "return", "try", "unsafe", "tapp"] {
            let form = forms.iter().find(|form| form.head == head).unwrap_or_else(|| panic!("no {head} in {forms:?}"));
            assert!(form.shape.ends_with(']') && !form.doc.is_empty(), "{form:?}");
        }
    }
}
