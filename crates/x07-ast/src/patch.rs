//! Applying JSON Patch (RFC 6902) to source text.

use json_patch::{Patch, PatchOperation};
use serde::Deserialize;
use serde_json::Value;

use crate::canonical::{normalize, read, write_sorted};
use crate::codes;
use crate::diagnostic::{Diagnostic, ErrorKind, Fix};
use crate::locate::segments;
use crate::text::{MAX_NESTING, quoted};

/// How many values a patched file may hold; copies can double a file with every operation.
const MAX_VALUES: usize = 4_000_000;

/// Applies one patch in its own order to the text as written; the result is in canonical form.
pub fn apply_patch(source: &[u8], patch: &Value) -> Result<String, Diagnostic> {
    apply(source, &operations(patch)?)
}

/// Applies several fixes at once, all of which speak of the text as written; the result is in canonical form.
///
/// The operations run in the order of spec language 17.1, which keeps the pointers of one fix valid after another:
/// tests, replacements from the last pointer backwards, moves and copies, removals and additions backwards.
/// An operation that an earlier fix has too runs once.
pub fn apply_fixes<'a>(source: &[u8], fixes: impl IntoIterator<Item = &'a Fix>) -> Result<String, Diagnostic> {
    let mut all: Vec<PatchOperation> = Vec::new();
    for fix in fixes {
        let earlier = all.len();
        for operation in operations(&fix.patch)? {
            if !all[..earlier].contains(&operation) {
                all.push(operation);
            }
        }
    }
    all.sort_by_cached_key(turn);
    apply(source, &all)
}

fn operations(patch: &Value) -> Result<Vec<PatchOperation>, Diagnostic> {
    Patch::deserialize(patch)
        .map(|patch| patch.0)
        .map_err(|error| refused(format!("the patch is not a JSON Patch: {error}")))
}

fn refused(message: String) -> Diagnostic {
    Diagnostic::error(codes::PATCH, ErrorKind::Parse, message)
}

fn apply(source: &[u8], operations: &[PatchOperation]) -> Result<String, Diagnostic> {
    let mut file = read(source)?;
    // An upper bound of the nesting and the size, so that only patches that come near the limits are measured.
    let mut bound = Extent::of(&file);
    for operation in operations {
        bound = match operation {
            PatchOperation::Add(add) => bound.plus(Extent::of(&add.value)),
            PatchOperation::Replace(replace) => bound.plus(Extent::of(&replace.value)),
            PatchOperation::Move(_) | PatchOperation::Copy(_) => bound.plus(bound),
            PatchOperation::Remove(_) | PatchOperation::Test(_) => bound,
        };
        json_patch::patch_unsafe(&mut file, std::slice::from_ref(operation)).map_err(|error| {
            let path = operation.path().to_string();
            refused(format!("the patch does not fit the file at {}: {}", quoted(&path), error.kind)).at(path)
        })?;
        if !bound.is_allowed() {
            bound = Extent::of(&file);
            if !bound.is_allowed() {
                return Err(refused("the patch makes the file too large or too deeply nested".to_owned()));
            }
        }
    }
    let Value::Object(mut file) = file else {
        return Err(refused("the patch leaves no JSON object".to_owned()));
    };
    normalize(&mut file);
    let mut line = String::with_capacity(source.len());
    write_sorted(&Value::Object(file), &mut line);
    line.push('\n');
    Ok(line)
}

#[derive(Clone, Copy)]
struct Extent {
    nesting: usize,
    values: usize,
}

impl Extent {
    fn of(value: &Value) -> Self {
        let mut extent = Extent { nesting: 0, values: 0 };
        extent.visit(value, 0);
        extent
    }

    fn visit(&mut self, value: &Value, depth: usize) {
        self.values += 1;
        self.nesting = self.nesting.max(depth);
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, depth + 1)),
            Value::Object(members) => members.values().for_each(|member| self.visit(member, depth + 1)),
            _ => {}
        }
    }

    fn plus(self, other: Self) -> Self {
        Extent {
            nesting: self.nesting.saturating_add(other.nesting).saturating_add(1),
            values: self.values.saturating_add(other.values),
        }
    }

    fn is_allowed(self) -> bool {
        self.nesting < MAX_NESTING && self.values <= MAX_VALUES
    }
}

/// One segment of a pointer; numbers compare as numbers and come before `-`, the end of an array.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Index(u64),
    Key(String),
}

/// Which turn an operation has: the group, then its pointer, last first where `Reverse` says so.
fn turn(operation: &PatchOperation) -> (u8, Option<std::cmp::Reverse<Vec<Segment>>>) {
    let (group, is_backwards) = match operation {
        PatchOperation::Test(_) => (0, false),
        PatchOperation::Replace(_) => (1, true),
        PatchOperation::Move(_) | PatchOperation::Copy(_) => (2, false),
        PatchOperation::Remove(_) => (3, true),
        PatchOperation::Add(_) => (4, true),
    };
    let key = |segment: String| match segment.parse() {
        Ok(index) => Segment::Index(index),
        Err(_) => Segment::Key(segment),
    };
    let pointer = segments(operation.path().as_str()).unwrap_or_default();
    let pointer = is_backwards.then(|| std::cmp::Reverse(pointer.into_iter().map(key).collect()));
    (group, pointer)
}
