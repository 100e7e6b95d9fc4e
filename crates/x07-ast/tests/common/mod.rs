//! What the tests of this crate share: sources around a snippet, and diagnostics as text.
#![allow(dead_code, reason = "every test file is a crate of its own and uses a part")]

use x07_ast::{Diagnostic, Expected, parse};

/// An entry file around declarations and `solve`.
pub(crate) fn entry(decls: &str, solve: &str) -> String {
    format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[],"decls":[{decls}],"solve":{solve}}}"#
    )
}

/// A module file around declarations.
pub(crate) fn module(id: &str, decls: &str) -> String {
    format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"{id}","imports":[],"decls":[{decls}]}}"#
    )
}

/// What a person would read, one finding after the other, or `fine`.
pub(crate) fn told(source: impl AsRef<[u8]>, expected: Expected<'_>) -> String {
    let parsed = parse(source.as_ref(), expected);
    let failed = parsed.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(parsed.file.is_none(), failed, "there is a tree exactly when there is no error");
    if parsed.diagnostics.is_empty() { "fine\n".to_owned() } else { parsed.diagnostics.iter().map(shown).collect() }
}

/// One finding as text.
pub(crate) fn shown(diagnostic: &Diagnostic) -> String {
    let severity = if diagnostic.is_error() { "error" } else { "warning" };
    let mut text = format!("{severity}[{}]: {}\n", diagnostic.code, diagnostic.message);
    if let Some(pointer) = &diagnostic.pointer {
        text += &format!("  at {pointer:?}");
        if let Some(function) = &diagnostic.function {
            text += &format!(" in {function}");
        }
        text += "\n";
    }
    for label in &diagnostic.labels {
        text += &format!("  {}: {}\n", label.message, label.pointer);
    }
    for note in &diagnostic.notes {
        text += &format!("  note: {note}\n");
    }
    if let Some(help) = &diagnostic.help {
        text += &format!("  help: {help}\n");
    }
    if let Some(fix) = &diagnostic.fix {
        text += &format!("  fix: {}: {}\n", fix.note, fix.patch);
    }
    text
}
