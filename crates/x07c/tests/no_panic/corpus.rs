//! The programs that are mutated: those of all conformance cases, whether or not they can be built yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One case's files by module id; the entry is `main`.
pub type Program = BTreeMap<String, Value>;

/// The programs, and what can be put into them.
pub struct Corpus {
    pub programs: Vec<Program>,
    /// Expressions and declarations of all programs, each once.
    pub nodes: Vec<Value>,
    /// Strings of all programs: heads, names, types.
    pub words: Vec<String>,
}

impl Corpus {
    pub fn read() -> Corpus {
        let mut programs = Vec::new();
        for path in json_files(&workspace().join("tests/conformance")) {
            let area: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            for case in area["cases"].as_array().unwrap() {
                programs.extend(program(case));
            }
        }
        let mut nodes = BTreeSet::new();
        let mut words = BTreeSet::new();
        for file in programs.iter().flat_map(Program::values) {
            collect(file, &mut nodes, &mut words);
        }
        words.extend(x07c::builtins::all().map(|row| row.head.to_owned()));
        let nodes = nodes.iter().map(|node| serde_json::from_str(node).unwrap()).collect();
        Corpus { programs, nodes, words: words.into_iter().collect() }
    }
}

/// The text of a module of the standard library.
pub fn library(id: &str) -> Option<Vec<u8>> {
    let versions = fs::read_dir(workspace().join("stdlib/std")).unwrap().flatten();
    let file = format!("modules/{}.x07.json", id.replace('.', "/"));
    versions.into_iter().find_map(|version| fs::read(version.path().join(&file)).ok())
}

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a case; `None` when one is not JSON, which a mutation of trees cannot start from.
fn program(case: &Value) -> Option<Program> {
    let modules = case.get("modules").and_then(Value::as_object).into_iter().flatten();
    let mut files = vec![("main", &case["program"])];
    files.extend(modules.map(|(id, file)| (id.as_str(), file)));
    let tree = |(id, file): (&str, &Value)| match file {
        Value::String(text) => Some((id.to_owned(), serde_json::from_str(text).ok()?)),
        tree => Some((id.to_owned(), tree.clone())),
    };
    files.into_iter().map(tree).collect()
}

fn collect(value: &Value, nodes: &mut BTreeSet<String>, words: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            items.iter().for_each(|item| collect(item, nodes, words));
            nodes.insert(value.to_string());
        }
        Value::Object(members) => {
            members.values().for_each(|member| collect(member, nodes, words));
            nodes.insert(value.to_string());
        }
        Value::String(word) => {
            words.insert(word.clone());
        }
        _ => {}
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}
