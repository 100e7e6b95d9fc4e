//! A project as package commands see it: its manifest, what it asks for, and whether its lock still fits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::Version;

use crate::files::Guard;
use crate::lockfile::{DEPS_FOLDER, Lock, LockedPackage, PROJECT, fetched_path};
use crate::manifest::{Dependency, Manifest};
use crate::name::is_package_name;
use crate::observer::Observer;
use crate::options::{Options, resolve_path};
use crate::package::{PACKAGE_MANIFEST_NAME, Package};
use crate::problem::{Code, Problem, Result};
use crate::requirement::Requirement;
use crate::solve::Pinned;
use crate::sources::Sources;

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

    /// Opens a project and keeps other commands from changing it for as long as the guard is held. Only what is read
    /// after that stays as it was read.
    pub(crate) fn open_alone(manifest: &Path, options: &'a Options) -> Result<(Project<'a>, Guard)> {
        let guard = Guard::of_project(x07_files::parent(manifest));
        // A manifest that is not there is what to speak of, not that its folder cannot be held.
        let project = Project::open(manifest, options)?;
        Ok((project, guard?))
    }

    pub(crate) fn lockfile(&self) -> PathBuf {
        self.folder.join(&self.manifest.lockfile)
    }

    pub(crate) fn sources<'o>(&self, observer: &'o dyn Observer) -> Result<Sources<'o>> {
        Sources::open(self.options, &self.folder, observer)
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
    pub(crate) fn pinned(&self) -> Result<BTreeMap<String, (Pinned, Option<String>)>> {
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
}
