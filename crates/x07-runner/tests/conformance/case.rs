//! The format of a conformance case.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    #[allow(dead_code, reason = "for people; tests are named after the file")]
    #[serde(default)]
    pub(crate) area: String,
    #[allow(dead_code, reason = "for people")]
    #[serde(default)]
    pub(crate) doc: String,
    pub(crate) cases: Vec<Case>,
}

/// One program and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) doc: String,
    #[serde(default = "solve_pure")]
    pub(crate) world: String,
    /// An object, or a string that is the file's text.
    pub(crate) program: Box<RawValue>,
    #[serde(default)]
    pub(crate) modules: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    pub(crate) packages: Vec<String>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, Blob>,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) input: Option<Blob>,
    pub(crate) stdin: Option<Blob>,
    pub(crate) expect: Expect,
    /// Some cases give their statistics beside `expect` instead of inside.
    #[serde(default)]
    pub(crate) stats: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) stats_max: BTreeMap<String, i64>,
    #[allow(dead_code, reason = "says where the specification departs from the reference")]
    #[serde(default)]
    pub(crate) oracle_differs: Value,
    #[allow(dead_code, reason = "every case has a folder of its own here")]
    #[serde(default)]
    pub(crate) needs_own_cwd: Value,
}

fn solve_pure() -> String {
    "solve-pure".to_owned()
}

/// Bytes in one of three spellings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Blob {
    Utf8(String),
    Hex(String),
    B64(String),
}

impl Blob {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Blob::Utf8(text) => text.as_bytes().to_vec(),
            Blob::Hex(text) => {
                let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
                let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
                digits.chunks(2).map(byte).collect()
            }
            Blob::B64(text) => STANDARD.decode(text).unwrap(),
        }
    }
}

/// What must come of a case. Exactly one of the first four is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) output: Option<Blob>,
    pub(crate) output_re: Option<String>,
    pub(crate) trap: Option<Mention>,
    pub(crate) compile_error: Option<Mention>,
    #[serde(default)]
    pub(crate) stats: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) stats_max: BTreeMap<String, i64>,
}

/// Words that a text must hold; `true` asks for none.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Mention {
    Any(#[allow(dead_code, reason = "only `true` is ever written")] bool),
    One(String),
    All(Vec<String>),
}

impl Mention {
    pub(crate) fn missing_in(&self, text: &str) -> Vec<String> {
        let wanted = match self {
            Mention::Any(_) => Vec::new(),
            Mention::One(word) => vec![word.clone()],
            Mention::All(words) => words.clone(),
        };
        wanted.into_iter().filter(|word| !text.contains(word)).collect()
    }
}
