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
                (Some(candidate), _) => lock_candidate(sources, old, name, candidate)?,
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

fn lock_candidate(
    sources: &Sources<'_>,
    old: Option<&Lock>,
    name: &str,
    candidate: &Candidate,
) -> Result<LockedPackage> {
    let known = old.and_then(|old| old.get(name)).filter(|locked| {
        locked.version == candidate.version
            && locked.is_fetched()
            && locked.archive_sha256.is_some()
            && locked.archive_sha256 == candidate.cksum
            && locked.tree_blake3.is_some()
    });
    let mut locked = match known {
        Some(known) => known.clone(),
        None => {
            let fetched = sources.fetch(name, candidate)?;
            let mut locked = locked_package(&fetched.package, candidate.version.clone(), &of_files(&fetched.files));
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
