//! Which cases can be run now, and why the others cannot.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::case::Case;

/// Areas whose every case must pass.
const BUILT: &[&str] = &["language", "builtins", "math", "native-heads"];

/// Areas that grow with the library: a case must pass once every standard module it imports is there.
const BY_MODULE: &[&str] = &["stdlib", "rand", "stdio"];

/// Areas that are not run yet.
const NOT_YET: &[(&str, &str)] = &[
    ("concurrency", "no async functions"),
    ("os", "no OS builtins and no sandbox"),
    ("regex", "no native backend for regular expressions"),
    ("streams", "no streams"),
    ("worlds", "no fixtures"),
];

/// Why the case is not run, or `None` when it must pass. An area that no list names is run, so that a new file of cases
/// is never passed over in silence.
pub(crate) fn reason_to_skip(area: &str, case: &Case, workspace: &Path) -> Option<String> {
    let area = area.split('/').next().unwrap_or(area);
    if BUILT.contains(&area) {
        return None;
    }
    if let Some((_, reason)) = NOT_YET.iter().find(|(name, _)| *name == area) {
        return Some((*reason).to_owned());
    }
    if case.world == "run-os-sandboxed" {
        return Some("no sandbox".to_owned());
    }
    if BY_MODULE.contains(&area) {
        return missing_module(case, workspace).map(|module| format!("no {module}"));
    }
    None
}

fn missing_module(case: &Case, workspace: &Path) -> Option<String> {
    let program: Value = serde_json::from_str(case.program.get()).unwrap_or_default();
    let imports = program.get("imports").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut modules = imports.iter().filter_map(Value::as_str);
    modules.find(|module| module.starts_with("std.") && !exists(module, workspace)).map(str::to_owned)
}

fn exists(module: &str, workspace: &Path) -> bool {
    let file = format!("{}.x07.json", module.replace('.', "/"));
    let below = |folder: PathBuf| folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let libraries = ["stdlib", "packages/ext"].into_iter().flat_map(|folder| below(workspace.join(folder)));
    libraries.flat_map(below).any(|version| version.join("modules").join(&file).is_file())
}
