//! What commands about packages do. Each gives a report and prints nothing; one that fails leaves every file as it was.

mod add;
mod info;
mod lock;
mod pack;
mod publish;
mod query;
mod tree;
mod vendor;

use std::fs;

pub use add::{AddReport, Added, RemoveReport, add, remove};
pub use info::{InfoReport, SearchReport, SearchRow, VersionRow, VersionsReport, info, search, versions};
pub use lock::{Changed, LockCheck, LockReport, UpdateReport, fetch, lock, update};
pub use pack::{PackReport, pack_to};
pub(crate) use publish::already_published;
pub use publish::{
    IndexReport, LoginReport, PublishReport, YankReport, index_folder, login, pack_to_publish, publish, yank,
};
pub use query::{Provider, ProvidesReport, provides};
pub use tree::{Edge, Node, TreeReport, Why, tree, why};
pub use vendor::{VendorReport, vendor};

use crate::files::write_atomic;
use crate::lockfile::Lock;
use crate::manifest::Manifest;
use crate::observer::{Event, Observer};
use crate::problem::{Problem, Result};
use crate::project::Project;
use crate::solve::Unlocked;
use crate::sources::Sources;

/// A change of `x07.json` on its way: nothing is written before everything has worked.
struct Change<'p, 'a> {
    project: &'p Project<'a>,
    old_text: String,
    new_text: String,
}

impl<'p, 'a> Change<'p, 'a> {
    fn read(project: &'p Project<'a>) -> Result<Change<'p, 'a>> {
        let path = &project.manifest.path;
        let old_text = fs::read_to_string(path).map_err(Problem::io("read", path))?;
        Ok(Change { project, new_text: old_text.clone(), old_text })
    }

    /// The project as it will be.
    fn changed(&self) -> Result<Project<'a>> {
        let manifest = Manifest::parse(&self.project.manifest.path, self.new_text.as_bytes())?;
        Project::new(manifest, self.project.options)
    }

    /// Locks the changed project, fetches its packages, and writes both files or none.
    fn carry_out(self, sources: &Sources<'_>, unlocked: Unlocked) -> Result<(Lock, LockReport)> {
        let project = self.changed()?;
        let observer = sources.observer;
        let lockfile = project.lockfile();
        let old = Lock::read(&lockfile)?;
        let lock = project.lock(sources, old.as_ref(), unlocked, false)?;
        warn(observer, &lock);
        let fetched = project.materialise(sources, &lock, false)?;
        let path = &self.project.manifest.path;
        if self.new_text != self.old_text {
            write_atomic(path, self.new_text.as_bytes())?;
        }
        if let Err(problem) = write_lock(&project, &lock) {
            write_atomic(path, self.old_text.as_bytes())?;
            return Err(problem);
        }
        observer.event(Event::Locked { packages: lock.packages.len() });
        project.prune(&lock);
        let report = LockReport::new(&project, sources, fetched);
        Ok((lock, report))
    }
}

/// Writes the lock unless it is there already, byte for byte.
fn write_lock(project: &Project<'_>, lock: &Lock) -> Result<()> {
    let (path, text) = (project.lockfile(), lock.to_text());
    if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    write_atomic(&path, text.as_bytes())
}

/// Tells of versions that were withdrawn or that somebody warns of.
fn warn(observer: &dyn Observer, lock: &Lock) {
    for locked in &lock.packages {
        if locked.yanked == Some(true) {
            let what = format!("{} was yanked; `x07 update {}` looks for another version", locked.id(), locked.name);
            observer.event(Event::Warning(&what));
        }
        for advisory in locked.active_advisories() {
            let what = format!("{}: {} ({}, {})", locked.id(), advisory.summary, advisory.kind, advisory.severity);
            observer.event(Event::Warning(&what));
        }
    }
}
