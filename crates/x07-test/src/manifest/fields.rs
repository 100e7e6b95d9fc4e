//! The fields of one JSON object: typed access that notes every mismatch and every name that nobody asked for.

use serde_json::{Map, Value};

use super::Finding;

pub(super) const WRONG_TYPE: &str = "ETEST_MANIFEST_JSON";
const UNKNOWN: &str = "WTEST_UNKNOWN_FIELD";

/// What was found so far in the whole manifest.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

impl Findings {
    pub(super) fn error(&mut self, code: &'static str, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(Finding { code, path: path.into(), message: message.into() });
    }
}

/// An object and its place.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
}

impl<'a> Fields<'a> {
    /// Notes an error when the value is no object.
    pub(super) fn of(value: &'a Value, pointer: String, findings: &mut Findings) -> Option<Self> {
        match value.as_object() {
            Some(object) => Some(Fields { object, pointer }),
            None => {
                findings.error(WRONG_TYPE, pointer, "an object is expected here");
                None
            }
        }
    }

    pub(super) fn pointer(&self, key: &str) -> String {
        format!("{}/{key}", self.pointer)
    }

    pub(super) fn own_pointer(&self) -> String {
        self.pointer.clone()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The field, unless it is null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &str, findings: &mut Findings) -> Option<&'a str> {
        let value = self.get(key)?;
        let text = value.as_str();
        if text.is_none() {
            findings.error(WRONG_TYPE, self.pointer(key), "a string is expected here");
        }
        text
    }

    /// An integer from `least` to `most`; `code` is what one outside is called.
    pub(super) fn number(
        &self,
        key: &str,
        least: i64,
        most: i64,
        code: &'static str,
        findings: &mut Findings,
    ) -> Option<i64> {
        let value = self.get(key)?;
        let number = value.as_i64().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let message = match value {
                Value::Number(_) => format!("{value} is not an integer from {least} to {most}"),
                _ => "an integer is expected here".to_owned(),
            };
            findings.error(if value.is_number() { code } else { WRONG_TYPE }, self.pointer(key), message);
        }
        number
    }

    pub(super) fn list(&self, key: &str, findings: &mut Findings) -> Option<&'a [Value]> {
        let value = self.get(key)?;
        let list = value.as_array().map(Vec::as_slice);
        if list.is_none() {
            findings.error(WRONG_TYPE, self.pointer(key), "an array is expected here");
        }
        list
    }

    pub(super) fn object(&self, key: &str, findings: &mut Findings) -> Option<Fields<'a>> {
        Fields::of(self.get(key)?, self.pointer(key), findings)
    }

    /// Warns of names that are not among `known`.
    pub(super) fn warn_of_others(&self, known: &[&str], findings: &mut Findings) {
        for name in self.object.keys().filter(|name| !known.contains(&name.as_str())) {
            let close = known.iter().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
            let hint = match close {
                Some((distance, known)) if distance <= 2 => format!("; is it \"{known}\"?"),
                _ => String::new(),
            };
            findings.warnings.push(Finding {
                code: UNKNOWN,
                path: self.pointer(&escape(name)),
                message: format!("\"{name}\" means nothing here{hint}"),
            });
        }
    }
}

/// A name as a part of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
