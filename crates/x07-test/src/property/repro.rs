//! The file that repeats a failing case (`x07.pbt.repro@0.1.0`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Value, encode};
use crate::manifest::{Property, Test};
use crate::outcome::Diag;

const SCHEMA: &str = "x07.pbt.repro@0.1.0";

/// A case to run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repro {
    /// The test's id.
    pub test_id: String,
    /// The test's function.
    pub entry: String,
    /// The values of its parameters.
    pub values: Vec<Value>,
    /// The names of its parameters.
    pub names: Vec<String>,
    /// Which case it came from.
    pub case_index: u32,
}

/// What is written down besides the test.
#[derive(Debug)]
pub(super) struct RunFacts<'a> {
    pub(super) values: &'a [Value],
    pub(super) case_index: u32,
    pub(super) shrinks: u32,
    pub(super) seed: u64,
    pub(super) failure: &'a [Diag],
}

/// A value as reports show it.
pub(super) fn shown(value: &Value) -> Json {
    match value {
        Value::I32(value) => json!({"kind": "i32", "value": value}),
        Value::Bytes(bytes) => json!({"kind": "bytes", "hex": hex::encode(bytes)}),
    }
}

/// The folder of a test among the artifacts.
pub(crate) fn folder_name(id: &str) -> String {
    format!("id_{}", hex::encode(Sha256::digest(id.as_bytes())))
}

/// Writes the file and gives its path.
pub(super) fn write(test: &Test, property: &Property, artifacts: &Path, facts: &RunFacts<'_>) -> io::Result<PathBuf> {
    let parameter = |(parameter, value): (&crate::manifest::Parameter, &Value)| json!({"name": parameter.name, "gen": parameter.generator, "value": shown(value)});
    let parameters: Vec<Json> = property.parameters.iter().zip(facts.values).map(parameter).collect();
    let document = json!({
        "schema_version": SCHEMA,
        "tool": {"name": "x07", "version": env!("CARGO_PKG_VERSION")},
        "test": {"id": test.id, "world": test.world.as_str(), "entry": test.entry},
        "seed": facts.seed,
        "case_index": facts.case_index,
        "shrinks": facts.shrinks,
        "params": parameters,
        "input_b64": STANDARD.encode(encode(facts.values)),
        "failure": facts.failure,
    });
    write_json(&artifacts.join("pbt").join(folder_name(&test.id)), &document)
}

/// Writes `repro.json` into a folder, which is made.
pub(crate) fn write_json(folder: &Path, document: &Json) -> io::Result<PathBuf> {
    let path = folder.join("repro.json");
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    x07_files::write_atomic(&path, &text, x07_files::Access::Ordinary)?;
    Ok(path)
}

/// Reads such a file; an error says what is wrong with it.
pub fn read(path: &Path) -> Result<Repro, String> {
    let shown = path.display();
    let text = fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let document: Json = serde_json::from_slice(&text).map_err(|error| format!("{shown} is no JSON: {error}"))?;
    if document["schema_version"] != SCHEMA {
        return Err(format!("{shown} is no {SCHEMA}"));
    }
    parse(&document).ok_or_else(|| format!("{shown} does not describe a case of a property"))
}

fn parse(document: &Json) -> Option<Repro> {
    let parameters = document["params"].as_array()?;
    let value = |parameter: &Json| {
        let value = &parameter["value"];
        match value["kind"].as_str()? {
            "i32" => Some(Value::I32(i32::try_from(value["value"].as_i64()?).ok()?)),
            "bytes" => Some(Value::Bytes(hex::decode(value["hex"].as_str()?).ok()?)),
            _ => None,
        }
    };
    let name = |parameter: &Json| parameter["name"].as_str().map(str::to_owned);
    Some(Repro {
        test_id: document["test"]["id"].as_str()?.to_owned(),
        entry: document["test"]["entry"].as_str()?.to_owned(),
        values: parameters.iter().map(value).collect::<Option<_>>()?,
        names: parameters.iter().map(name).collect::<Option<_>>()?,
        case_index: u32::try_from(document["case_index"].as_u64()?).ok()?,
    })
}
