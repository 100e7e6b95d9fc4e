//! Fields of `x07.json` that nobody reads.

use std::path::Path;

use serde_json::Value;

use crate::name::near_matches;

/// A field that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// Where it is, such as `profiles.dev.wrld`.
    pub place: String,
    /// The field that was probably meant.
    pub near: Option<String>,
}

impl UnknownField {
    /// What to say about it: the fact, and perhaps a question.
    pub fn message(&self, manifest: &Path) -> String {
        format!("{} has a field \"{}\" that means nothing", manifest.display(), self.place)
    }

    /// The question that helps.
    pub fn help(&self) -> Option<String> {
        self.near.as_ref().map(|near| format!("did you mean \"{near}\"?"))
    }
}

const TOP: &[&str] = &[
    "schema_version",
    "world",
    "entry",
    "module_roots",
    "link",
    "dependencies",
    "patch",
    "lockfile",
    "default_profile",
    "profiles",
];
const LINK: &[&str] = &["static", "search_paths", "libs", "frameworks"];
const DEPENDENCY: &[&str] = &["name", "version", "path"];
const PATCH: &[&str] = &["version", "path"];
const PROFILE: &[&str] = &[
    "world",
    "policy",
    "runner",
    "input",
    "auto_ffi",
    "solve_fuel",
    "cpu_time_limit_seconds",
    "max_memory_bytes",
    "max_output_bytes",
    "cc_profile",
];

/// The fields of a manifest that mean nothing, in its order.
pub(crate) fn unknown_fields(text: &[u8]) -> Vec<UnknownField> {
    let manifest: Value = serde_json::from_slice(text).unwrap_or_default();
    let mut found = Vec::new();
    look(&manifest, TOP, "", &mut found);
    look(&manifest["link"], LINK, "link.", &mut found);
    for (index, dependency) in manifest["dependencies"].as_array().into_iter().flatten().enumerate() {
        look(dependency, DEPENDENCY, &format!("dependencies[{index}]."), &mut found);
    }
    for (part, fields) in [("patch", PATCH), ("profiles", PROFILE)] {
        for (name, value) in manifest[part].as_object().into_iter().flatten() {
            look(value, fields, &format!("{part}.{name}."), &mut found);
        }
    }
    found
}

/// Adds the fields of an object that are not `known`.
pub(crate) fn look(value: &Value, known: &[&str], place: &str, found: &mut Vec<UnknownField>) {
    for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
        if !known.contains(&name.as_str()) {
            let near = near_matches(name, known.iter().copied()).first().map(|near| (*near).to_owned());
            found.push(UnknownField { place: format!("{place}{name}"), near });
        }
    }
}
