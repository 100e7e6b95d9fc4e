//! From the bytes of an archive to files. An archive comes from a stranger: whatever is not exactly what a package may
//! hold is refused before anything is written.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Component, Path};

use tar::{Archive, EntryType};

use super::{MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_FILE_BYTES};
use crate::content;
use crate::digest::Files;
use crate::package::{PACKAGE_MANIFEST_NAME, Package};
use crate::problem::{Code, Problem, Result};

/// The package in an archive and its files.
pub(crate) fn unpack(bytes: &[u8]) -> Result<(Package, Files)> {
    if bytes.len() > MAX_ARCHIVE_BYTES {
        return Err(refuse(format!("it has {} bytes, more than the {MAX_ARCHIVE_BYTES} allowed", bytes.len())));
    }
    let files = entries(bytes)?;
    let Some(manifest) = files.get(PACKAGE_MANIFEST_NAME) else {
        return Err(refuse(format!("it has no {PACKAGE_MANIFEST_NAME}")));
    };
    let package = Package::parse(Path::new(PACKAGE_MANIFEST_NAME), manifest)
        .map_err(|error| Problem::new(Code::ArchiveInvalid, error.to_string()))?;
    if let Some(stranger) = files.keys().find(|path| !content::belongs(&package, path)) {
        return Err(refuse(format!(
            "{stranger:?} is neither the manifest nor a listed module, and does not lie below ffi/"
        )));
    }
    if let Some(missing) = package.listed_files().into_iter().find(|path| !files.contains_key(path)) {
        return Err(refuse(format!("{missing:?} is listed in the manifest and not there")));
    }
    Ok((package, files))
}

fn entries(bytes: &[u8]) -> Result<Files> {
    let mut files = Files::new();
    let mut archive = Archive::new(bytes);
    let broken = |error: std::io::Error| refuse(format!("it cannot be read: {error}"));
    let mut count = 0;
    let mut seen = HashSet::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        count += 1;
        if count > MAX_ENTRIES {
            return Err(refuse(format!("it has more than {MAX_ENTRIES} entries")));
        }
        let path =
            String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| refuse("a path is not UTF-8".to_owned()))?;
        let kind = entry.header().entry_type();
        if !matches!(kind, EntryType::Regular | EntryType::Directory) {
            return Err(refuse(format!("{path:?} is neither a file nor a folder")));
        }
        let path = clean(&path).ok_or_else(|| refuse(format!("path {path:?} leads out of the package")))?;
        if kind == EntryType::Directory {
            continue;
        }
        // The size in a header says nothing about the bytes that follow; the whole archive bounds those.
        if entry.size() > MAX_FILE_BYTES {
            return Err(refuse(format!("{path:?} has {} bytes, more than the {MAX_FILE_BYTES} allowed", entry.size())));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if content.len() as u64 != entry.size() {
            return Err(refuse(format!("it ends within {path:?}")));
        }
        // Two names for one file on a disk that does not tell cases apart would be a way around the hashes.
        if !seen.insert(path.to_lowercase()) {
            return Err(refuse(format!("it holds {path:?} twice")));
        }
        files.insert(path, content);
    }
    Ok(files)
}

/// A path as a package may hold it: relative, of plain names only.
fn clean(path: &str) -> Option<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0', ':']);
    let relative = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    (relative && path.split('/').all(plain)).then(|| path.to_owned())
}

fn refuse(why: String) -> Problem {
    Problem::new(Code::ArchiveInvalid, format!("the archive is no package: {why}"))
}
