//! Reading JSON straight into drafts: every mismatch becomes a diagnostic at its pointer, and reading goes on.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::codes;
use crate::diagnostic::{Diagnostic, ErrorKind};
use crate::locate::escape_segment;
use crate::names::near;
use crate::text::quoted;
use crate::tree::{ExprId, Exprs};

/// A file full of mistakes is told this many errors of them, and as many warnings.
const MAX_REPORTED: usize = 200;

/// One step of the way from the file to the value being read.
#[derive(Debug)]
pub(super) enum Step {
    Key(&'static str),
    Index(u32),
}

/// What reading has gathered so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) exprs: Exprs,
    /// Items of the lists being read, innermost last.
    pub(super) items: Vec<ExprId>,
    path: Vec<Step>,
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Reader {
    /// The pointer of the value being read.
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(key),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    pub(super) fn enter(&mut self, step: Step) {
        self.path.push(step);
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// An error at the value being read, not yet reported.
    pub(super) fn error(&self, code: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, ErrorKind::Parse, message).at(self.pointer())
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        let count = if diagnostic.is_error() { &mut self.errors } else { &mut self.warnings };
        *count += 1;
        if *count <= MAX_REPORTED {
            self.diagnostics.push(diagnostic);
        }
    }

    /// How many diagnostics there are, to tell later which were added since.
    pub(super) fn mark(&self) -> usize {
        self.diagnostics.len()
    }

    /// Says which function the diagnostics since `mark` are about.
    pub(super) fn attribute(&mut self, mark: usize, function: &str) {
        for diagnostic in &mut self.diagnostics[mark..] {
            diagnostic.function = Some(function.to_owned());
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(super) fn has_error_at(&self, pointer: &Option<String>) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.is_error() && diagnostic.pointer == *pointer)
    }

    /// The expressions and all that was reported, in no particular order.
    pub(super) fn finish(mut self) -> (Exprs, Vec<Diagnostic>) {
        let shown = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        if self.errors > shown {
            let message = format!("{} more errors of this file are not shown", self.errors - shown);
            self.diagnostics.push(Diagnostic::error(codes::MORE_ERRORS, ErrorKind::Parse, message));
        }
        (self.exprs, self.diagnostics)
    }

    /// Takes back what was reported below `pointer`, whose value turned out not to count.
    fn forget(&mut self, pointer: &str) {
        let (errors, warnings) = (&mut self.errors, &mut self.warnings);
        self.diagnostics.retain(|diagnostic| {
            let below = diagnostic.pointer.as_deref().and_then(|p| p.strip_prefix(pointer));
            let forgotten = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            *if diagnostic.is_error() { &mut *errors } else { &mut *warnings } -= usize::from(forgotten);
            !forgotten
        });
    }
}

/// A value that is absent, was refused with a diagnostic, or is there.
#[derive(Clone, Debug, Default)]
pub(super) enum Slot<T> {
    #[default]
    Absent,
    Refused,
    Given(T),
}

impl<T> From<Option<T>> for Slot<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Slot::Refused, Slot::Given)
    }
}

impl<T> Slot<T> {
    pub(super) fn given(&self) -> Option<&T> {
        match self {
            Slot::Given(value) => Some(value),
            Slot::Absent | Slot::Refused => None,
        }
    }

    pub(super) fn into_given(self) -> Option<T> {
        match self {
            Slot::Given(value) => Some(value),
            Slot::Absent | Slot::Refused => None,
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Slot::Absent)
    }
}

/// Something that can be read from one JSON value of any kind.
///
/// Kinds that it does not override are refused with one diagnostic.
pub(super) trait Take<'de>: Sized {
    type Out;

    fn reader(&mut self) -> &mut Reader;

    /// The diagnostic for a value of another kind; `found` is such as `a string`.
    fn refuse(&mut self, found: &str) -> Diagnostic;

    /// What stands for a refused value.
    fn refused(self) -> Self::Out;

    fn mismatch(mut self, found: &str) -> Self::Out {
        let diagnostic = self.refuse(found);
        self.reader().report(diagnostic);
        self.refused()
    }

    fn text(self, text: &str) -> Self::Out {
        self.mismatch(&format!("the string {}", quoted(text)))
    }

    fn integer(self, value: i128) -> Self::Out {
        self.mismatch(&format!("the number `{value}`"))
    }

    fn float(self, value: f64) -> Self::Out {
        self.mismatch(&format!("the number `{value:?}`"))
    }

    fn sequence<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Out, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.mismatch("an array"))
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.mismatch("an object"))
    }
}

/// Lets serde drive a `Take`.
pub(super) struct Reading<T>(pub(super) T);

impl<'de, T: Take<'de>> DeserializeSeed<'de> for Reading<T> {
    type Value = T::Out;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Out, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Take<'de>> Visitor<'de> for Reading<T> {
    type Value = T::Out;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<T::Out, E> {
        Ok(self.0.mismatch(if value { "`true`" } else { "`false`" }))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T::Out, E> {
        Ok(self.0.integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T::Out, E> {
        Ok(self.0.integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T::Out, E> {
        Ok(self.0.float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<T::Out, E> {
        Ok(self.0.text(text))
    }

    fn visit_unit<E>(self) -> Result<T::Out, E> {
        Ok(self.0.mismatch("`null`"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T::Out, A::Error> {
        self.0.sequence(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T::Out, A::Error> {
        self.0.object(map)
    }
}

/// Reads a string, which `what` describes in the message when it is something else.
pub(super) struct Text<'r> {
    pub(super) reader: &'r mut Reader,
    pub(super) what: &'static str,
}

impl<'de> Take<'de> for Text<'_> {
    type Out = Slot<String>;

    fn reader(&mut self) -> &mut Reader {
        self.reader
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        self.reader.error(codes::WRONG_SHAPE, format!("{} is a string, not {found}", self.what))
    }

    fn refused(self) -> Self::Out {
        Slot::Refused
    }

    fn text(self, text: &str) -> Self::Out {
        Slot::Given(text.to_owned())
    }
}

/// Reads documentation, which nothing depends on: anything but a string is only a warning.
pub(super) struct Doc<'r>(pub(super) &'r mut Reader);

impl<'de> Take<'de> for Doc<'_> {
    type Out = Slot<String>;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        self.0.error(codes::WRONG_SHAPE, format!("`doc` is a string, not {found}; it is ignored")).warning()
    }

    fn refused(self) -> Self::Out {
        Slot::Refused
    }

    fn text(self, text: &str) -> Self::Out {
        Slot::Given(text.to_owned())
    }
}

/// Reads an array whose items `item` reads; each item is entered before and left after.
pub(super) struct List<'r, F> {
    pub(super) reader: &'r mut Reader,
    pub(super) what: &'static str,
    pub(super) item: F,
}

/// How to read one item of a `List`, given the access to the array.
pub(super) trait Item {
    type Out;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<Self::Out>, A::Error>;
}

impl<'de, F: Item> Take<'de> for List<'_, F> {
    type Out = Slot<Vec<F::Out>>;

    fn reader(&mut self) -> &mut Reader {
        self.reader
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        self.reader.error(codes::WRONG_SHAPE, format!("{} is an array, not {found}", self.what))
    }

    fn refused(self) -> Self::Out {
        Slot::Refused
    }

    fn sequence<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Out, A::Error> {
        let mut items = Vec::new();
        for index in 0.. {
            self.reader.enter(Step::Index(index));
            let item = self.item.take(self.reader, &mut seq);
            self.reader.leave();
            match item? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        Ok(Slot::Given(items))
    }
}

/// The strings of an array; `what` describes one of them.
pub(super) struct Strings {
    pub(super) what: &'static str,
}

impl Item for Strings {
    type Out = Slot<String>;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<Self::Out>, A::Error> {
        seq.next_element_seed(Reading(Text { reader, what: self.what }))
    }
}

/// The keys that an object turned out to have.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: Vec<&'static str>,
    unknown: Vec<String>,
}

impl Keys {
    /// Warns about keys that have no meaning here; `what` is the object in words, `allowed` what it may have.
    pub(super) fn warn_unknown(&self, reader: &mut Reader, what: &str, allowed: &[&'static str]) {
        let foreign = self.known.iter().copied().filter(|key| !allowed.contains(key));
        for key in foreign.chain(self.unknown.iter().map(String::as_str)) {
            let pointer = format!("{}/{}", reader.pointer(), escape_segment(key));
            let message = format!("{what} has no key {}; it is ignored", quoted(key));
            let warning = reader.error(codes::UNKNOWN_KEY, message).warning().at(pointer);
            let missing = allowed.iter().copied().filter(|key| !self.known.contains(key));
            reader.report(match near(key, missing) {
                Some(near) => warning.help(format!("did you mean `{near}`?")),
                None => warning.help(format!("the keys of {what} are {}", listed(allowed))),
            });
        }
    }
}

/// Reads the members of an object: known keys through `member`, others are skipped and remembered.
pub(super) fn members<'de, A: MapAccess<'de>>(
    reader: &mut Reader,
    map: &mut A,
    known: &[&'static str],
    mut member: impl FnMut(&mut Reader, &'static str, &mut A) -> Result<(), A::Error>,
) -> Result<Keys, A::Error> {
    let mut keys = Keys::default();
    while let Some(key) = map.next_key_seed(Key)? {
        let Some(&key) = known.iter().find(|known| **known == key) else {
            map.next_value::<IgnoredAny>()?;
            if keys.unknown.len() < MAX_REPORTED {
                keys.unknown.push(key.into_owned());
            }
            continue;
        };
        reader.enter(Step::Key(key));
        let repeated = keys.known.contains(&key);
        if repeated {
            reader.forget(&reader.pointer());
        } else {
            keys.known.push(key);
        }
        member(reader, key, map)?;
        if repeated {
            let message = format!("`{key}` is given more than once; the last one counts");
            reader.report(reader.error(codes::UNKNOWN_KEY, message).warning());
        }
        reader.leave();
    }
    Ok(keys)
}

/// Words in back quotes, for a person.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The key of an object's member, without a copy where the text has no escape.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
