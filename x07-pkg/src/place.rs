//! Locked packages come into a project and leave it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::digest::of_files;
use crate::lockfile::{DEPS_FOLDER, Lock, LockedPackage};
use crate::locking::changed_archive;
use crate::observer::Event;
use crate::package::PACKAGE_MANIFEST_NAME;
use crate::problem::{Code, Problem, Result};
use crate::project::Project;
use crate::sources::{Candidate, Fetched, Sources};

impl Project<'_> {
    /// Puts every locked package that is missing into the project; with `repair` also those that were changed.
    pub(crate) fn materialise(&self, sources: &Sources<'_>, lock: &Lock, repair: bool) -> Result<Vec<Placed>> {
        let mut digests = crate::verify::Digests::read(&self.folder);
        let mut placed = Vec::new();
        for locked in lock.packages.iter().filter(|locked| locked.is_fetched()) {
            let folder = self.folder_of(locked)?;
            let present = folder.join(PACKAGE_MANIFEST_NAME).is_file();
            if present && !(repair && digests.check(&folder, locked).is_err()) {
                continue;
            }
            self.check_no_links(&folder)?;
            let fetched = self.fetch_locked(sources, locked, lock)?;
            sources.store.place(&fetched.files, &self.folder, &folder)?;
            sources.observer.event(Event::Fetched { package: &locked.id() });
            placed.push(Placed {
                name: locked.name.clone(),
                version: locked.version.to_string(),
                path: locked.path.clone(),
                sha256: fetched.cksum,
            });
        }
        if !placed.is_empty() {
            let ignore = self.folder.join(DEPS_FOLDER).join(".gitignore");
            if !ignore.exists() {
                crate::files::write_atomic(&ignore, b"*\n")?;
            }
        }
        Ok(placed)
    }

    /// The archive of a locked package, which holds what the lock says.
    pub(crate) fn fetch_locked(&self, sources: &Sources<'_>, locked: &LockedPackage, lock: &Lock) -> Result<Fetched> {
        let candidate = self.candidate_of(sources, locked, lock)?;
        let fetched = sources.fetch(&locked.name, &candidate)?;
        match locked.difference(&of_files(&fetched.files)) {
            Some(path) => Err(changed_archive(locked, &path)),
            None => Ok(fetched),
        }
    }

    /// The candidate that a locked package is; locks of other tools do not say where from.
    fn candidate_of(&self, sources: &Sources<'_>, locked: &LockedPackage, lock: &Lock) -> Result<Candidate> {
        let vendored = || sources.vendored_sum(locked);
        let Some(cksum) = locked.archive_sha256.clone().or_else(vendored) else {
            let candidates = sources.candidates(&locked.name, Some(lock))?;
            let candidate = candidates.iter().find(|candidate| candidate.version == locked.version);
            return candidate.cloned().ok_or_else(|| match candidates.is_empty() {
                true => sources.unknown_problem(&locked.name),
                false => Problem::new(Code::IndexNoMatch, format!("there is no {}", locked.id())),
            });
        };
        Ok(Candidate::of_lock(locked, cksum))
    }

    /// Removes fetched packages that the lock does not name any more, and nothing that a link leads to.
    pub(crate) fn prune(&self, lock: &Lock) {
        let deps = self.folder.join(DEPS_FOLDER);
        if self.check_no_links(&deps).is_err() {
            return;
        }
        let wanted: BTreeSet<PathBuf> = lock.packages.iter().filter_map(|locked| self.folder_of(locked).ok()).collect();
        let list = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            folders.map(|entry| entry.path()).collect::<Vec<_>>()
        };
        for name in list(&deps) {
            for version in list(&name).into_iter().filter(|path| !wanted.contains(path)) {
                let _ = fs::remove_dir_all(version);
            }
            // It goes only when it is empty.
            let _ = fs::remove_dir(&name);
        }
    }

    /// A project comes from somebody else, too: a link in the way to its packages would let it write where it wants.
    fn check_no_links(&self, path: &Path) -> Result<()> {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        let mut at = self.folder.clone();
        for part in inside.components() {
            at.push(part);
            if fs::symlink_metadata(&at).is_ok_and(|metadata| metadata.is_symlink()) {
                let what = format!("{} is a link; packages are not written through one", at.display());
                return Err(Problem::new(Code::PathDependency, what).help("remove it"));
            }
        }
        Ok(())
    }
}

/// A package that was put into the project.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Placed {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Where it lies in the project.
    pub path: String,
    /// SHA-256 of its archive.
    pub sha256: String,
}
