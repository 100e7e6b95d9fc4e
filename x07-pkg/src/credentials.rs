//! The tokens that registries know a user by.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{Guard, make_private_folder, write_private};
use crate::problem::{Code, Problem, Result};

const SCHEMA: &str = "x07.credentials@0.1.0";
const NAME: &str = "credentials.json";

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(default)]
    schema_version: String,
    #[serde(default)]
    tokens: BTreeMap<String, String>,
}

/// The stored token of an index, by its canonical address. A file that cannot be read holds none.
pub(crate) fn token(home: Option<&Path>, index: &str) -> Option<String> {
    let text = fs::read(home?.join(NAME)).ok()?;
    let document: Document = serde_json::from_slice(&text).ok()?;
    document.tokens.get(index).cloned()
}

/// Stores a token; gives the file's place.
pub(crate) fn store(home: Option<&Path>, index: &str, token: &str) -> Result<PathBuf> {
    let failed = |what: String| Problem::new(Code::LoginFailed, what);
    let token = token.trim();
    if token.is_empty() {
        return Err(failed("the token is empty".to_owned()));
    }
    if token.chars().any(|c| c.is_control() || c.is_whitespace() || !c.is_ascii()) {
        return Err(failed("the token holds characters that no token has".to_owned()));
    }
    let home =
        home.ok_or_else(|| failed("there is no home folder to keep the token in".to_owned()).help("set X07_PKG_HOME"))?;
    make_private_folder(home)?;
    let _guard = Guard::acquire(home, ".credentials.lock")?;
    let path = home.join(NAME);
    let mut tokens = match fs::read(&path) {
        Ok(text) => {
            let document: Document = serde_json::from_slice(&text)
                .map_err(|error| failed(format!("{} cannot be read: {error}", path.display())))?;
            document.tokens
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(failed(format!("{} cannot be read: {error}", path.display()))),
    };
    tokens.insert(index.to_owned(), token.to_owned());
    let document = Document { schema_version: SCHEMA.to_owned(), tokens };
    let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
    write_private(&path, text.as_bytes())?;
    Ok(path)
}
