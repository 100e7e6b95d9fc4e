//! From a place in a file after its fixes to the place that it came from.

use serde_json::Value;
use x07_ast::Diagnostic;
use x07_ast::canonical::read;
use x07_ast::locate::{escape_segment, segments};

/// Finds places of one text in the text that it was made of.
///
/// Fixes wrap, drop and insert values and the canonical order moves declarations, so a pointer into the new text may name
/// something else in the old one. The two are compared from the top down along the pointer instead; what only the new text
/// has comes from the nearest value around it that the old text has too.
pub(super) struct Origin {
    before: Value,
    after: Value,
}

impl Origin {
    /// `None` when one of the texts is no JSON.
    pub(super) fn new(before: &[u8], after: &str) -> Option<Self> {
        Some(Origin { before: read(before).ok()?, after: read(after.as_bytes()).ok()? })
    }

    /// The finding with the places that the text before the fixes has for it.
    pub(super) fn of(&self, mut finding: Diagnostic) -> Diagnostic {
        for pointer in finding.pointer.iter_mut().chain(finding.labels.iter_mut().map(|label| &mut label.pointer)) {
            *pointer = self.of_pointer(pointer);
        }
        finding
    }

    fn of_pointer(&self, pointer: &str) -> String {
        let (mut before, mut after) = (&self.before, &self.after);
        let mut found = String::new();
        for segment in segments(pointer).unwrap_or_default() {
            let Some(child) = child(after, &segment) else { break };
            if is_wrapped(before, after, child) {
                after = child;
                continue;
            }
            let Some((step, origin)) = origin_of_child(before, after, &segment) else { break };
            found.push('/');
            found.push_str(&escape_segment(&step));
            (before, after) = (origin, child);
        }
        found
    }
}

fn child<'a>(value: &'a Value, segment: &str) -> Option<&'a Value> {
    match value {
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        Value::Object(members) => members.get(segment),
        _ => None,
    }
}

/// True when a fix put `before` as `child` into something new, `after`.
fn is_wrapped(before: &Value, after: &Value, child: &Value) -> bool {
    before != after && (child == before || (is_same(child, before) && !is_same(after, before)))
}

/// The value that the child of `after` at `segment` was in `before`, with its own segment there.
fn origin_of_child<'a>(before: &'a Value, after: &Value, segment: &str) -> Option<(String, &'a Value)> {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            let index = origin_of_item(before, after, segment.parse().ok()?)?;
            Some((index.to_string(), &before[index]))
        }
        (Value::Object(before), Value::Object(_)) => Some((segment.to_owned(), before.get(segment)?)),
        _ => None,
    }
}

/// Which item of `before` the one at `index` of `after` was: one that is like it, or in a list of the same length the
/// one in its place.
fn origin_of_item(before: &[Value], after: &[Value], index: usize) -> Option<usize> {
    let item = after.get(index)?;
    let is_as_long = before.len() == after.len();
    if is_as_long && (before[index] == *item || is_same(&before[index], item)) {
        return Some(index);
    }
    // Of several that are like it, the one before which there are as many more.
    let nth = |is_like: fn(&Value, &Value) -> bool| {
        let earlier = after[..index].iter().filter(|other| is_like(other, item)).count();
        before.iter().enumerate().filter(|(_, other)| is_like(other, item)).nth(earlier).map(|(found, _)| found)
    };
    nth(|a, b| a == b).or_else(|| nth(is_same)).or(is_as_long.then_some(index))
}

/// True for two states of one construct, as far as its beginning tells: the same declaration, the same form.
fn is_same(a: &Value, b: &Value) -> bool {
    identity(a).is_some_and(|identity| Some(identity) == self::identity(b))
}

/// A declaration's name, or its kind when it has none; a form's head, with the name that it is about.
fn identity(value: &Value) -> Option<(&str, Option<&str>)> {
    match value {
        Value::Object(members) => {
            let text = |key: &str| members.get(key).and_then(Value::as_str);
            text("name").or(text("kind")).map(|name| (name, None))
        }
        Value::Array(items) => Some((items.first()?.as_str()?, items.get(1).and_then(Value::as_str))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_found_through_what_fixes_do() {
        let cases = [
            ("nothing changed", json!(["f", ["g", 1]]), json!(["f", ["g", 1]]), "/1/1", "/1/1"),
            ("a head was replaced", json!(["&", "a", ["g", "x"]]), json!(["&&", "a", ["g", "x"]]), "/2/1", "/2/1"),
            ("wrapped", json!([["push", "v", "x"]]), json!([["set", "v", ["push", "v", "x"]]]), "/0/2/2", "/0/2"),
            (
                "wrapped, and changed inside",
                json!([["push", "v", ["&", 1, "x"]]]),
                json!([["set", "v", ["push", "v", ["&&", 1, "x"]]]]),
                "/0/2/2/2",
                "/0/2/2",
            ),
            (
                "an item was inserted before it",
                json!(["begin", ["let", "a", 1], ["f", "x"]]),
                json!(["begin", ["let", "t", 2], ["let", "a", 1], ["f", "x"]]),
                "/3/1",
                "/2/1",
            ),
            ("an item was removed before it", json!([1, 2, ["f", "x"]]), json!([2, ["f", "x"]]), "/1/1", "/2/1"),
            ("one of several that are alike", json!([0, "x", 0]), json!([0, 0]), "/1", "/2"),
            (
                "declarations were moved",
                json!({"decls": [{"name": "b", "body": ["&", 0, "x"]}, {"name": "a", "body": 1}]}),
                json!({"decls": [{"name": "a", "body": 1}, {"name": "b", "body": ["&&", 0, "x"]}]}),
                "/decls/1/body/2",
                "/decls/0/body/2",
            ),
            ("only the new text has it", json!({"a": ["f"]}), json!({"a": ["f"], "b": [1]}), "/b/0", ""),
            ("keys with slashes", json!({"a/b": [1]}), json!({"a/b": [1]}), "/a~1b/0", "/a~1b/0"),
        ];
        for (what, before, after, pointer, expected) in cases {
            assert_eq!(Origin { before, after }.of_pointer(pointer), expected, "{what}");
        }
    }
}
