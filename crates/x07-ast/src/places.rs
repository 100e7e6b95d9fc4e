//! From places in a source text as written to those in its canonical form.

use serde_json::Value;

use crate::canonical::{Moves, canonical_with_moves};
use crate::diagnostic::Diagnostic;

/// Where the canonical form of a source text has what the text has elsewhere.
///
/// Everything that looks at a file speaks of it as written. The canonical form has its declarations, imports and exported
/// names in another order (spec language 1.4), so whoever speaks of that form tells other JSON pointers.
#[derive(Clone, Debug)]
pub struct CanonicalPlaces {
    file: Value,
    moves: Moves,
}

impl CanonicalPlaces {
    /// For a source text, which must have a canonical form.
    pub fn of(source: &[u8]) -> Result<Self, Diagnostic> {
        let (file, moves) = canonical_with_moves(source)?;
        Ok(CanonicalPlaces { file, moves })
    }

    /// The finding with all of its places and its fix for the canonical form.
    pub fn finding(&self, mut finding: Diagnostic) -> Diagnostic {
        finding.message = self.message(&finding);
        let labels = finding.labels.iter_mut().map(|label| &mut label.pointer);
        for pointer in finding.pointer.iter_mut().chain(labels) {
            *pointer = self.place(pointer);
        }
        for operation in finding.fix.iter_mut().filter_map(|fix| fix.patch.as_array_mut()).flatten() {
            for key in ["path", "from"] {
                if let Some(Value::String(pointer)) = operation.get_mut(key) {
                    *pointer = self.moved(pointer);
                }
            }
        }
        finding
    }

    /// A place in the canonical form. Of an empty member that this form leaves out it is what the member belongs to.
    pub fn place(&self, pointer: &str) -> String {
        let mut place = self.moved(pointer);
        while self.file.pointer(&place).is_none() {
            place.truncate(place.rfind('/').unwrap_or_default());
        }
        place
    }

    /// Where a pointer leads in the canonical order, be there something yet or not.
    fn moved(&self, pointer: &str) -> String {
        let mut moved = String::with_capacity(pointer.len());
        let mut segments = pointer.split('/');
        let mut end = segments.next().map_or(0, str::len);
        for segment in segments {
            let index = self.moves.get(&pointer[..end]).and_then(|places| places.get(segment.parse::<usize>().ok()?));
            moved.push('/');
            match index {
                Some(index) => moved.push_str(&index.to_string()),
                None => moved.push_str(segment),
            }
            end += 1 + segment.len();
        }
        moved
    }

    /// The message; some name the place of a label, as `moved_ptr=/solve/1`.
    fn message(&self, finding: &Diagnostic) -> String {
        let words = finding.message.split(' ').map(|word| match word.split_once("_ptr=") {
            Some((what, pointer)) if finding.labels.iter().any(|label| label.pointer == pointer) => {
                format!("{what}_ptr={}", self.place(pointer))
            }
            _ => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}
