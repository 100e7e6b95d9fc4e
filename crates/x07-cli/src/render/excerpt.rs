//! The part of a source line that is worth showing.

use std::ops::Range;

use x07_ast::codes::UNKNOWN_KEY;
use x07_ast::{Diagnostic, Position, broken_at, locate, position};

/// Columns of source to show: canonical files are one line of any length.
const WIDTH: usize = 100;
/// Columns to show before the place.
const BEFORE: usize = 36;

/// A place in a text with its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// Where the place begins.
    pub(crate) start: Position,
    /// Where it ends.
    pub(crate) end: Position,
    /// Byte offset where it begins.
    pub(crate) offset: usize,
    /// A part of one line, with an ellipsis where something is left out.
    pub(crate) text: String,
    /// The place within `text`, on one line.
    pub(crate) span: Range<usize>,
    /// The bytes of the source that `text` shows.
    window: Range<usize>,
    /// Bytes of the ellipsis in front.
    lead: usize,
}

const ELLIPSIS: &str = "… ";
const ELLIPSIS_END: &str = " …";

impl Excerpt {
    /// The place that a diagnostic is about, if its file has it.
    pub(crate) fn of(diagnostic: &Diagnostic, source: &[u8]) -> Option<Self> {
        match &diagnostic.pointer {
            // What is wrong with an unknown key is the key.
            Some(pointer) if diagnostic.code == UNKNOWN_KEY => {
                let located = locate(source, pointer)?;
                Self::at(source, located.key.unwrap_or(located.value))
            }
            Some(pointer) => Self::at_pointer(source, pointer),
            None => Self::at_break(source),
        }
    }

    /// The place that a JSON pointer names.
    pub(crate) fn at_pointer(source: &[u8], pointer: &str) -> Option<Self> {
        let located = locate(source, pointer)?;
        // The file as a whole is best shown by its first character.
        let range = if pointer.is_empty() { located.value.start..located.value.start + 1 } else { located.value };
        Self::at(source, range)
    }

    /// The place where a file that is not JSON breaks off.
    fn at_break(source: &[u8]) -> Option<Self> {
        let place = broken_at(source)?;
        let line_start = match place.line {
            1 => 0,
            line => source.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(line - 2)?.0 + 1,
        };
        let line = String::from_utf8_lossy(&source[line_start..]).into_owned();
        let column = line.char_indices().nth(place.column - 1).map_or(line.len(), |(at, _)| at);
        let offset = (line_start + column).min(source.len());
        Self::at(source, offset..(offset + 1).min(source.len()))
    }

    fn at(source: &[u8], range: Range<usize>) -> Option<Self> {
        let text = std::str::from_utf8(source).ok()?;
        let offset = floor(text, range.start);
        let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        // A place of several lines is marked on its first one.
        let place_end = ceil(text, range.end).clamp(offset, line_end);

        let window = if line_end - line_start <= WIDTH {
            line_start..line_end
        } else {
            let from = back(text, line_start, offset, BEFORE);
            from..forward(text, from, line_end, WIDTH)
        };
        let lead = if window.start > line_start { ELLIPSIS } else { "" };
        let trail = if window.end < line_end { ELLIPSIS_END } else { "" };
        let excerpt = format!("{lead}{}{trail}", text[window.clone()].trim_end_matches('\r'));
        let span = lead.len() + offset - window.start..lead.len() + place_end.min(window.end) - window.start;
        Some(Excerpt {
            start: position(source, offset),
            end: position(source, range.end),
            offset,
            text: excerpt,
            span,
            window,
            lead: lead.len(),
        })
    }

    /// The column that a renderer computes, which sees nothing of the line but `text`.
    pub(crate) fn column_in_text(&self) -> usize {
        self.text[..self.span.start].chars().count() + 1
    }

    /// The same place as a span of another excerpt's text, when that shows it.
    pub(crate) fn within(&self, other: &Excerpt) -> Option<Range<usize>> {
        let end = self.offset + (self.span.end - self.span.start);
        let is_shown = other.window.start <= self.offset && end <= other.window.end;
        let shift = |at: usize| at - other.window.start + other.lead;
        is_shown.then(|| shift(self.offset)..shift(end))
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// `columns` characters before `at`, or `limit` if that comes first.
fn back(text: &str, limit: usize, at: usize, columns: usize) -> usize {
    text[limit..at].char_indices().rev().nth(columns.saturating_sub(1)).map_or(limit, |(found, _)| limit + found)
}

/// `columns` characters after `at`, or `limit` if that comes first.
fn forward(text: &str, at: usize, limit: usize, columns: usize) -> usize {
    text[at..limit].char_indices().nth(columns).map_or(limit, |(found, _)| at + found)
}
