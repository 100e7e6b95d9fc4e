//! `search`, `info`, `versions`: what there is.

use std::path::Path;

use semver::Version;
use serde::Serialize;

use crate::advisory::Advisory;
use crate::index::CatalogPackage;
use crate::lockfile::{Lock, Source};
use crate::manifest::{Manifest, find_manifest};
use crate::name::{canonical_name, split_spec};
use crate::observer::{Event, Observer};
use crate::official::Official;
use crate::options::Options;
use crate::package::Package;
use crate::problem::{Code, Problem, Result};
use crate::requirement::Requirement;
use crate::sources::{Candidate, Sources};

/// The versions of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionsReport {
    /// The registry that was asked.
    pub index: Option<String>,
    /// Package name.
    pub name: String,
    /// The lowest first.
    pub versions: Vec<VersionRow>,
}

/// A version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionRow {
    /// The version.
    pub version: String,
    /// Withdrawn by its owner.
    pub yanked: bool,
    /// Where it comes from.
    pub source: Source,
    /// How many advisories hold.
    #[serde(skip_serializing_if = "is_zero")]
    pub advisories_count: usize,
    /// The advisories that hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<Advisory>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What there is of a package for whoever stands in `folder`: in a project, the registry that its lock names is asked.
fn candidates(sources: &Sources<'_>, folder: &Path, name: &str) -> Result<Vec<Candidate>> {
    let lock = find_manifest(folder).and_then(|path| Manifest::read(&path)).ok();
    let lock = lock.and_then(|manifest| Lock::read(&manifest.folder().join(&manifest.lockfile)).ok().flatten());
    let mut candidates = sources.candidates(name, lock.as_ref())?.to_vec();
    if candidates.is_empty() {
        return Err(sources.unknown_problem(name));
    }
    for candidate in &mut candidates {
        candidate.advisories.retain(Advisory::is_active);
    }
    Ok(candidates)
}

/// The versions of a package.
pub fn versions(folder: &Path, options: &Options, name: &str, observer: &dyn Observer) -> Result<VersionsReport> {
    let name = canonical_name(name)?;
    let sources = Sources::open(options, folder, observer)?;
    let candidates = candidates(&sources, folder, &name)?;
    let asked = candidates.iter().rev().find_map(|candidate| candidate.source.registry().map(str::to_owned));
    let index = asked.or_else(|| sources.registry().map(|registry| registry.address().canonical()));
    let rows = candidates.into_iter().map(|candidate| VersionRow {
        version: candidate.version.to_string(),
        yanked: candidate.yanked == Some(true),
        source: candidate.source,
        advisories_count: candidate.advisories.len(),
        advisories: candidate.advisories,
    });
    Ok(VersionsReport { index, name: name.clone(), versions: rows.collect() })
}

/// One version of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InfoReport {
    /// Package name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Where it comes from.
    pub source: Source,
    /// Withdrawn by its owner.
    pub yanked: bool,
    /// One line about it.
    pub description: String,
    /// How to use it.
    pub docs: String,
    /// Its licence.
    pub license: String,
    /// The modules that it offers.
    pub modules: Vec<String>,
    /// What it needs.
    pub requires: Vec<String>,
    /// The worlds that it allows; `None` means all.
    pub worlds_allowed: Option<Vec<String>>,
    /// System libraries that its C sources need.
    pub ffi_libs: Vec<String>,
    /// Advisories about this version.
    pub advisories: Vec<Advisory>,
}

/// What there is to know about a package: its newest version, or the newest that fits.
pub fn info(folder: &Path, options: &Options, spec: &str, observer: &dyn Observer) -> Result<InfoReport> {
    let (name, requirement) = split_spec(spec);
    let name = canonical_name(name)?;
    let requirement = requirement.map(Requirement::parse).transpose()?;
    let sources = Sources::open(options, folder, observer)?;
    let candidates = candidates(&sources, folder, &name)?;
    let fits = |candidate: &&Candidate| match &requirement {
        Some(requirement) => requirement.matches(&candidate.version),
        None => true,
    };
    // A version that nobody would be given is shown only if there is no better one.
    let rank = |candidate: &&Candidate| {
        (candidate.yanked != Some(true), candidate.version.pre.is_empty(), candidate.version.clone())
    };
    let Some(candidate) = candidates.iter().filter(fits).max_by_key(rank) else {
        let asked = requirement.map(|requirement| requirement.to_string()).unwrap_or_default();
        let there: Vec<String> = candidates.iter().map(|candidate| candidate.version.to_string()).collect();
        let what = format!("no version of {name} is {asked}; there are {}", there.join(", "));
        return Err(Problem::new(Code::IndexNoMatch, what));
    };
    let package = sources.package(&name, candidate)?;
    Ok(InfoReport {
        name,
        version: candidate.version.to_string(),
        source: candidate.source.clone(),
        yanked: candidate.yanked == Some(true),
        description: package.description.clone(),
        docs: package.docs.clone(),
        license: package.license.clone(),
        modules: package.modules.clone(),
        requires: package.requires.clone(),
        worlds_allowed: worlds(&package),
        ffi_libs: package.ffi_libs.clone(),
        advisories: candidate.advisories.clone(),
    })
}

fn worlds(package: &Package) -> Option<Vec<String>> {
    Some(package.worlds_allowed.as_ref()?.iter().map(|world| world.as_str().to_owned()).collect())
}

/// Packages that were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchReport {
    /// What was looked for.
    pub query: String,
    /// The registry in use.
    pub index: Option<String>,
    /// Packages, those whose name fits first.
    pub packages: Vec<SearchRow>,
}

/// A package that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchRow {
    /// Package name.
    pub name: String,
    /// Its newest version.
    pub version: Option<String>,
    /// One line about it.
    pub description: String,
    /// Where it comes from.
    pub source: Source,
}

/// Looks for packages whose name, description or modules hold every word of `query`.
pub fn search(folder: &Path, options: &Options, query: &str, observer: &dyn Observer) -> Result<SearchReport> {
    let sources = Sources::open(options, folder, observer)?;
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let fits = |parts: &[&str]| {
        let text = parts.join("\n").to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut packages = official(&sources.official, &fits);
    if let Some(registry) = sources.registry() {
        match registry.catalog(query) {
            Ok(catalog) => packages.extend(of_catalog(&registry.address().canonical(), catalog, &fits)),
            // What the toolchain carries is worth showing without the rest.
            Err(problem) if !packages.is_empty() => observer.event(Event::Warning(&problem.message)),
            Err(problem) => return Err(problem),
        }
    }
    let in_name = |row: &SearchRow| words.iter().all(|word| row.name.contains(word.as_str()));
    packages.sort_by(|a, b| in_name(b).cmp(&in_name(a)).then_with(|| a.name.cmp(&b.name)));
    packages.dedup_by(|later, first| later.name == first.name);
    let index = sources.registry().map(|registry| registry.address().canonical());
    Ok(SearchReport { query: query.to_owned(), index, packages })
}

fn official(official: &Official, fits: &impl Fn(&[&str]) -> bool) -> Vec<SearchRow> {
    let newest = official.newest().map(|carried| &carried.package);
    newest
        .filter(|package| fits(&[&package.name, &package.description, &package.modules.join("\n")]))
        .map(|package| SearchRow {
            name: package.name.clone(),
            version: Some(package.version.clone()),
            description: package.description.clone(),
            source: Source::Official,
        })
        .collect()
}

fn of_catalog(index: &str, catalog: Vec<CatalogPackage>, fits: &impl Fn(&[&str]) -> bool) -> Vec<SearchRow> {
    catalog
        .into_iter()
        .filter(|package| {
            let description = package.description.as_deref().unwrap_or_default();
            fits(&[&package.name, description, &package.modules.join("\n")])
        })
        .map(|package| SearchRow {
            name: package.name,
            version: package.latest.filter(|version| Version::parse(version).is_ok()),
            description: package.description.unwrap_or_default(),
            source: Source::Registry(index.to_owned()),
        })
        .collect()
}
