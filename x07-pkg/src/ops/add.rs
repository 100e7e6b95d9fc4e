//! `add` and `remove`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Serialize;

use super::lock::unknown_dependency;
use super::{Change, LockReport};
use crate::lockfile::{DEPS_FOLDER, Lock, fetched_path};
use crate::manifest_edit::{Wanted, with_dependencies, without_dependencies};
use crate::name::{canonical_name, check_own_name, split_spec};
use crate::observer::Observer;
use crate::options::{Options, path_for_manifest};
use crate::package::{PACKAGE_MANIFEST_NAME, Package};
use crate::problem::{Code, Problem, Result};
use crate::project::Project;
use crate::requirement::Requirement;
use crate::solve::Unlocked;
use crate::sources::Sources;

/// What `add` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddReport {
    /// The manifest.
    pub project: PathBuf,
    /// What was added.
    pub added: Vec<Added>,
    /// The lock that was written.
    pub lock: LockReport,
}

/// A dependency that was added or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Package name.
    pub name: String,
    /// The version that was chosen.
    pub version: String,
    /// What the manifest says now.
    pub requirement: String,
    /// Where it lies.
    pub path: String,
    /// The worlds that it allows; `None` means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worlds_allowed: Option<Vec<String>>,
}

/// A word of `x07 add`: a package with what is asked of its version, or the folder of one.
enum Asked {
    Named { name: String, requirement: Option<Requirement> },
    Folder { name: String, version: Version, path: String, requirement: Option<Requirement> },
}

/// Adds packages to a project, or changes what is asked of those that it has.
///
/// A spec is `NAME`, `NAME@REQUIREMENT`, or the path of a package's folder; `path` gives the folder of a named package.
pub fn add(
    manifest: &Path,
    options: &Options,
    specs: &[String],
    path: Option<&Path>,
    observer: &dyn Observer,
) -> Result<AddReport> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let mut change = Change::read(&project)?;
    let mut wanted = Vec::new();
    let mut names = BTreeSet::new();
    let mut open = Vec::new();
    for spec in specs {
        match asked(&project, spec, path)? {
            Asked::Folder { name, version, path, requirement } => {
                names.insert(name.clone());
                let version = match requirement {
                    Some(requirement) => requirement.to_string(),
                    None => Requirement::compatible_with(&version).to_string(),
                };
                wanted.push(Wanted { name, version, path: Some(path) });
            }
            Asked::Named { name, requirement } => {
                names.insert(name.clone());
                let known = project.manifest.dependencies.iter().find(|dependency| dependency.name == name);
                let version = match (&requirement, known) {
                    (Some(requirement), _) => requirement.to_string(),
                    (None, Some(known)) => known.version.clone(),
                    (None, None) => {
                        open.push(name.clone());
                        "*".to_owned()
                    }
                };
                // A path below `.x07/deps` holds the version and goes with it.
                let keeps = |path: &String| requirement.is_none() || !path.starts_with(DEPS_FOLDER);
                let path = known.and_then(|known| known.path.clone()).filter(keeps);
                wanted.push(Wanted { name, version, path });
            }
        }
    }
    change.new_text = with_dependencies(&project.manifest, &change.old_text, &wanted)?;
    let sources = project.sources(observer)?;
    check_known(&project, &sources, &wanted)?;
    if !open.is_empty() {
        // The newest version is not known before it is chosen; what is compatible with it is what is asked for.
        let trial = change.changed()?;
        let old = Lock::read(&trial.lockfile())?;
        let lock = trial.lock(&sources, old.as_ref(), Unlocked::Names(names.clone()), false)?;
        for one in wanted.iter_mut().filter(|one| open.contains(&one.name)) {
            if let Some(locked) = lock.get(&one.name) {
                one.version = Requirement::compatible_with(&locked.version).to_string();
            }
        }
        change.new_text = with_dependencies(&project.manifest, &change.old_text, &wanted)?;
    }
    let changed = change.changed()?;
    let (lock, report) = change.carry_out(&sources, Unlocked::Names(names))?;
    let mut added = Vec::new();
    for one in wanted {
        let Some(locked) = lock.get(&one.name) else { continue };
        let worlds = Package::read(&changed.folder_of(locked)?)?.worlds_allowed;
        added.push(Added {
            name: one.name,
            version: locked.version.to_string(),
            requirement: one.version,
            path: locked.path.clone(),
            worlds_allowed: worlds.map(|worlds| worlds.iter().map(|world| world.as_str().to_owned()).collect()),
        });
    }
    Ok(AddReport { project: project.manifest.path.clone(), added, lock: report })
}

/// Tells all names at once that nobody knows.
fn check_known(project: &Project<'_>, sources: &Sources<'_>, wanted: &[Wanted]) -> Result<()> {
    let lock = Lock::read(&project.lockfile())?;
    let mut unknown: Vec<Problem> = Vec::new();
    let named = wanted.iter().filter(|one| one.path.is_none() && !project.manifest.patch.contains_key(&one.name));
    for one in named {
        if sources.candidates(&one.name, lock.as_ref())?.is_empty() {
            unknown.push(sources.unknown_problem(&one.name));
        }
    }
    let mut all = unknown.into_iter();
    let Some(first) = all.next() else {
        return Ok(());
    };
    Err(all.fold(first, |mut all, one| {
        all.message.push_str(&format!("\n{}", one.message));
        if all.help != one.help {
            all.help = Some([all.help, one.help].into_iter().flatten().collect::<Vec<_>>().join("\n"));
        }
        all
    }))
}

fn asked(project: &Project<'_>, spec: &str, path: Option<&Path>) -> Result<Asked> {
    let workspace = project.options.environment.workspace_root.as_deref();
    let is_folder = spec.contains(['/', '\\']) || spec.starts_with('.');
    if is_folder && path.is_none() {
        return folder(project, Path::new(spec), workspace, None, None);
    }
    let (name, requirement) = split_spec(spec);
    let name = canonical_name(name)?;
    let requirement = requirement.map(Requirement::parse).transpose()?;
    let Some(path) = path else {
        return Ok(Asked::Named { name, requirement });
    };
    let text = path.to_string_lossy();
    if text.starts_with(&format!("{DEPS_FOLDER}/")) {
        // Where a fetched package lies is not a matter of choice.
        let version = requirement.as_ref().and_then(|requirement| requirement.as_str().parse().ok());
        return match version.is_some_and(|version| fetched_path(&name, &version) == text) {
            true => Ok(Asked::Named { name, requirement }),
            false => Err(Problem::new(Code::PathDependency, format!("{name} cannot lie at {text}"))
                .help("leave --path out: fetched packages have a folder of their own")),
        };
    }
    folder(project, path, workspace, Some(&name), requirement)
}

fn folder(
    project: &Project<'_>,
    folder: &Path,
    workspace: Option<&Path>,
    name: Option<&str>,
    requirement: Option<Requirement>,
) -> Result<Asked> {
    if !folder.join(PACKAGE_MANIFEST_NAME).is_file() {
        let what = format!("there is no package in {}: it has no {PACKAGE_MANIFEST_NAME}", folder.display());
        return Err(Problem::new(Code::LocalMissingDep, what));
    }
    let package = Package::read(folder)?;
    if let Some(name) = name.filter(|name| *name != package.name) {
        let what = format!("{} holds the package {}, not {name}", folder.display(), package.name);
        return Err(Problem::new(Code::LocalMissingDep, what));
    }
    check_own_name(&package.name)?;
    let path = path_for_manifest(&project.folder, folder, workspace)?;
    Ok(Asked::Folder { version: package.semver()?, name: package.name, path, requirement })
}

/// What `remove` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemoveReport {
    /// The manifest.
    pub project: PathBuf,
    /// The dependencies that were taken out of the manifest.
    pub removed: Vec<String>,
    /// Every package that is not locked any more, as `name@version`.
    pub no_longer_locked: Vec<String>,
    /// The lock that was written.
    pub lock: LockReport,
}

/// Takes packages out of a project, with everything that only they needed.
pub fn remove(manifest: &Path, options: &Options, names: &[String], observer: &dyn Observer) -> Result<RemoveReport> {
    let (project, _guard) = Project::open_alone(manifest, options)?;
    let old = Lock::read(&project.lockfile())?;
    let mut removed = Vec::new();
    for name in names {
        let name = canonical_name(name)?;
        if !project.manifest.dependencies.iter().any(|dependency| dependency.name == name) {
            if let Some(locked) = old.as_ref().and_then(|old| old.get(&name)) {
                let what = format!("x07.json does not ask for {name}; {} does", locked.required_by.join(" and "));
                return Err(Problem::new(Code::DepNotFound, what).help(format!("`x07 why {name}` shows the chain")));
            }
            return Err(unknown_dependency(&project, None, &name));
        }
        removed.push(name);
    }
    let mut change = Change::read(&project)?;
    change.new_text = without_dependencies(&project.manifest, &change.old_text, &removed)?;
    let (lock, report) = change.carry_out(&project.sources(observer)?, Unlocked::None)?;
    let before = old.map(|old| old.packages).unwrap_or_default();
    let gone = before.iter().filter(|locked| lock.get(&locked.name).is_none()).map(|locked| locked.id());
    Ok(RemoveReport { project: project.manifest.path.clone(), removed, no_longer_locked: gone.collect(), lock: report })
}
