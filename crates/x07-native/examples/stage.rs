//! Stages backends below a workspace root: `stage ROOT ID...` writes `ROOT/deps/x07/lib*.a` and puts the backends into
//! `ROOT/deps/x07/native_backends.json` (`x07.native-backends@0.1.0`), beside those that every program has in its runtime:
//! what is not there would be refused.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde_json::{Value, json};

const SCHEMA: &str = "x07.native-backends@0.1.0";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let root = PathBuf::from(arguments.next().ok_or("usage: stage ROOT ID...")?);
    let folder = root.join("deps/x07");
    fs::create_dir_all(&folder)?;
    let registry = folder.join("native_backends.json");
    let mut backends = registered(&registry)?;
    for id in arguments {
        let id = id.to_string_lossy();
        let backend = x07_native::find(&id).ok_or_else(|| format!("no backend {id} for {}", x07_native::TARGET))?;
        write(&folder.join(backend.archive), &backend.packed.unpack())?;
        put(&mut backends, entry(backend));
    }
    for id in x07c::builtins::all().filter_map(|row| row.provided_as) {
        put(&mut backends, entry_of(id, Vec::new(), Vec::new()));
    }
    backends.sort_by_key(|entry| entry["backend_id"].as_str().map(str::to_owned));
    let document = json!({ "schema_version": SCHEMA, "backends": backends });
    write(&registry, (serde_json::to_string_pretty(&document)? + "\n").as_bytes())?;
    Ok(())
}

/// Puts an entry in the place of the one with its id.
fn put(backends: &mut Vec<Value>, entry: Value) {
    backends.retain(|known| known["backend_id"] != entry["backend_id"]);
    backends.push(entry);
}

fn entry(backend: &x07_native::Backend) -> Value {
    let arguments = backend.system_libraries.iter().map(|library| format!("-l{library}")).collect();
    entry_of(backend.id, vec![format!("deps/x07/{}", backend.archive)], arguments)
}

fn entry_of(id: &str, files: Vec<String>, arguments: Vec<String>) -> Value {
    let link = json!({
        "kind": "static",
        "files": files,
        "args": arguments,
        "search_paths": [],
        "force_load": false,
        "whole_archive": false,
    });
    json!({ "backend_id": id, "abi_major": x07_native::ABI_MAJOR, "link": { "linux": link, "macos": link } })
}

fn registered(registry: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = match fs::read(registry) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        result => result?,
    };
    let document: Value = serde_json::from_slice(&text)?;
    if document["schema_version"] != SCHEMA {
        return Err(format!("{} is not of schema {SCHEMA}", registry.display()).into());
    }
    Ok(document["backends"].as_array().cloned().unwrap_or_default())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
