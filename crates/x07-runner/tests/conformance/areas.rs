//! Which cases can be run now, and why the others cannot.

use std::path::Path;

use serde_json::Value;

use crate::case::Case;

/// Areas whose every case must pass.
const BUILT: &[&str] = &["language", "builtins", "os"];

/// Areas that grow with the library: a case must pass once every standard module it imports is there.
const BY_MODULE: &[&str] = &["stdlib"];

/// Areas that are not run yet.
const NOT_YET: &[(&str, &str)] = &[
    ("concurrency", "no async functions"),
    ("math", "no native backends"),
    ("native-heads", "no native backends"),
    ("rand", "no native backends"),
    ("regex", "no native backends"),
    ("stdio", "no native backends"),
    ("streams", "no streams"),
    ("worlds", "no fixtures"),
];

/// Cases of other areas that are not run yet.
const NOT_YET_HERE: &[(&str, &str)] = &[("native_abi_mismatch", "no native backends")];

/// Why the case is not run, or `None` when it must pass. An area that no list names is run, so that a new file of cases
/// is never passed over in silence.
pub(crate) fn reason_to_skip(area: &str, case: &Case, workspace: &Path) -> Option<String> {
    let area = area.split('/').next().unwrap_or(area);
    if let Some((_, reason)) = NOT_YET_HERE.iter().find(|(id, _)| *id == case.id) {
        return Some((*reason).to_owned());
    }
    if BUILT.contains(&area) {
        return None;
    }
    if let Some((_, reason)) = NOT_YET.iter().find(|(name, _)| *name == area) {
        return Some((*reason).to_owned());
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
    let versions = workspace.join("stdlib/std").read_dir().into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("modules").join(&file).is_file())
}
