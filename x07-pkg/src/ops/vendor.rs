//! `vendor`: the archives of all locked packages beside the project's sources.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::files::write_atomic;
use crate::lockfile::Lock;
use crate::observer::Observer;
use crate::options::Options;
use crate::problem::{Code, Problem, Result};
use crate::project::Project;
use crate::sources::{VENDOR_FOLDER, archive_name};

/// What `vendor` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VendorReport {
    /// The folder of the archives.
    pub folder: PathBuf,
    /// The archives in it.
    pub archives: Vec<String>,
    /// Archives of packages that are not locked any more, which were removed.
    pub removed: Vec<String>,
}

/// Puts the archive of every locked package into `vendor/`, where builds look before they use a network. Nothing but
/// the hashes in the lock says what they must be.
pub fn vendor(manifest: &Path, options: &Options, observer: &dyn Observer) -> Result<VendorReport> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let sources = project.sources(observer)?;
    let Some(lock) = Lock::read(&project.lockfile())? else {
        let what = format!("there is no lockfile {}", project.lockfile().display());
        return Err(Problem::new(Code::LockMissing, what).help("`x07 lock` writes one"));
    };
    if let Some(why) = project.staleness(&lock)? {
        let what = format!("the lockfile does not fit x07.json: {why}");
        return Err(Problem::new(Code::LockMismatch, what).help("`x07 lock` writes it anew"));
    }
    let folder = project.folder.join(VENDOR_FOLDER);
    let mut archives = Vec::new();
    for locked in lock.packages.iter().filter(|locked| locked.is_fetched()) {
        let bytes = project.fetch_locked(&sources, locked, &lock)?.archive;
        let name = archive_name(&locked.name, &locked.version);
        let path = folder.join(&name);
        if !fs::read(&path).is_ok_and(|old| old == bytes) {
            write_atomic(&path, &bytes)?;
        }
        archives.push(name);
    }
    let mut removed = Vec::new();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".x07pkg") && !archives.contains(&name) && fs::remove_file(entry.path()).is_ok() {
            removed.push(name);
        }
    }
    removed.sort();
    Ok(VendorReport { folder, archives, removed })
}
