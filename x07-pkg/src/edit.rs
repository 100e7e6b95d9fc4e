//! Edits of a JSON text that leave everything else as somebody wrote it: order of keys, indentation, line breaks.

use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter};
use x07_ast::locate;

/// A JSON text under edit. An edit that has no place to go, because the text is not what it takes it for, gives `None`.
#[derive(Clone, Debug)]
pub(crate) struct JsonText {
    text: String,
}

impl JsonText {
    pub(crate) fn new(text: String) -> JsonText {
        JsonText { text }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn span(&self, pointer: &str) -> Option<Range<usize>> {
        locate(self.text.as_bytes(), pointer).map(|located| located.value)
    }

    pub(crate) fn has(&self, pointer: &str) -> bool {
        self.span(pointer).is_some()
    }

    /// Puts another value in the place of one.
    pub(crate) fn replace(&mut self, pointer: &str, value: &impl Serialize) -> Option<()> {
        let span = self.span(pointer)?;
        let text = self.written(value, &self.indentation_at(span.start), self.has_lines())?;
        self.text.replace_range(span, &text);
        Some(())
    }

    /// Adds a key at the end of an object.
    pub(crate) fn insert_key(&mut self, object: &str, key: &str, value: &impl Serialize) -> Option<()> {
        let name = Value::String(key.to_owned());
        self.append(object, |editor, indentation, in_lines| {
            let colon = if in_lines || editor.is_spaced() { ": " } else { ":" };
            Some(format!("{name}{colon}{}", editor.written(value, indentation, in_lines)?))
        })
    }

    /// Adds an item to an array, in front of the item that is at `index` now, or at the end.
    pub(crate) fn insert_item(&mut self, array: &str, index: usize, value: &impl Serialize) -> Option<()> {
        let Some(next) = self.span(&format!("{array}/{index}")) else {
            return self.append(array, |editor, indentation, in_lines| editor.written(value, indentation, in_lines));
        };
        let indentation = self.indentation_at(next.start);
        let in_lines = self.line_start(next.start).is_some();
        let separator = match in_lines {
            true => format!(",{}{indentation}", self.line_end()),
            false => ", ".to_owned(),
        };
        let text = format!("{}{separator}", self.written(value, &indentation, in_lines)?);
        self.text.insert_str(next.start, &text);
        Some(())
    }

    /// Takes an item out of an array, with its comma.
    pub(crate) fn remove_item(&mut self, array: &str, index: usize) -> Option<()> {
        let span = self.span(&format!("{array}/{index}"))?;
        let range = match self.span(&format!("{array}/{}", index + 1)) {
            Some(next) => span.start..next.start,
            None if index > 0 => self.span(&format!("{array}/{}", index - 1))?.end..span.end,
            None => {
                let outer = self.span(array)?;
                outer.start + 1..outer.end - 1
            }
        };
        self.text.replace_range(range, "");
        Some(())
    }

    /// Takes a key out of an object, with its value and comma.
    pub(crate) fn remove_key(&mut self, object: &str, key: &str) -> Option<()> {
        let member = locate(self.text.as_bytes(), &format!("{object}/{key}"))?;
        let (start, end) = (member.key?.start, member.value.end);
        let outer = self.span(object)?;
        let before = self.text[outer.start + 1..start].trim_end();
        let after = &self.text[end..outer.end - 1];
        let range = match (before.strip_suffix(','), after.trim_start().strip_prefix(',')) {
            // What is in front of the member keeps its own white space, and what follows keeps its.
            (Some(before), _) => outer.start + 1 + before.len()..end,
            (None, Some(rest)) => start..outer.end - 1 - rest.trim_start().len(),
            (None, None) => outer.start + 1..outer.end - 1,
        };
        self.text.replace_range(range, "");
        Some(())
    }

    /// Puts something behind the last member of an array or object; `make` gets the indentation of the new member and
    /// whether it has lines of its own.
    fn append(&mut self, container: &str, make: impl FnOnce(&Self, &str, bool) -> Option<String>) -> Option<()> {
        let span = self.span(container)?;
        let close = span.end - 1;
        let inside = &self.text[span.start + 1..close];
        let filled = inside.trim_end();
        let multiline = match filled.is_empty() {
            true => self.has_lines(),
            false => inside.contains('\n'),
        };
        let outer = self.indentation_at(span.start);
        let indentation = match filled.is_empty() {
            false if multiline => {
                let first = span.start + 1 + (inside.len() - inside.trim_start().len());
                self.indentation_at(first)
            }
            _ => format!("{outer}{}", self.unit()),
        };
        let member = make(self, &indentation, multiline)?;
        let line_end = self.line_end();
        let comma = if filled.is_empty() { "" } else { "," };
        let (text, tail) = match multiline {
            true if filled.is_empty() || !inside[filled.len()..].contains('\n') => {
                (format!("{comma}{line_end}{indentation}{member}"), format!("{line_end}{outer}"))
            }
            true => (format!("{comma}{line_end}{indentation}{member}"), inside[filled.len()..].to_owned()),
            false if filled.is_empty() => (member, String::new()),
            false => (format!("{comma} {member}"), inside[filled.len()..].to_owned()),
        };
        let start = span.start + 1 + filled.len();
        self.text.replace_range(start..close, &format!("{text}{tail}"));
        Some(())
    }

    /// A value as this text would write it: in lines, or on one.
    fn written(&self, value: &impl Serialize, indentation: &str, in_lines: bool) -> Option<String> {
        if !in_lines {
            return match self.is_spaced() {
                true => serialized(value, Spaced),
                false => serialized(value, CompactFormatter),
            };
        }
        let unit = self.unit();
        let text = serialized(value, serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes()))?;
        Some(text.replace('\n', &format!("{}{indentation}", self.line_end())))
    }

    fn has_lines(&self) -> bool {
        self.text.contains('\n')
    }

    /// True if colons are followed by a space.
    fn is_spaced(&self) -> bool {
        self.text.contains("\": ")
    }

    /// What ends the lines of this text.
    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The white space that one level of nesting adds: what stands in front of the first member.
    fn unit(&self) -> String {
        let first = self.text.find('{').map(|at| &self.text[at + 1..]).unwrap_or_default();
        let lead = &first[..first.len() - first.trim_start().len()];
        match lead.rsplit_once('\n') {
            Some((_, unit)) if !unit.is_empty() => unit.to_owned(),
            _ => "  ".to_owned(),
        }
    }

    /// Where the line of `at` begins, if there is only white space before it.
    fn line_start(&self, at: usize) -> Option<usize> {
        let start = self.text[..at].rfind('\n')? + 1;
        self.text[start..at].trim().is_empty().then_some(start)
    }

    /// The white space at the beginning of the line of `at`.
    fn indentation_at(&self, at: usize) -> String {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[start..];
        line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
    }
}

fn serialized(value: &impl Serialize, formatter: impl Formatter) -> Option<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter)).ok()?;
    String::from_utf8(bytes).ok()
}

/// On one line, with a space behind colons and commas.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::JsonText;

    /// The text after an edit.
    fn edited(text: &str, edit: impl FnOnce(&mut JsonText) -> Option<()>) -> String {
        let mut editor = JsonText::new(text.to_owned());
        edit(&mut editor).expect("the edit has a place");
        let text = editor.as_str().to_owned();
        serde_json::from_str::<serde_json::Value>(&text).expect("still JSON");
        text
    }

    #[test]
    fn edits_keep_the_texts_own_style() {
        let item = json!({"name": "b"});
        let add = |text: &str| edited(text, |editor| editor.insert_item("/d", 9, &item));
        assert_eq!(add("{\n\t\"d\": []\n}\n"), "{\n\t\"d\": [\n\t\t{\n\t\t\t\"name\": \"b\"\n\t\t}\n\t]\n}\n");
        assert_eq!(add(r#"{"d":[{"name":"a"}]}"#), r#"{"d":[{"name":"a"}, {"name":"b"}]}"#);
        assert_eq!(
            add("{\n    \"d\": [\n        {\"name\": \"a\"}\n    ],\n    \"e\": 1\n}"),
            "{\n    \"d\": [\n        {\"name\": \"a\"},\n        {\n            \"name\": \"b\"\n        }\n    ],\n    \"e\": 1\n}"
        );
        assert_eq!(
            add("{\n  \"d\": [{\"name\": \"a\"}],\n  \"e\": 1\n}"),
            "{\n  \"d\": [{\"name\": \"a\"}, {\"name\": \"b\"}],\n  \"e\": 1\n}"
        );
        assert_eq!(
            add("{\r\n  \"d\": []\r\n}\r\n"),
            "{\r\n  \"d\": [\r\n    {\r\n      \"name\": \"b\"\r\n    }\r\n  ]\r\n}\r\n"
        );
        let front = |text: &str| edited(text, |editor| editor.insert_item("/d", 0, &item));
        assert_eq!(
            front("{\n  \"d\": [{\"name\": \"c\"}]\n}"),
            "{\n  \"d\": [{\"name\": \"b\"}, {\"name\": \"c\"}]\n}"
        );
        assert_eq!(front("{\r\n\"d\": [\r\n1]}"), "{\r\n\"d\": [\r\n{\r\n  \"name\": \"b\"\r\n},\r\n1]}");
        let key = |text: &str| edited(text, |editor| editor.insert_key("", "d", &json!([])));
        assert_eq!(key("{\n  \"z\": [\"src\"]\n}\n"), "{\n  \"z\": [\"src\"],\n  \"d\": []\n}\n");
        assert_eq!(key(r#"{"z":1}"#), r#"{"z":1, "d":[]}"#);
        assert_eq!(key("{}"), r#"{"d":[]}"#);
    }

    #[test]
    fn keys_go_with_their_comma() {
        let cases = [
            ("{\"a\": 1, \"b\": 2, \"c\": 3}", "a", "{\"b\": 2, \"c\": 3}"),
            ("{\"a\": 1, \"b\": 2, \"c\": 3}", "b", "{\"a\": 1, \"c\": 3}"),
            ("{\n  \"a\": 1,\n  \"b\": 2\n}", "b", "{\n  \"a\": 1\n}"),
            ("{\n  \"a\": 1\n}", "a", "{}"),
        ];
        for (text, key, expected) in cases {
            assert_eq!(edited(text, |editor| editor.remove_key("", key)), expected);
        }
    }

    #[test]
    fn items_come_and_go() {
        let text = "{\"d\": [\n  1,\n  2,\n  3\n]}";
        let cases = [(0, "{\"d\": [\n  2,\n  3\n]}"), (1, "{\"d\": [\n  1,\n  3\n]}"), (2, "{\"d\": [\n  1,\n  2\n]}")];
        for (index, expected) in cases {
            assert_eq!(edited(text, |editor| editor.remove_item("/d", index)), expected);
        }
        assert_eq!(edited("{\"d\": [\n  1\n]}", |editor| editor.remove_item("/d", 0)), "{\"d\": []}");
        let front = edited(text, |editor| editor.insert_item("/d", 0, &json!(0)));
        assert_eq!(front, "{\"d\": [\n  0,\n  1,\n  2,\n  3\n]}");
        assert_eq!(
            edited("{\"a\": {\"b\": 1}}", |editor| editor.replace("/a/b", &json!("x"))),
            "{\"a\": {\"b\": \"x\"}}"
        );
        assert!(JsonText::new("{}".to_owned()).remove_item("/d", 0).is_none());
    }
}
