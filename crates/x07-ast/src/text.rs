//! The checks on a source text that come before reading it as JSON.
//!
//! Everything that reads a source goes through `checked` first, so that recursion over JSON is bounded by
//! `MAX_NESTING` and no string holds half a surrogate pair.

use std::ops::Range;

use crate::codes;
use crate::diagnostic::{Diagnostic, ErrorKind};
use crate::locate::{Position, escape_segment, position};

/// How many JSON containers may be open at once.
pub const MAX_NESTING: usize = 1_000;

/// The size that no source may exceed; ids of the tree are 32-bit numbers.
const MAX_BYTES: usize = 1 << 30;

/// A reason why a text cannot be read, and where.
pub(crate) struct Broken {
    pub(crate) offset: usize,
    pub(crate) diagnostic: Diagnostic,
}

/// The source as text, once it is known to be safe to read as JSON.
pub(crate) fn checked(source: &[u8]) -> Result<&str, Broken> {
    if source.len() > MAX_BYTES {
        let message = format!("the file is {} bytes long; the limit is {MAX_BYTES}", source.len());
        return Err(Broken { offset: 0, diagnostic: Diagnostic::error(codes::NOT_JSON, ErrorKind::Parse, message) });
    }
    if source.starts_with(b"\xef\xbb\xbf") {
        let broken = broken(source, 0, "the file begins with a byte order mark");
        return Err(broken.help("save the file as UTF-8 without a byte order mark"));
    }
    let text = std::str::from_utf8(source).map_err(|error| {
        let offset = error.valid_up_to();
        broken(source, offset, &format!("byte 0x{:02X} is not UTF-8", source[offset]))
            .help("save the file as UTF-8; in JSON any character may also be written as \\uXXXX")
    })?;
    scan(source)?;
    Ok(text)
}

/// Finds nesting beyond the limit and lone surrogates without descending into anything.
fn scan(source: &[u8]) -> Result<(), Broken> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = source.get(at) {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    let message = format!("arrays and objects are nested more than {MAX_NESTING} deep");
                    return Err(broken(source, at, &message).help("move inner parts into functions of their own"));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => at = skip_string(source, at + 1)?,
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// The first integer that no 64 bits hold, in a text that is JSON. Reading such a file as a JSON value would turn it into
/// a fraction, and writing the value would change the file.
pub(crate) fn long_integer(text: &str) -> Option<Diagnostic> {
    let source = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = source.get(at) {
        match byte {
            b'"' => at = skip_string(source, at + 1).ok()? + 1,
            b'-' | b'0'..=b'9' => {
                let end = source[at..].iter().position(|byte| !b"+-.eE0123456789".contains(byte));
                let number = &text[at..end.map_or(source.len(), |end| at + end)];
                if is_long_integer(number) {
                    let message = format!("the integer {} has more than 64 bits", quoted(number));
                    let pointer = pointer_to(text, at)?;
                    return Some(Diagnostic::error(codes::NOT_JSON, ErrorKind::Parse, message).at(pointer));
                }
                at += number.len();
            }
            _ => at += 1,
        }
    }
    None
}

fn is_long_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let is_integer = digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err()
}

/// The JSON pointer of the value that begins at `offset` in a text that is JSON.
fn pointer_to(text: &str, offset: usize) -> Option<String> {
    /// How a container was entered: by the range of a key with its quotes, or by an index.
    enum Step {
        Key(Range<usize>),
        Index(usize),
    }
    let source = text.as_bytes();
    let mut path: Vec<Step> = Vec::new();
    let mut at = 0;
    while at < offset {
        match source[at] {
            b'{' => path.push(Step::Key(at..at)),
            b'[' => path.push(Step::Index(0)),
            b'}' | b']' => drop(path.pop()),
            b',' => {
                if let Some(Step::Index(index)) = path.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let end = skip_string(source, at + 1).ok()?;
                // Strings that are values pass here too, but the last one before a value is its key.
                if let Some(Step::Key(key)) = path.last_mut() {
                    *key = at..end + 1;
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&escape_segment(&serde_json::from_str::<String>(&text[key]).ok()?)),
            Step::Index(index) => pointer.push_str(&index.to_string()),
        }
    }
    Some(pointer)
}

/// The offset of the quote that ends the string whose first character is at `at`.
fn skip_string(source: &[u8], mut at: usize) -> Result<usize, Broken> {
    while let Some(&byte) = source.get(at) {
        match byte {
            b'"' => return Ok(at),
            b'\\' => {
                let lone = match escaped_unit(source, at) {
                    Some(0xD800..=0xDBFF) => match escaped_unit(source, at + 6) {
                        Some(0xDC00..=0xDFFF) => {
                            at += 12;
                            continue;
                        }
                        _ => true,
                    },
                    Some(0xDC00..=0xDFFF) => true,
                    _ => false,
                };
                if lone {
                    let escape = String::from_utf8_lossy(&source[at..at + 6]).into_owned();
                    return Err(broken(source, at, &format!("`{escape}` is half of a surrogate pair"))
                        .help("write both halves, or the character itself"));
                }
                at += 2;
            }
            _ => at += 1,
        }
    }
    Ok(at)
}

/// The UTF-16 unit of a `\uXXXX` escape that begins at `at`.
fn escaped_unit(source: &[u8], at: usize) -> Option<u32> {
    let escape = source.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
}

/// What serde_json found wrong, in words for a person.
pub(crate) fn syntax_error(text: &str, error: &serde_json::Error) -> Broken {
    let source = text.as_bytes();
    let line_start = match error.line() {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(0, |(at, _)| at + 1),
    };
    let at_end = error.is_eof();
    let offset = if at_end { source.len() } else { line_start + error.column().saturating_sub(1) };
    let offset = floor_char_boundary(text, offset);

    let full = error.to_string();
    let found = match full.split(" at line ").next().unwrap_or_default() {
        "expected ident" => "a word that is none of `true`, `false` and `null`",
        "expected value" => "expected a value",
        found => found,
    };
    let message = if text.trim_ascii().is_empty() {
        "the file is empty".to_owned()
    } else if at_end {
        format!("the file ends too early ({})", found.replace("EOF while parsing", "inside"))
    } else {
        format!("the file is not valid JSON: {found}")
    };
    let mut broken = broken(source, offset, &message);
    if !at_end {
        broken = broken.note(&format!("the JSON breaks off before {}", quoted(&excerpt(&text[offset..]))));
    }
    match help_for(&source[..offset], &source[offset..], found) {
        Some(help) => broken.help(help),
        None => broken,
    }
}

fn help_for(before: &[u8], after: &[u8], found: &str) -> Option<&'static str> {
    let before = before.trim_ascii_end();
    match after.first() {
        Some(b'/' | b'#') => Some("JSON has no comments; a `doc` string on the file or on a declaration holds words"),
        Some(b'\'') => Some("strings are written in double quotes"),
        Some(b']' | b'}') if before.ends_with(b",") => Some("JSON allows no comma after the last item"),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') if found == "invalid number" => {
            Some("a number is an optional minus sign and digits without leading zeros")
        }
        _ if found == "trailing characters" => Some("nothing but white space may follow the object"),
        _ => None,
    }
}

fn broken(source: &[u8], offset: usize, message: &str) -> Broken {
    let Position { line, column } = position(source, offset);
    let message = format!("{message} at {line}:{column}");
    let diagnostic = Diagnostic::error(codes::NOT_JSON, ErrorKind::Parse, message)
        .note(format!("the place is line {line}, column {column}"));
    Broken { offset, diagnostic }
}

impl Broken {
    fn help(mut self, help: &str) -> Self {
        self.diagnostic = self.diagnostic.help(help);
        self
    }

    fn note(mut self, note: &str) -> Self {
        self.diagnostic = self.diagnostic.note(note);
        self
    }
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn excerpt(text: &str) -> String {
    let line: String = text.lines().next().unwrap_or_default().chars().take(30).collect();
    line.trim_end().to_owned()
}

/// `text` in back quotes for a message: shortened when long, control characters escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == 80 {
            shown.push('…');
            break;
        }
        match character {
            control if control.is_control() => shown.extend(control.escape_default()),
            other => shown.push(other),
        }
    }
    shown.push('`');
    shown
}
