//! Edits of `x07.json`: dependencies come and go, the rest stays as it was written.

use serde::Serialize;
use serde_json::Value;

use crate::edit::JsonText;
use crate::manifest::Manifest;
use crate::problem::{Code, Problem, Result};

/// What a dependency in a manifest says, in the order in which it says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
}

/// The manifest's text with these dependencies added or changed.
pub(crate) fn with_dependencies(manifest: &Manifest, text: &str, wanted: &[Wanted]) -> Result<String> {
    let mut editor = JsonText::new(text.to_owned());
    let mut names: Vec<String> = manifest.dependencies.iter().map(|dependency| dependency.name.clone()).collect();
    for one in wanted {
        set(&mut editor, &mut names, one).ok_or_else(|| unexpected(manifest))?;
    }
    Ok(editor.as_str().to_owned())
}

fn set(editor: &mut JsonText, names: &mut Vec<String>, wanted: &Wanted) -> Option<()> {
    if !editor.has("/dependencies") {
        editor.insert_key("", "dependencies", &Value::Array(Vec::new()))?;
    }
    if let Some(index) = names.iter().position(|name| *name == wanted.name) {
        let place = format!("/dependencies/{index}");
        editor.replace(&format!("{place}/version"), &Value::String(wanted.version.clone()))?;
        let path = format!("{place}/path");
        return match (&wanted.path, editor.has(&path)) {
            (Some(value), true) => editor.replace(&path, &Value::String(value.clone())),
            (Some(value), false) => editor.insert_key(&place, "path", &Value::String(value.clone())),
            (None, true) => editor.remove_key(&place, "path"),
            (None, false) => Some(()),
        };
    }
    // A sorted list stays sorted; a list in an order of its own gets the new one at its end.
    let index = match names.is_sorted() {
        true => names.partition_point(|name| *name < wanted.name),
        false => names.len(),
    };
    editor.insert_item("/dependencies", index, wanted)?;
    names.insert(index, wanted.name.clone());
    Some(())
}

/// The manifest's text without these dependencies.
pub(crate) fn without_dependencies(manifest: &Manifest, text: &str, names: &[String]) -> Result<String> {
    let mut editor = JsonText::new(text.to_owned());
    for (index, dependency) in manifest.dependencies.iter().enumerate().rev() {
        if names.contains(&dependency.name) {
            editor.remove_item("/dependencies", index).ok_or_else(|| unexpected(manifest))?;
        }
    }
    Ok(editor.as_str().to_owned())
}

fn unexpected(manifest: &Manifest) -> Problem {
    let what = format!("{} cannot be edited: its `dependencies` are not a list of objects", manifest.path.display());
    Problem::new(Code::ProjectInvalid, what)
}
