//! `publish`, `yank`, `login`, and the index of a folder of archives.

use std::path::{Path, PathBuf};

use semver::Version;
use serde::Serialize;

use crate::archive::{Packed, check_for_publishing, pack};
use crate::credentials;
use crate::name::{canonical_name, split_spec};
use crate::observer::{Event, Observer};
use crate::options::Options;
use crate::package::Package;
use crate::problem::{Code, Problem, Result};
use crate::registry_folder::FolderRegistry;
use crate::sources::required_registry;

/// What `publish` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishReport {
    /// The registry.
    pub index: String,
    /// The package's folder.
    pub package_dir: PathBuf,
    /// Package name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The archive's SHA-256.
    pub cksum: String,
    /// Where the index has it.
    pub index_path: String,
    /// Nothing was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// Packs the package in `folder` and checks what registries check but for the code itself, which is a compiler's matter.
pub fn pack_to_publish(folder: &Path) -> Result<Packed> {
    let packed = pack(folder)?;
    check_for_publishing(&packed)?;
    Ok(packed)
}

/// Sends a package that has been checked. A dry run only asks whether its version is free, if there is a registry to ask.
pub fn publish(
    folder: &Path,
    packed: &Packed,
    options: &Options,
    dry_run: bool,
    observer: &dyn Observer,
) -> Result<PublishReport> {
    let registry = match required_registry(options) {
        Err(problem) if dry_run && problem.code == Code::NoRegistry => None,
        registry => Some(registry?),
    };
    let mut report = PublishReport {
        index: registry.as_ref().map(|registry| registry.address().canonical()).unwrap_or_default(),
        package_dir: folder.to_owned(),
        name: packed.package.name.clone(),
        version: packed.package.version.clone(),
        cksum: packed.sha256.clone(),
        index_path: String::new(),
        dry_run,
    };
    let Some(registry) = registry else {
        return Ok(report);
    };
    let version = packed.package.semver()?;
    if dry_run {
        if FolderRegistry::to_be_made(&registry).is_some() {
            return Ok(report);
        }
        let listed = registry.versions(&report.name)?.unwrap_or_default();
        return match listed.iter().any(|(other, _)| *other == version) {
            true => Err(already_published(&packed.package)),
            false => Ok(report),
        };
    }
    FolderRegistry::make(&registry)?;
    if let Some(folder) = FolderRegistry::open(&registry)? {
        report.index_path = folder.publish(packed)?;
        return Ok(report);
    }
    let answer = registry.publish(&packed.bytes)?;
    if (&answer.name, &answer.version, &answer.cksum) != (&report.name, &report.version, &report.cksum) {
        let what = format!(
            "{} says that it took {}@{} with SHA-256 {}; sent were {}@{} and {}",
            report.index, answer.name, answer.version, answer.cksum, report.name, report.version, report.cksum
        );
        return Err(Problem::new(Code::PublishResponseMismatch, what));
    }
    report.index_path = answer.index_path;
    let listed = registry.versions(&report.name).ok().flatten().unwrap_or_default();
    if !listed.iter().any(|(other, _)| *other == version) {
        observer.event(Event::Warning("the registry took the package but its index does not list it yet"));
    }
    Ok(report)
}

/// What to say when a version is there already.
pub(crate) fn already_published(package: &Package) -> Problem {
    Problem::new(Code::AlreadyPublished, format!("{} is already published", package.id()))
        .help("a published version never changes; raise `version` in x07-package.json")
}

/// What `yank` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct YankReport {
    /// The registry.
    pub index: String,
    /// Package name.
    pub name: String,
    /// The version.
    pub version: String,
    /// What it is now.
    pub yanked: bool,
}

/// Withdraws a version, given as `name@version`, or takes that back. Projects that lock it go on working.
pub fn yank(options: &Options, spec: &str, undo: bool) -> Result<YankReport> {
    let (name, version) = split_spec(spec);
    let name = canonical_name(name)?;
    let version = version.and_then(|version| Version::parse(version).ok()).ok_or_else(|| {
        Problem::new(Code::SpecInvalid, format!("{spec:?} is not a package with a version"))
            .help("such as `x07 yank ext-greet@0.1.0`")
    })?;
    let registry = required_registry(options)?;
    match FolderRegistry::open(&registry)? {
        Some(folder) => folder.yank(&name, &version, !undo)?,
        None => registry.yank(&name, &version, !undo)?,
    }
    Ok(YankReport { index: registry.address().canonical(), name, version: version.to_string(), yanked: !undo })
}

/// What `login` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoginReport {
    /// The registry.
    pub index: String,
    /// Where the token is kept.
    pub credentials_path: PathBuf,
}

/// Keeps a token for the registry in use.
pub fn login(options: &Options, token: &str) -> Result<LoginReport> {
    let index = required_registry(options)?.address().canonical();
    let credentials_path = credentials::store(options.environment.home.as_deref(), &index, token)?;
    Ok(LoginReport { index, credentials_path })
}

/// What making an index reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndexReport {
    /// The registry's folder.
    pub folder: PathBuf,
    /// Its packages, as `name@version`.
    pub packages: Vec<String>,
}

/// Makes a folder of archives a registry that any web server can serve.
pub fn index_folder(folder: &Path) -> Result<IndexReport> {
    Ok(IndexReport { folder: folder.to_owned(), packages: FolderRegistry::rebuild(folder)? })
}
