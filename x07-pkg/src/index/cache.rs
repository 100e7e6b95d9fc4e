//! What an index said the last time, so that it need not say it again and can be read without a network.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::address::IndexAddress;
use crate::digest::sha256;
use crate::files::{make_private_folder, write_atomic};

/// A file of an index as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) body: String,
}

/// The files kept of one index.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    pub(super) fn new(store: Option<&Path>, address: &IndexAddress) -> Cache {
        let key = sha256(address.canonical().as_bytes());
        // A folder is its own cache.
        let store = store.filter(|_| address.folder().is_none());
        Cache { folder: store.map(|store| store.join("index").join(&key[..16])) }
    }

    pub(super) fn read(&self, path: &str) -> Option<Kept> {
        serde_json::from_slice(&fs::read(self.folder.as_ref()?.join(path)).ok()?).ok()
    }

    /// Keeps a file; one that cannot be kept is asked for again.
    pub(super) fn write(&self, path: &str, kept: &Kept) {
        if let Some(folder) = &self.folder {
            // The folder that this makes on its way holds tokens too.
            let _ = folder.ancestors().nth(3).map(make_private_folder);
            let _ = serde_json::to_vec(kept).map(|bytes| write_atomic(&folder.join(path), &bytes));
        }
    }
}
