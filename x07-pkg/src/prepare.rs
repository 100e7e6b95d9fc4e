//! What a build needs of packages: all of them on disk, each the one that is locked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::content;
use crate::files::write_atomic;
use crate::lockfile::Lock;
use crate::manifest::Manifest;
use crate::observer::{Event, Observer};
use crate::options::Options;
use crate::package::{PACKAGE_MANIFEST_NAME, Package};
use crate::problem::{Code, Problem, Result};
use crate::project::Project;
use crate::solve::Unlocked;
use crate::verify::Digests;
use crate::world::World;

/// A package of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildPackage {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of its modules.
    pub module_root: PathBuf,
    /// The modules that others may import.
    pub modules: BTreeSet<String>,
    /// The modules that only the package itself may import.
    pub private_modules: BTreeSet<String>,
    /// The worlds that it may be used in; `None` means all.
    pub worlds_allowed: Option<Vec<World>>,
    /// Its files below `ffi/`, relative to its folder.
    pub native_files: BTreeSet<String>,
    /// BLAKE3 of the whole package.
    pub tree_blake3: String,
}

/// The packages of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageSet {
    /// The packages, by name.
    pub packages: Vec<BuildPackage>,
    /// Every file that decides what they are, the lockfile first.
    pub files: Vec<PathBuf>,
}

/// Gives the packages of a project, each checked against the lock. What is missing on disk is fetched, and a lock that
/// does not fit the manifest is made anew, unless the options forbid it.
pub fn prepare(manifest: &Manifest, options: &Options, observer: &dyn Observer) -> Result<PackageSet> {
    let project = Project::new(manifest.clone(), options)?;
    let lockfile = project.lockfile();
    if manifest.dependencies.is_empty() && !lockfile.is_file() {
        return Ok(PackageSet::default());
    }
    let lock = Lock::read(&lockfile)?;
    let lock = match (current(&project, lock.as_ref())?, lock) {
        (None, Some(lock)) if all_there(&project, &lock)? => lock,
        (Some(problem), _) if options.locked => return Err(problem),
        _ => put_in_order(&manifest.path, options, observer)?,
    };
    check(&project, &lock)?;
    collect(&project, &lock, lockfile)
}

/// What is wrong with the lock before its packages are looked at: that there is none, that it is for another manifest,
/// or for folders that have changed.
fn current(project: &Project<'_>, lock: Option<&Lock>) -> Result<Option<Problem>> {
    let Some(lock) = lock else {
        let what = format!("there is no lockfile {}", project.lockfile().display());
        return Ok(Some(Problem::new(Code::LockMissing, what).help("`x07 lock` writes one")));
    };
    if let Some(why) = project.staleness(lock)? {
        let what = format!("the lockfile does not fit x07.json: {why}");
        return Ok(Some(Problem::new(Code::LockMismatch, what).help("`x07 lock` writes it anew")));
    }
    let mut digests = Digests::read(&project.folder);
    for locked in lock.packages.iter().filter(|locked| !locked.is_fetched()) {
        if let Err(problem) = digests.check(&project.folder_of(locked)?, locked) {
            return Ok(Some(Problem { code: Code::LockMismatch, ..problem }));
        }
    }
    digests.write();
    Ok(None)
}

/// Makes the lock anew if it has to be, and fetches what is missing. Another command may have changed the project while
/// this one waited for it, so everything is read again.
fn put_in_order(manifest: &Path, options: &Options, observer: &dyn Observer) -> Result<Lock> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let path = project.lockfile();
    let old = Lock::read(&path)?;
    let sources = project.sources(observer)?;
    match (current(&project, old.as_ref())?, old) {
        (None, Some(lock)) => {
            project.materialise(&sources, &lock, false)?;
            Ok(lock)
        }
        (Some(problem), _) if options.locked => Err(problem),
        (_, old) => {
            let lock = project.lock(&sources, old.as_ref(), Unlocked::None, false)?;
            project.materialise(&sources, &lock, false)?;
            write_atomic(&path, lock.to_text().as_bytes())?;
            observer.event(Event::Locked { packages: lock.packages.len() });
            Ok(lock)
        }
    }
}

fn all_there(project: &Project<'_>, lock: &Lock) -> Result<bool> {
    for locked in lock.packages.iter().filter(|locked| locked.is_fetched()) {
        if !project.folder_of(locked)?.join(PACKAGE_MANIFEST_NAME).is_file() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Compares every fetched package on disk with the lock.
fn check(project: &Project<'_>, lock: &Lock) -> Result<()> {
    let mut digests = Digests::read(&project.folder);
    for locked in lock.packages.iter().filter(|locked| locked.is_fetched()) {
        digests.check(&project.folder_of(locked)?, locked)?;
    }
    digests.write();
    Ok(())
}

fn collect(project: &Project<'_>, lock: &Lock, lockfile: PathBuf) -> Result<PackageSet> {
    let mut set = PackageSet { packages: Vec::new(), files: Vec::new() };
    if lockfile.is_file() {
        set.files.push(lockfile);
    }
    for locked in &lock.packages {
        let folder = project.folder_of(locked)?;
        let package = Package::read(&folder)?;
        set.files.extend(locked.files().into_keys().map(|path| folder.join(path)));
        let native_files = match locked.knows_its_files() {
            true => locked.native_files(),
            false => content::native_files(&folder)?,
        };
        set.packages.push(BuildPackage {
            name: package.name,
            version: package.version,
            module_root: folder.join(&package.module_root),
            folder,
            modules: package.modules.into_iter().collect(),
            private_modules: package.private_modules.into_iter().collect(),
            worlds_allowed: package.worlds_allowed,
            native_files,
            tree_blake3: locked.tree_blake3.clone().unwrap_or_else(|| crate::digest::tree(&locked.files())),
        });
    }
    Ok(set)
}
