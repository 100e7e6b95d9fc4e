//! A failing case as a unit test, so that it is tried again for ever.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Repro, Value, encode};
use crate::manifest::{Manifest, Test};

/// The module that such tests go into, beside the manifest.
const MODULE: &str = "pbt_cases";

/// A unit test that is not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitTest {
    /// Its id.
    pub id: String,
    /// The module's file.
    pub module: PathBuf,
    /// The module's text with the test.
    pub module_text: String,
    /// The manifest's text with the test.
    pub manifest_text: String,
}

/// Makes a unit test of a failing case; an error says why there is none.
pub fn unit_test(manifest: &Manifest, repro: &Repro) -> Result<UnitTest, String> {
    let test = manifest.tests.iter().find(|test| test.id == repro.test_id);
    let test = test.ok_or_else(|| format!("the manifest has no test \"{}\"", repro.test_id))?;
    let hash = hex::encode(Sha256::digest(encode(&repro.values)));
    let hash = &hash[..8];
    let id = format!("{}/case_{hash}", test.id);
    if manifest.tests.iter().any(|test| test.id == id) {
        return Err(format!("the case is a test already: \"{id}\""));
    }
    let slug: String = test.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let function = format!("{MODULE}.case_{slug}_{hash}");
    let module = manifest.folder().join(format!("{MODULE}.x07.json"));
    let module_text = add_function(&module, test, repro, &function)?;
    // Written by hand, so that its fields are in the order in which people write them.
    let entry = format!(
        "{{\"id\": {}, \"world\": \"{}\", \"entry\": \"{function}\", \"returns\": \"bytes_status_v1\"}}",
        Json::from(id.as_str()),
        test.world
    );
    let manifest_text = add_entry(manifest, &entry)?;
    Ok(UnitTest { id, module, module_text, manifest_text })
}

fn add_function(path: &Path, test: &Test, repro: &Repro, name: &str) -> Result<String, String> {
    let old = fs::read(path).ok();
    let mut module: Json = match &old {
        Some(text) => {
            serde_json::from_slice(text).map_err(|error| format!("{} is no JSON: {error}", path.display()))?
        }
        None => {
            json!({"schema_version": x07_ast::SchemaVersion::CURRENT.as_str(), "kind": "module", "module_id": MODULE,
            "doc": "Cases for which properties did not hold.", "imports": [], "decls": []})
        }
    };
    let wrong = || format!("{} is no module", path.display());
    let imports = module["imports"].as_array_mut().ok_or_else(wrong)?;
    if !imports.iter().any(|import| import == test.module()) {
        imports.push(test.module().into());
    }
    let function = json!({"kind": "defn", "name": name, "params": [], "result": "bytes", "body": call(test, repro),
        "doc": format!("A case of the property {}.", test.id)});
    let decls = module["decls"].as_array_mut().ok_or_else(wrong)?;
    let export = decls.iter_mut().find(|decl| decl["kind"] == "export");
    match export.and_then(|export| export["names"].as_array_mut()) {
        Some(names) => names.push(name.into()),
        None => decls.push(json!({"kind": "export", "names": [name]})),
    }
    decls.push(function);
    let text = module.to_string();
    let was_one_line =
        old.is_some_and(|old| x07_ast::canonical(&old).is_ok_and(|canonical| canonical.as_bytes() == old));
    let form = if was_one_line { x07_ast::canonical } else { x07_ast::pretty };
    form(text.as_bytes()).map_err(|broken| broken.message)
}

/// The property called with the values of the case.
fn call(test: &Test, repro: &Repro) -> Json {
    let mut body = vec![json!("begin")];
    let mut call = vec![json!(test.entry)];
    for (index, value) in repro.values.iter().enumerate() {
        let name = format!("p{index}");
        match value {
            Value::I32(value) => body.push(json!(["let", name, value])),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => body.push(json!(["let", name, ["bytes.lit", text]])),
                // A literal holds text only.
                Err(_) => {
                    body.push(json!(["let", name, ["bytes.alloc", bytes.len()]]));
                    let set = |(at, byte): (usize, &u8)| json!(["set", name, ["bytes.set_u8", name, at, byte]]);
                    body.extend(bytes.iter().enumerate().filter(|(_, byte)| **byte != 0).map(set));
                }
            },
        }
        call.push(json!(name));
    }
    body.push(Json::Array(call));
    Json::Array(body)
}

/// The manifest with one more test at its end, otherwise as it was written.
fn add_entry(manifest: &Manifest, entry: &str) -> Result<String, String> {
    let path = manifest.path.display();
    let text = fs::read_to_string(&manifest.path).map_err(|error| format!("cannot read {path}: {error}"))?;
    // Tests are sorted when they are read; only their number says where the last one stands.
    let last = format!("/tests/{}", manifest.tests.len() - 1);
    let place = x07_ast::locate(text.as_bytes(), &last).ok_or_else(|| format!("{path} has changed meanwhile"))?;
    let before = &text[..place.value.start];
    let blank = &before[before.trim_end().len()..];
    let blank = if blank.contains('\n') { &blank[blank.rfind('\n').unwrap_or(0)..] } else { " " };
    let (head, tail) = text.split_at(place.value.end);
    Ok(format!("{head},{blank}{entry}{tail}"))
}
