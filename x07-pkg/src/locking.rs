//! From a manifest to a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use semver::Version;

use crate::content;
use crate::digest::{self, of_files};
use crate::lockfile::{Lock, LockedPackage, PROJECT, Source, fetched_path};
use crate::observer::Event;
use crate::package::{PACKAGE_MANIFEST_NAME, Package, slashed};
use crate::problem::{Code, Problem, Result};
use crate::project::Project;
use crate::solve::{Chosen, Question, Unlocked};
use crate::sources::{Candidate, Sources};

impl Project<'_> {
    /// The lock that the manifest comes to. Locked versions stay where they fit, unless given up.
    pub(crate) fn lock(
        &self,
        sources: &Sources<'_>,
        old: Option<&Lock>,
        unlocked: Unlocked,
        refresh: bool,
    ) -> Result<Lock> {
        let roots = self.roots()?;
        let places = self.pinned()?;
        let pinned = places.iter().map(|(name, (pin, _))| (name.clone(), pin.clone())).collect();
        let overridden: BTreeSet<String> = self.manifest.patch.keys().cloned().collect();
        let question = Question { sources, roots, pinned, overridden, lock: old, unlocked };
        let chosen = question.solve()?;
        self.check_own_modules(&chosen)?;
        for name in question.overridden.iter().filter(|name| !chosen.contains_key(*name)) {
            let what = format!("`patch` of {name} in {PROJECT} has no effect: nothing asks for {name}");
            sources.observer.event(Event::Warning(&what));
        }
        let mut required_by: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (name, _) in &question.roots {
            required_by.entry(name).or_default().insert(PROJECT.to_owned());
        }
        let mut requirements = Vec::new();
        for choice in chosen.values() {
            requirements
                .extend(choice.package.requirements()?.into_iter().map(|(name, _)| (name, choice.package.id())));
        }
        for (name, who) in &requirements {
            required_by.entry(name).or_default().insert(who.clone());
        }
        let mut packages = Vec::new();
        for (name, choice) in &chosen {
            let path = places.get(name).and_then(|(_, path)| path.clone());
            let mut locked = match (&choice.candidate, path) {
                (None, Some(path)) => self.lock_folder(choice, &path)?,
                (Some(candidate), _) => {
                    let old = old.and_then(|old| old.get(name));
                    lock_candidate(sources, old, question.unlocked.holds(name), name, candidate)?
                }
                (None, None) => return Err(Problem::new(Code::LocalMissingDep, format!("{name} has no folder"))),
            };
            if refresh {
                refresh_metadata(sources, old, &mut locked);
            }
            locked.overridden_by = question.overridden.contains(name).then(|| name.clone());
            locked.required_by = required_by.remove(name.as_str()).unwrap_or_default().into_iter().collect();
            packages.push(locked);
        }
        Ok(Lock { packages, is_old_form: false })
    }

    fn lock_folder(&self, choice: &Chosen, path: &str) -> Result<LockedPackage> {
        let (package, files) = content::read(&self.resolve(path)?)?;
        let mut locked = locked_package(&package, choice.version.clone(), &of_files(&files));
        locked.path = path.to_owned();
        locked.source = Some(Source::Path);
        Ok(locked)
    }

    /// The project's own files may not stand in the way of a package's modules.
    fn check_own_modules(&self, chosen: &BTreeMap<String, Chosen>) -> Result<()> {
        for root in &self.manifest.module_roots {
            let root = self.resolve(root)?;
            for choice in chosen.values() {
                for module in choice.package.all_modules() {
                    let file = root.join(format!("{}.x07.json", module.replace('.', "/")));
                    let is_its_own = choice.candidate.is_none()
                        && fs::canonicalize(&file).ok().is_some_and(|file| self.lies_in_folder_of(choice, &file));
                    if file.is_file() && !is_its_own {
                        let what = format!("module {module} of {} is also {}", choice.package.id(), file.display());
                        return Err(Problem::new(Code::ModuleConflict, what).help("an import could mean either"));
                    }
                }
            }
        }
        Ok(())
    }

    fn lies_in_folder_of(&self, choice: &Chosen, file: &Path) -> bool {
        let dependency = self.manifest.dependencies.iter().find(|dependency| dependency.name == choice.package.name);
        let folder = dependency.and_then(|dependency| self.resolve(dependency.path.as_deref()?).ok());
        folder.and_then(|folder| fs::canonicalize(folder).ok()).is_some_and(|folder| file.starts_with(folder))
    }
}

/// Locks a version. One that is locked already keeps its content, unless it is `given_up`.
fn lock_candidate(
    sources: &Sources<'_>,
    old: Option<&LockedPackage>,
    given_up: bool,
    name: &str,
    candidate: &Candidate,
) -> Result<LockedPackage> {
    let old = old.filter(|old| old.version == candidate.version && old.is_fetched());
    let known = old.filter(|old| {
        old.archive_sha256.is_some() && old.archive_sha256 == candidate.cksum && old.tree_blake3.is_some()
    });
    let mut locked = match known {
        Some(known) => known.clone(),
        None => {
            if let Some(old) = old {
                check_republished(old, candidate)?;
            }
            let fetched = sources.fetch(name, candidate)?;
            let files = of_files(&fetched.files);
            let difference = old.filter(|_| !given_up).and_then(|old| Some((old, old.difference(&files)?)));
            if let Some((old, path)) = difference {
                return Err(changed_archive(old, &path));
            }
            let mut locked = locked_package(&fetched.package, candidate.version.clone(), &files);
            locked.archive_sha256 = Some(fetched.cksum);
            locked
        }
    };
    locked.path = fetched_path(name, &candidate.version);
    locked.source = Some(candidate.source.clone());
    locked.yanked = candidate.yanked;
    locked.advisories = sorted(candidate);
    Ok(locked)
}

/// A registry may not give out something else under a version that it has given out: not even an update takes that.
fn check_republished(old: &LockedPackage, candidate: &Candidate) -> Result<()> {
    let (Some(was), Some(is), Source::Registry(url)) = (&old.archive_sha256, &candidate.cksum, &candidate.source)
    else {
        return Ok(());
    };
    if was == is || old.source.as_ref() != Some(&candidate.source) {
        return Ok(());
    }
    let what = format!("{url} has another {} than the one that is locked: SHA-256 {is}, not {was}", old.id());
    Err(Problem::new(Code::ContentMismatch, what).help(format!(
        "a published version never changes; if you know why this one did, `x07 remove {0}` and `x07 add {0}` take it",
        old.name
    )))
}

/// What to say of an archive that does not hold what is locked.
pub(crate) fn changed_archive(locked: &LockedPackage, path: &str) -> Problem {
    let what = format!("the archive of {} is not the one that is locked: {path} differs", locked.id());
    let help = format!("`x07 update {}` locks what the archive holds now", locked.name);
    Problem::new(Code::ContentMismatch, what).help(help)
}

fn sorted(candidate: &Candidate) -> Vec<crate::advisory::Advisory> {
    let mut advisories = candidate.advisories.clone();
    advisories.sort_by(|a, b| a.id.cmp(&b.id));
    advisories
}

/// Asks the index whether a version was withdrawn since it was locked. That nobody answers is not worth failing for.
fn refresh_metadata(sources: &Sources<'_>, old: Option<&Lock>, locked: &mut LockedPackage) {
    if !matches!(locked.source, Some(Source::Registry(_))) {
        return;
    }
    match sources.candidates(&locked.name, old) {
        Ok(candidates) => {
            if let Some(now) = candidates.iter().find(|candidate| candidate.version == locked.version) {
                locked.yanked = now.yanked;
                locked.advisories = sorted(now);
            }
        }
        Err(problem) => sources.observer.event(Event::Warning(&problem.message)),
    }
}

/// What a lock says of the files of a package.
fn locked_package(package: &Package, version: Version, files: &BTreeMap<String, String>) -> LockedPackage {
    let mut rest = files.clone();
    let mut take = |path: &str| rest.remove(path).unwrap_or_default();
    let package_manifest_sha256 = take(PACKAGE_MANIFEST_NAME);
    let modules = package.modules.iter().map(|module| (module.clone(), take(&package.module_file(module))));
    let modules_sha256 = modules.collect();
    let module_root = slashed(&package.module_root);
    LockedPackage {
        name: package.name.clone(),
        version,
        path: String::new(),
        package_manifest_sha256,
        module_root: if module_root.is_empty() { ".".to_owned() } else { module_root },
        modules_sha256,
        files_sha256: rest,
        overridden_by: None,
        yanked: None,
        advisories: Vec::new(),
        source: None,
        archive_sha256: None,
        tree_blake3: Some(digest::tree(files)),
        required_by: Vec::new(),
    }
}
