//! From a JSON pointer to its place in the text, computed only when somebody looks.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::text;

/// A place for a person: both numbers begin at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// The bytes that a JSON pointer names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The value, without white space around it.
    pub value: Range<usize>,
    /// The key with its quotes, when the value is a member of an object.
    pub key: Option<Range<usize>>,
}

/// Line and column of a byte offset; an offset beyond the end is the end.
pub fn position(source: &[u8], offset: usize) -> Position {
    let before = &source[..offset.min(source.len())];
    let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let continuation = |b: &&u8| **b & 0xC0 != 0x80;
    Position { line, column: before[line_start..].iter().filter(continuation).count() + 1 }
}

/// Where the value at `pointer` stands in `source`; of repeated keys the last one counts, as everywhere.
///
/// `None` when the text is not valid JSON or has no such place.
pub fn locate(source: &[u8], pointer: &str) -> Option<Located> {
    let text = text::checked(source).ok()?;
    let segments = segments(pointer)?;
    let mut json = serde_json::Deserializer::from_str(text);
    json.disable_recursion_limit();
    let mut search = Search { text, segments: &segments, found: None };
    Seek { search: &mut search, depth: 0, key: None }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    search.found
}

/// Where the text stops being readable, for a diagnostic without a pointer.
pub fn broken_at(source: &[u8]) -> Option<Position> {
    let offset = match text::checked(source) {
        Err(broken) => broken.offset,
        Ok(text) => text::syntax_error(text, &crate::canonical::value(text).err()?).offset,
    };
    Some(position(source, offset))
}

/// The unescaped segments of a JSON pointer.
pub fn segments(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let segments = pointer.strip_prefix('/')?.split('/');
    Some(segments.map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect())
}

/// One segment as it stands in a JSON pointer.
pub fn escape_segment(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

struct Search<'a> {
    text: &'a str,
    segments: &'a [String],
    found: Option<Located>,
}

impl Search<'_> {
    /// The bytes of `raw`, which is a part of the text.
    fn range(&self, raw: &RawValue) -> Range<usize> {
        let start = raw.get().as_ptr().addr() - self.text.as_ptr().addr();
        start..start + raw.get().len()
    }
}

/// Looks for the rest of the pointer in one value.
struct Seek<'s, 'a> {
    search: &'s mut Search<'a>,
    /// How many segments led here.
    depth: usize,
    /// The key of this value, with its quotes.
    key: Option<&'s RawValue>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth < self.search.segments.len() {
            return deserializer.deserialize_any(self);
        }
        let raw = <&RawValue>::deserialize(deserializer)?;
        let key = self.key.map(|key| self.search.range(key));
        self.search.found = Some(Located { value: self.search.range(raw), key });
        Ok(())
    }
}

impl<'de> Visitor<'de> for Seek<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let index = array_index(&self.search.segments[self.depth]);
        for at in 0.. {
            let is_more = if Some(at) == index {
                let seek = Seek { search: &mut *self.search, depth: self.depth + 1, key: None };
                seq.next_element_seed(seek)?.is_some()
            } else {
                seq.next_element::<IgnoredAny>()?.is_some()
            };
            if !is_more {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&RawValue>()? {
            if is_written(key, &self.search.segments[self.depth]) {
                // An earlier member of this key does not count.
                self.search.found = None;
                map.next_value_seed(Seek { search: &mut *self.search, depth: self.depth + 1, key: Some(key) })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// True when `key`, with its quotes and escapes, is the text `segment`.
fn is_written(key: &RawValue, segment: &str) -> bool {
    serde_json::from_str::<String>(key.get()).is_ok_and(|key| key == segment)
}

/// An array index as RFC 6901 writes it: no sign, no leading zero.
fn array_index(segment: &str) -> Option<usize> {
    let plain = segment == "0" || (!segment.starts_with('0') && segment.bytes().all(|b| b.is_ascii_digit()));
    if plain { segment.parse().ok() } else { None }
}
