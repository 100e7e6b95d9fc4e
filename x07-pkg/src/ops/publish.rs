//! `publish`, `yank`, `login`, and the index of a folder of archives.

use std::path::{Path, PathBuf};

use semver::Version;
use serde::Serialize;

use crate::archive::{MAX_ARCHIVE_BYTES, check_for_publishing, pack};
use crate::credentials;
use crate::name::{canonical_name, split_spec};
use crate::observer::{Event, Observer};
use crate::options::Options;
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

/// Packs the package in `folder`, checks it as registries do, and sends it unless this is a dry run.
pub fn publish(folder: &Path, options: &Options, dry_run: bool, observer: &dyn Observer) -> Result<PublishReport> {
    let packed = pack(folder)?;
    check_for_publishing(&packed.package)?;
    if packed.bytes.len() > MAX_ARCHIVE_BYTES {
        let what = format!("the archive has {} bytes; registries take {MAX_ARCHIVE_BYTES}", packed.bytes.len());
        return Err(Problem::new(Code::PublishFailed, what));
    }
    let registry = required_registry(options)?;
    let mut report = PublishReport {
        index: registry.address().canonical(),
        package_dir: folder.to_owned(),
        name: packed.package.name.clone(),
        version: packed.package.version.clone(),
        cksum: packed.sha256.clone(),
        index_path: String::new(),
        dry_run,
    };
    if dry_run {
        return Ok(report);
    }
    if let Some(folder) = FolderRegistry::open(&registry)? {
        report.index_path = folder.publish(&packed)?;
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
    let version = packed.package.semver()?;
    let listed = registry.versions(&report.name).ok().flatten().unwrap_or_default();
    if !listed.iter().any(|(other, _)| *other == version) {
        observer.event(Event::Warning("the registry took the package but its index does not list it yet"));
    }
    Ok(report)
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
