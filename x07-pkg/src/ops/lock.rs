//! `lock`, `update`, `fetch`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Serialize;

use super::{Change, warn, write_lock};
use crate::lockfile::Lock;
use crate::manifest_edit::{Wanted, with_dependencies};
use crate::name::{canonical_name, near_matches, split_spec};
use crate::observer::{Event, Observer};
use crate::options::Options;
use crate::place::Placed;
use crate::problem::{Code, Problem, Result};
use crate::project::Project;
use crate::requirement::Requirement;
use crate::solve::Unlocked;
use crate::sources::Sources;
use crate::verify::Digests;

/// What `lock` and what builds on it report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockReport {
    /// The manifest.
    pub project: PathBuf,
    /// The registry that is in use.
    pub index: Option<String>,
    /// The lockfile.
    pub lockfile: PathBuf,
    /// Packages that were put into the project.
    pub fetched: Vec<Placed>,
}

impl LockReport {
    pub(super) fn new(project: &Project<'_>, sources: &Sources<'_>, fetched: Vec<Placed>) -> LockReport {
        LockReport {
            project: project.manifest.path.clone(),
            index: sources.registry().map(|registry| registry.address().canonical()),
            lockfile: project.lockfile(),
            fetched,
        }
    }
}

/// How `lock --check` judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockCheck {
    /// Withdrawn versions are no reason to fail.
    pub allow_yanked: bool,
    /// Advisories are no reason to fail.
    pub allow_advisories: bool,
}

impl LockCheck {
    /// A lock without what is let pass: it may have come after the lock was written.
    fn of_interest(self, lock: &Lock) -> Lock {
        let mut lock = lock.clone();
        for locked in &mut lock.packages {
            if self.allow_yanked {
                locked.yanked = None;
            }
            if self.allow_advisories {
                locked.advisories.clear();
            }
        }
        lock
    }
}

/// Writes the lockfile, or with `check` only says whether it is the one that would be written.
pub fn lock(
    manifest: &Path,
    options: &Options,
    check: Option<LockCheck>,
    observer: &dyn Observer,
) -> Result<LockReport> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let sources = project.sources(observer)?;
    let path = project.lockfile();
    let old = Lock::read(&path)?;
    // A project without dependencies needs no lockfile.
    if let (Some(_), None, false) = (check, &old, project.manifest.dependencies.is_empty()) {
        let what = format!("there is no lockfile {}", path.display());
        return Err(Problem::new(Code::LockMissing, what).help("`x07 lock` writes one"));
    }
    let new = project.lock(&sources, old.as_ref(), Unlocked::None, true)?;
    if let Some(check) = check {
        judge(check, old.as_ref().unwrap_or(&new), &new)?;
        verify_present(&project, &new)?;
        return Ok(LockReport::new(&project, &sources, Vec::new()));
    }
    // What was changed below `.x07/deps` is no reason to lock something else.
    verify_present(&project, &new)?.write();
    warn(observer, &new);
    let fetched = project.materialise(&sources, &new, false)?;
    write_lock(&project, &new)?;
    observer.event(Event::Locked { packages: new.packages.len() });
    project.prune(&new);
    Ok(LockReport::new(&project, &sources, fetched))
}

fn judge(check: LockCheck, old: &Lock, new: &Lock) -> Result<()> {
    for locked in &new.packages {
        if locked.yanked == Some(true) && !check.allow_yanked {
            let what = format!("{} was yanked", locked.id());
            return Err(Problem::new(Code::YankedDep, what).help(format!("`x07 update {}`", locked.name)));
        }
        if let Some(advisory) = locked.active_advisories().next().filter(|_| !check.allow_advisories) {
            let what = format!("{}: {} ({}, {})", locked.id(), advisory.summary, advisory.kind, advisory.severity);
            return Err(Problem::new(Code::AdvisedDep, what).help(format!("`x07 update {}`", locked.name)));
        }
    }
    let ids = |lock: &Lock| lock.packages.iter().map(|locked| locked.id()).collect::<BTreeSet<String>>();
    let (was, is) = (ids(old), ids(new));
    if was != is {
        let more: Vec<&str> = is.difference(&was).map(String::as_str).collect();
        let less: Vec<&str> = was.difference(&is).map(String::as_str).collect();
        let mut what = "the lockfile is out of date".to_owned();
        for (word, names) in [("needs", more), ("no longer needs", less)] {
            if !names.is_empty() {
                what.push_str(&format!("; it {word} {}", names.join(", ")));
            }
        }
        return Err(Problem::new(Code::LockMismatch, what).help("`x07 lock` writes it anew"));
    }
    let (old, new) = (&check.of_interest(old), &check.of_interest(new));
    if old != new {
        let differs = new.packages.iter().find(|locked| old.get(&locked.name) != Some(*locked));
        let name = differs.map(|locked| locked.id()).unwrap_or_default();
        let what = match name.is_empty() {
            true => "the lockfile has an older form".to_owned(),
            false => format!("the lockfile is out of date: {name} is locked differently"),
        };
        return Err(Problem::new(Code::LockMismatch, what).help("`x07 lock` writes it anew"));
    }
    Ok(())
}

/// Checks the fetched packages that are on disk.
fn verify_present(project: &Project<'_>, lock: &Lock) -> Result<Digests> {
    let mut digests = Digests::read(&project.folder);
    for locked in lock.packages.iter().filter(|locked| locked.is_fetched()) {
        let folder = project.folder_of(locked)?;
        if folder.is_dir() {
            digests.check(&folder, locked)?;
        }
    }
    Ok(digests)
}

/// What `update` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateReport {
    /// The manifest.
    pub project: PathBuf,
    /// What became of packages: name, old version, new version.
    pub changed: Vec<Changed>,
    /// The lock that was written.
    pub lock: LockReport,
}

/// A package whose locked version is another one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Package name.
    pub name: String,
    /// The version before; `None` when it is new.
    pub from: Option<String>,
    /// The version now; `None` when it is gone.
    pub to: Option<String>,
}

/// Takes the newest versions that fit: of the named packages, or of all. A name with a requirement, such as
/// `ext-math@^0.2`, changes the manifest too.
pub fn update(manifest: &Path, options: &Options, specs: &[String], observer: &dyn Observer) -> Result<UpdateReport> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let old = Lock::read(&project.lockfile())?;
    let mut change = Change::read(&project)?;
    let mut names = BTreeSet::new();
    let mut wanted = Vec::new();
    for spec in specs {
        let (name, requirement) = split_spec(spec);
        let name = canonical_name(name)?;
        let direct = project.manifest.dependencies.iter().find(|dependency| dependency.name == name);
        if direct.is_none() && old.as_ref().is_none_or(|old| old.get(&name).is_none()) {
            return Err(unknown_dependency(&project, old.as_ref(), &name));
        }
        match (requirement, direct) {
            (Some(requirement), Some(direct)) => wanted.push(Wanted {
                name: name.clone(),
                version: Requirement::parse(requirement)?.to_string(),
                path: direct.path.clone().filter(|path| !path.starts_with(crate::lockfile::DEPS_FOLDER)),
            }),
            (Some(_), None) => {
                let what = format!("x07.json does not ask for {name}; other packages do");
                return Err(Problem::new(Code::DepNotFound, what)
                    .help("force its version with `patch` in x07.json, or add it yourself"));
            }
            (None, _) => {}
        }
        names.insert(name);
    }
    change.new_text = with_dependencies(&project.manifest, &change.old_text, &wanted)?;
    let unlocked = if specs.is_empty() { Unlocked::All } else { Unlocked::Names(names) };
    let (lock, report) = change.carry_out(&project.sources(observer)?, unlocked)?;
    Ok(UpdateReport { project: project.manifest.path.clone(), changed: changes(old.as_ref(), &lock), lock: report })
}

pub(super) fn unknown_dependency(project: &Project<'_>, lock: Option<&Lock>, name: &str) -> Problem {
    let direct = project.manifest.dependencies.iter().map(|dependency| dependency.name.as_str());
    let locked = lock.into_iter().flat_map(|lock| lock.packages.iter().map(|locked| locked.name.as_str()));
    let near = near_matches(name, direct.chain(locked));
    let problem = Problem::new(Code::DepNotFound, format!("{name} is not a dependency of this project"));
    match near.first() {
        Some(near) => problem.help(format!("did you mean {near}?")),
        None => problem.help("`x07 tree` shows them"),
    }
}

/// What differs between two locks.
pub(super) fn changes(old: Option<&Lock>, new: &Lock) -> Vec<Changed> {
    let versions = |lock: &Lock| -> BTreeMap<String, Version> {
        lock.packages.iter().map(|locked| (locked.name.clone(), locked.version.clone())).collect()
    };
    let (old, new) = (old.map(versions).unwrap_or_default(), versions(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| Changed {
            name: name.clone(),
            from: old.get(name).map(Version::to_string),
            to: new.get(name).map(Version::to_string),
        })
        .collect()
}

/// Puts every locked package into the project, in the place of what was changed there.
pub fn fetch(manifest: &Path, options: &Options, observer: &dyn Observer) -> Result<LockReport> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let sources = project.sources(observer)?;
    let path = project.lockfile();
    let mut lock = Lock::read(&path)?;
    let stale = match &lock {
        None => Some("there is none".to_owned()),
        Some(lock) => project.staleness(lock)?,
    };
    if let Some(why) = stale {
        if options.locked {
            return Err(Problem::new(Code::LockMismatch, format!("the lockfile does not fit x07.json: {why}")));
        }
        lock = Some(project.lock(&sources, lock.as_ref(), Unlocked::None, false)?);
    }
    let lock = lock.unwrap_or_default();
    let fetched = project.materialise(&sources, &lock, true)?;
    if !options.locked {
        write_lock(&project, &lock)?;
    }
    project.prune(&lock);
    Ok(LockReport::new(&project, &sources, fetched))
}
