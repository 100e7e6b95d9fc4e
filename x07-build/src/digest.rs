//! Digests: names of contents and of actions.

use std::fmt;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

/// The BLAKE3 hash of some bytes, or of everything that an action reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of a content.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex()[..12])
    }
}

/// Tells whether a file still has the text that was read last, where its time stamp does not. It names nothing in the
/// store and is part of no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of a text.
    pub(crate) fn of(text: &[u8]) -> Fingerprint {
        Fingerprint(XxHash3_128::oneshot(text).to_le_bytes())
    }
}

/// Collects what an action reads. Every part carries its length, so no two sequences of parts give the same bytes.
pub(crate) struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// A key of one kind of action; keys of different kinds never meet.
    pub(crate) fn new(kind: &str) -> Self {
        let mut key = KeyBuilder(blake3::Hasher::new());
        key.bytes(kind.as_bytes());
        key
    }

    pub(crate) fn bytes(&mut self, part: &[u8]) -> &mut Self {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    pub(crate) fn text(&mut self, part: &str) -> &mut Self {
        self.bytes(part.as_bytes())
    }

    pub(crate) fn number(&mut self, part: u64) -> &mut Self {
        self.bytes(&part.to_le_bytes())
    }

    pub(crate) fn digest(&mut self, part: &Digest) -> &mut Self {
        self.bytes(&part.0)
    }

    pub(crate) fn list<T: AsRef<str>>(&mut self, parts: &[T]) -> &mut Self {
        self.number(parts.len() as u64);
        for part in parts {
            self.text(part.as_ref());
        }
        self
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}
