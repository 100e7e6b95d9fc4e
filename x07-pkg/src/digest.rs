//! Digests of contents: SHA-256 in locks and indexes, BLAKE3 of a whole package for the build cache.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// Files of a package: path with `/` between its parts, and content.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// True for what `sha256` gives.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The BLAKE3 of a package from the SHA-256 of each of its files, so that a look at the lock is enough to know it.
pub(crate) fn tree(files: &BTreeMap<String, String>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(b"x07 package tree 1");
    for (path, sha256) in files {
        part(path.as_bytes());
        part(sha256.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The SHA-256 of each file.
pub(crate) fn of_files(files: &Files) -> BTreeMap<String, String> {
    files.iter().map(|(path, bytes)| (path.clone(), sha256(bytes))).collect()
}
