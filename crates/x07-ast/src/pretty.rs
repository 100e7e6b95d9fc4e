//! The canonical form over several lines, for people who read and review source.

use serde_json::Value;

use crate::canonical::{canonical_value, sorted, write_scalar, write_string};
use crate::diagnostic::Diagnostic;

/// A value that ends before this column stays on one line.
const WIDTH: usize = 100;

/// The canonical form of a source text over several lines: the same order, indented by two spaces, short values on
/// one line. A list that is an expression keeps its head, and names and numbers right after it, on its first line.
pub fn pretty(source: &[u8]) -> Result<String, Diagnostic> {
    let mut text = String::with_capacity(source.len() * 2);
    write(&canonical_value(source)?, 0, 0, &mut text);
    text.push('\n');
    Ok(text)
}

/// Writes `value` at `column` of a line that is indented by `indent`.
fn write(value: &Value, indent: usize, column: usize, out: &mut String) {
    if write_on_one_line(value, column, out) {
        return;
    }
    let inner = indent + 2;
    match value {
        Value::Array(items) => {
            out.push('[');
            let heads = if is_expression(value) { write_heads(items, column + 1, out) } else { 0 };
            for (at, item) in items.iter().enumerate().skip(heads) {
                if at > 0 {
                    out.push(',');
                }
                break_line(inner, out);
                write(item, inner, inner, out);
            }
            break_line(indent, out);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (key, member)) in sorted(members).into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                break_line(inner, out);
                let start = out.len();
                write_string(key, out);
                out.push_str(": ");
                write(member, inner, inner + out[start..].chars().count(), out);
            }
            break_line(indent, out);
            out.push('}');
        }
        scalar => write_scalar(scalar, out),
    }
}

/// Writes the head of an expression and the names and numbers after it, as far as they fit; says how many.
fn write_heads(items: &[Value], column: usize, out: &mut String) -> usize {
    let start = out.len();
    let scalars = items.iter().take_while(|item| !item.is_array() && !item.is_object());
    let mut written = 0;
    for (at, item) in scalars.enumerate() {
        let before = out.len();
        if at > 0 {
            out.push_str(", ");
        }
        let column = column + out[start..].chars().count();
        if !write_on_one_line(item, column, out) {
            out.truncate(before);
            break;
        }
        written = at + 1;
    }
    written
}

/// True for a list that begins with a string and goes on with more than strings.
fn is_expression(value: &Value) -> bool {
    let Value::Array(items) = value else {
        return false;
    };
    items.first().is_some_and(Value::is_string) && items.iter().any(|item| !item.is_string())
}

fn break_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes `value` if it fits into the rest of the line, one column left for a comma; else leaves `out` as it was.
fn write_on_one_line(value: &Value, column: usize, out: &mut String) -> bool {
    let start = out.len();
    let mut room = WIDTH.saturating_sub(column + 1);
    let fits = write_within(value, &mut room, out);
    if !fits {
        out.truncate(start);
    }
    fits
}

fn write_within(value: &Value, room: &mut usize, out: &mut String) -> bool {
    match value {
        Value::Array(items) => {
            spend("[", room, out)
                && items
                    .iter()
                    .enumerate()
                    .all(|(at, item)| (at == 0 || spend(", ", room, out)) && write_within(item, room, out))
                && spend("]", room, out)
        }
        Value::Object(members) => {
            // An object of that many members needs more room than there is.
            if members.len() > *room / 4 + 1 {
                return false;
            }
            spend("{", room, out)
                && sorted(members).into_iter().enumerate().all(|(at, (key, member))| {
                    (at == 0 || spend(", ", room, out))
                        && spend_string(key, room, out)
                        && spend(": ", room, out)
                        && write_within(member, room, out)
                })
                && spend("}", room, out)
        }
        Value::String(text) => spend_string(text, room, out),
        scalar => spend(&scalar.to_string(), room, out),
    }
}

fn spend_string(text: &str, room: &mut usize, out: &mut String) -> bool {
    // Not even four-byte characters would fit.
    if text.len() > *room * 4 {
        return false;
    }
    let mut written = String::with_capacity(text.len() + 2);
    write_string(text, &mut written);
    spend(&written, room, out)
}

fn spend(text: &str, room: &mut usize, out: &mut String) -> bool {
    match room.checked_sub(text.chars().count()) {
        Some(rest) => {
            *room = rest;
            out.push_str(text);
            true
        }
        None => false,
    }
}
