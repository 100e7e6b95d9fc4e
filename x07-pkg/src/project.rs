//! A project as package commands see it: its manifest, its lock, and the step from one to the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::Version;

use crate::content;
use crate::digest::{self, of_files};
use crate::files::Guard;
use crate::lockfile::{DEPS_FOLDER, Lock, LockedPackage, PROJECT, Source, fetched_path};
use crate::manifest::{Dependency, Manifest};
use crate::name::is_package_name;
use crate::observer::{Event, Observer};
use crate::options::{Options, resolve_path};
use crate::package::{PACKAGE_MANIFEST_NAME, Package, slashed};
use crate::problem::{Code, Problem, Result};
use crate::requirement::Requirement;
use crate::solve::{Chosen, Pinned, Question, Unlocked};
use crate::sources::{Candidate, Sources};

/// A project with the options of one command.
#[derive(Clone, Debug)]
pub(crate) struct Project<'a> {
    pub(crate) manifest: Manifest,
    pub(crate) folder: PathBuf,
    pub(crate) options: &'a Options,
}

impl<'a> Project<'a> {
    pub(crate) fn new(manifest: Manifest, options: &'a Options) -> Result<Project<'a>> {
        let folder = manifest.folder();
        let folder = std::path::absolute(folder).map_err(Problem::io("find", folder))?;
        Ok(Project { manifest, folder, options })
    }

    pub(crate) fn open(manifest: &Path, options: &'a Options) -> Result<Project<'a>> {
        Project::new(Manifest::read(manifest)?, options)
    }

    pub(crate) fn lockfile(&self) -> PathBuf {
        self.folder.join(&self.manifest.lockfile)
    }

    pub(crate) fn sources<'o>(&self, observer: &'o dyn Observer) -> Result<Sources<'o>> {
        Sources::open(self.options, &self.folder, observer)
    }

    /// Keeps other commands from changing the project at the same time.
    pub(crate) fn guard(&self) -> Result<Guard> {
        Guard::acquire(&self.folder.join(".x07"), "packages.lock")
    }

    /// The folder that a manifest or lock names.
    pub(crate) fn resolve(&self, path: &str) -> Result<PathBuf> {
        resolve_path(&self.folder, path, self.options.environment.workspace_root.as_deref())
    }

    /// Where a locked package lies.
    pub(crate) fn folder_of(&self, locked: &LockedPackage) -> Result<PathBuf> {
        self.resolve(&locked.path)
    }

    /// The folder in which somebody works on a dependency; `None` for one that is fetched.
    fn path_of<'d>(&self, dependency: &'d Dependency) -> Result<Option<&'d str>> {
        let Some(path) = dependency.path.as_deref() else {
            return Ok(None);
        };
        if !path.starts_with(&format!("{DEPS_FOLDER}/")) {
            return Ok(Some(path));
        }
        let fits =
            Version::parse(&dependency.version).is_ok_and(|version| path == fetched_path(&dependency.name, &version));
        match fits {
            true => Ok(None),
            false => Err(Problem::new(
                Code::PathDependency,
                format!("dependency {} {} cannot lie at {path:?}", dependency.name, dependency.version),
            )
            .help("leave `path` out: fetched packages have a folder of their own")),
        }
    }

    /// What the project asks for, checked.
    pub(crate) fn roots(&self) -> Result<Vec<(String, Requirement)>> {
        let mut roots: Vec<(String, Requirement)> = Vec::new();
        for dependency in &self.manifest.dependencies {
            let name = &dependency.name;
            if !is_package_name(name) {
                return Err(Problem::new(Code::SpecInvalid, format!("dependency {name:?} is not a package name")));
            }
            if roots.iter().any(|(other, _)| other == name) {
                return Err(Problem::new(Code::SpecInvalid, format!("x07.json lists {name} twice")));
            }
            let requirement = Requirement::parse(&dependency.version)
                .map_err(|problem| Problem { message: format!("dependency {name}: {}", problem.message), ..problem })?;
            roots.push((name.clone(), requirement));
        }
        Ok(roots)
    }

    /// Packages that lie in folders or that `patch` decides, each with its path in the manifest.
    fn pinned(&self) -> Result<BTreeMap<String, (Pinned, Option<String>)>> {
        let mut pinned = BTreeMap::new();
        for dependency in &self.manifest.dependencies {
            if let Some(path) = self.path_of(dependency)? {
                let package = self.package_at(&dependency.name, path, Code::LocalMissingDep)?;
                pinned.insert(dependency.name.clone(), (Pinned::Folder(package), Some(path.to_owned())));
            }
        }
        for (name, patch) in &self.manifest.patch {
            let version = Version::parse(patch.version.trim()).map_err(|error| {
                Problem::new(
                    Code::SpecInvalid,
                    format!("patch of {name}: {:?} is not a version: {error}", patch.version),
                )
            })?;
            let path = patch.path.as_deref().filter(|path| !path.starts_with(&format!("{DEPS_FOLDER}/")));
            let pin = match path {
                None => Pinned::Version(version),
                Some(path) => {
                    let package = self.package_at(name, path, Code::PatchMissingDep)?;
                    if package.semver()? != version {
                        let what = format!("patch of {name} asks for {version}, and {path} holds {}", package.version);
                        return Err(Problem::new(Code::PatchMissingDep, what));
                    }
                    Pinned::Folder(package)
                }
            };
            pinned.insert(name.clone(), (pin, path.map(str::to_owned)));
        }
        Ok(pinned)
    }

    fn package_at(&self, name: &str, path: &str, code: Code) -> Result<Rc<Package>> {
        let folder = self.resolve(path)?;
        if !folder.join(PACKAGE_MANIFEST_NAME).is_file() {
            let what = format!("package {name} is not at {}: there is no {PACKAGE_MANIFEST_NAME}", folder.display());
            return Err(Problem::new(code, what));
        }
        let package = Package::read(&folder)?;
        if package.name != name {
            let what = format!("{} holds the package {}, not {name}", folder.display(), package.name);
            return Err(Problem::new(code, what));
        }
        Ok(Rc::new(package))
    }

    /// Why the lock is not one for this manifest; `None` when it is.
    pub(crate) fn staleness(&self, lock: &Lock) -> Result<Option<String>> {
        let roots = self.roots()?;
        for (name, requirement) in &roots {
            let Some(locked) = lock.get(name) else {
                return Ok(Some(format!("{name} is not locked")));
            };
            let overridden = self.manifest.patch.contains_key(name);
            if !overridden && !requirement.matches(&locked.version) {
                return Ok(Some(format!("{name} {} is locked, {requirement} is asked for", locked.version)));
            }
            if !locked.is_direct() {
                return Ok(Some(format!("{name} is locked for other packages only")));
            }
        }
        let pinned = self.pinned()?;
        for locked in &lock.packages {
            let direct = roots.iter().any(|(name, _)| *name == locked.name);
            if locked.required_by.iter().any(|who| who == PROJECT) && !direct {
                return Ok(Some(format!("{} is locked and not asked for any more", locked.name)));
            }
            let pin = pinned.get(&locked.name);
            let path = pin.and_then(|(_, path)| path.clone());
            if path.unwrap_or_else(|| fetched_path(&locked.name, &locked.version)) != locked.path {
                return Ok(Some(format!("{} is locked at {}", locked.name, locked.path)));
            }
            if self.manifest.patch.contains_key(&locked.name) != locked.overridden_by.is_some() {
                return Ok(Some(format!("`patch` of {} has changed", locked.name)));
            }
            let moved = match pin {
                Some((Pinned::Version(version), _)) => *version != locked.version,
                Some((Pinned::Folder(package), _)) => package.version != locked.version.to_string(),
                None => false,
            };
            if moved {
                return Ok(Some(format!("{} {} is locked, another version is there", locked.name, locked.version)));
            }
        }
        Ok(None)
    }

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
            let candidate = self.candidate_of(sources, locked, lock)?;
            let fetched = sources.fetch(&locked.name, &candidate)?;
            let found = of_files(&fetched.files);
            let differs = locked.files().into_iter().find(|(path, sha256)| found.get(path) != Some(sha256));
            if let Some((path, _)) = differs {
                let what = format!("the archive of {} is not the one that is locked: {path} differs", locked.id());
                return Err(Problem::new(Code::ContentMismatch, what).help(format!("`x07 update {}`", locked.name)));
            }
            sources.store.place(&fetched.cksum, &fetched.files, &self.folder, &folder)?;
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

    /// The candidate that a locked package is; locks of other tools do not say where from.
    fn candidate_of(&self, sources: &Sources<'_>, locked: &LockedPackage, lock: &Lock) -> Result<Candidate> {
        if locked.archive_sha256.is_none() {
            let candidates = sources.candidates(&locked.name, Some(lock))?;
            let candidate = candidates.iter().find(|candidate| candidate.version == locked.version);
            return candidate.cloned().ok_or_else(|| match candidates.is_empty() {
                true => sources.unknown_problem(&locked.name),
                false => Problem::new(Code::IndexNoMatch, format!("there is no {}", locked.id())),
            });
        }
        Ok(Candidate {
            version: locked.version.clone(),
            source: locked.source.clone().unwrap_or(Source::Official),
            cksum: locked.archive_sha256.clone(),
            yanked: locked.yanked,
            advisories: locked.advisories.clone(),
        })
    }

    /// Removes fetched packages that the lock does not name any more.
    pub(crate) fn prune(&self, lock: &Lock) {
        let wanted: BTreeSet<PathBuf> = lock.packages.iter().filter_map(|locked| self.folder_of(locked).ok()).collect();
        let list = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for name in list(&self.folder.join(DEPS_FOLDER)).filter(|path| path.is_dir()) {
            for version in list(&name).filter(|path| path.is_dir() && !wanted.contains(path)) {
                let _ = fs::remove_dir_all(version);
            }
            // It goes only when it is empty.
            let _ = fs::remove_dir(&name);
        }
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
