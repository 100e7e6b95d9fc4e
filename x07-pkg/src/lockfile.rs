//! `x07.lock.json`: which packages a project is built from, and what their files contain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use semver::Version;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::advisory::Advisory;
use crate::digest::{self, is_sha256};
use crate::name::is_package_name;
use crate::package::{FFI_FOLDER, PACKAGE_MANIFEST_NAME};
use crate::problem::{Code, Problem, Result};
use crate::validate::{is_module_id, relative_path};

const SCHEMA: &str = "x07.lock@0.3.0";
const ACCEPTED: [&str; 2] = ["x07.lock@0.2.0", SCHEMA];

/// What `required_by` calls the project itself, as against `name@version` of a package.
pub const PROJECT: &str = "x07.json";

/// The folder of fetched packages in a project.
pub(crate) const DEPS_FOLDER: &str = ".x07/deps";

/// Where a package came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The toolchain carries it.
    Official,
    /// A folder of the project or workspace, which may change at any time.
    Path,
    /// A registry, by the canonical address of its index.
    Registry(String),
}

impl Source {
    /// The registry, if it is one.
    pub(crate) fn registry(&self) -> Option<&str> {
        match self {
            Source::Registry(url) => Some(url),
            Source::Official | Source::Path => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Official => "official",
            Source::Path => "path",
            Source::Registry(url) => url,
        })
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "official" => Source::Official,
            "path" => Source::Path,
            _ => Source::Registry(text),
        })
    }
}

/// A locked package. The order of the fields is the order in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedPackage {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: Version,
    /// Where it lies, as a manifest would say.
    pub path: String,
    /// SHA-256 of `x07-package.json`.
    pub package_manifest_sha256: String,
    /// The folder of its modules.
    pub module_root: String,
    /// SHA-256 of each public module.
    pub modules_sha256: BTreeMap<String, String>,
    /// SHA-256 of all other files, by path: private modules and C sources.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files_sha256: BTreeMap<String, String>,
    /// The package's own name, if `patch` decides its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden_by: Option<String>,
    /// Withdrawn by its owner, if an index was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yanked: Option<bool>,
    /// Warnings about this version, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<Advisory>,
    /// Where it came from; locks of other tools do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// SHA-256 of its archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_sha256: Option<String>,
    /// BLAKE3 of the whole package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree_blake3: Option<String>,
    /// Who asks for it: `x07.json`, or packages as `name@version`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<String>,
}

impl LockedPackage {
    /// `name@version`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// True for a package that is fetched, as against a folder that somebody works in.
    pub fn is_fetched(&self) -> bool {
        self.path == fetched_path(&self.name, &self.version)
    }

    /// True if the project itself asks for it.
    pub fn is_direct(&self) -> bool {
        self.required_by.is_empty() || self.required_by.iter().any(|who| who == PROJECT)
    }

    /// SHA-256 of every file, by path.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = self.files_sha256.clone();
        files.insert(PACKAGE_MANIFEST_NAME.to_owned(), self.package_manifest_sha256.clone());
        for (module, sha256) in &self.modules_sha256 {
            let file = format!("{}.x07.json", module.replace('.', "/"));
            let root = if self.module_root == "." { "" } else { self.module_root.as_str() };
            files.insert(if root.is_empty() { file } else { format!("{root}/{file}") }, sha256.clone());
        }
        files
    }

    /// True if it lists all files of the package; locks of other tools list modules only.
    pub(crate) fn knows_its_files(&self) -> bool {
        self.source.is_some()
    }

    /// The paths of its files below `ffi/`.
    pub(crate) fn native_files(&self) -> BTreeSet<String> {
        let is_native = |path: &String| path.strip_prefix(FFI_FOLDER).is_some_and(|rest| rest.starts_with('/'));
        self.files().into_keys().filter(is_native).collect()
    }

    /// The first file that is another one among `found`, the SHA-256 of files by path, or not there.
    pub(crate) fn difference(&self, found: &BTreeMap<String, String>) -> Option<String> {
        self.files().into_iter().find(|(path, sha256)| found.get(path) != Some(sha256)).map(|(path, _)| path)
    }

    /// Advisories that still hold.
    pub fn active_advisories(&self) -> impl Iterator<Item = &Advisory> {
        self.advisories.iter().filter(|advisory| advisory.is_active())
    }

    fn check(&self) -> std::result::Result<(), String> {
        if !is_package_name(&self.name) {
            return Err(format!("{:?} is not a package name", self.name));
        }
        let inside = self.path.strip_prefix("$workspace/").unwrap_or(&self.path);
        if inside != "$workspace" {
            relative_path(inside).map_err(|why| format!("the path {:?} of {} {why}", self.path, self.id()))?;
        }
        if self.path.starts_with(&format!("{DEPS_FOLDER}/")) && !self.is_fetched() {
            return Err(format!("{} lies at {:?}, which belongs to another package", self.id(), self.path));
        }
        relative_path(&self.module_root).map_err(|why| format!("the module_root of {} {why}", self.id()))?;
        if let Some(bad) = self.modules_sha256.keys().find(|module| !is_module_id(module)) {
            return Err(format!("{bad:?} of {} is not a module id", self.id()));
        }
        for path in self.files_sha256.keys() {
            relative_path(path).map_err(|why| format!("the file {path:?} of {} {why}", self.id()))?;
        }
        let digests = self.files().into_values().chain(self.archive_sha256.clone());
        for digest in digests {
            if !is_sha256(&digest) {
                return Err(format!("{digest:?} of {} is not a SHA-256", self.id()));
            }
        }
        let tree = || digest::tree(&self.files());
        if self.tree_blake3.as_ref().is_some_and(|known| *known != tree()) {
            return Err(format!("tree_blake3 of {} is not that of its files", self.id()));
        }
        Ok(())
    }
}

/// Where a fetched package lies in a project.
pub fn fetched_path(name: &str, version: &Version) -> String {
    format!("{DEPS_FOLDER}/{name}/{version}")
}

/// A lockfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The packages, by name.
    pub packages: Vec<LockedPackage>,
    /// It was written in an older form.
    pub is_old_form: bool,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema_version: String,
    dependencies: Vec<LockedPackage>,
}

impl Lock {
    /// Reads a lockfile; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Lock>> {
        match fs::read(path) {
            Ok(text) => Lock::parse(path, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::new(Code::LockInvalid, format!("cannot read {}: {error}", path.display()))),
        }
    }

    /// Validates the text of a lockfile.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Lock> {
        let invalid = |why: String| {
            let problem = Problem::new(Code::LockInvalid, format!("the lockfile {} is invalid: {why}", path.display()));
            problem.help("`x07 lock` writes it anew when you delete it")
        };
        #[derive(Deserialize)]
        struct Header {
            schema_version: String,
        }
        let header: Header = serde_json::from_slice(text).map_err(|error| invalid(error.to_string()))?;
        let schema = header.schema_version.trim();
        if !ACCEPTED.contains(&schema) {
            return Err(invalid(format!(
                "[X07LOCK_SCHEMA] its schema_version is {schema:?}, expected one of {ACCEPTED:?}"
            )));
        }
        let document: Document = serde_json::from_slice(text).map_err(|error| invalid(error.to_string()))?;
        let mut packages = document.dependencies;
        for package in &packages {
            package.check().map_err(&invalid)?;
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = packages.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(invalid(format!("it holds {} and {}", pair[0].id(), pair[1].id())));
        }
        let is_old_form = schema != SCHEMA || packages.iter().any(|package| package.source.is_none());
        Ok(Lock { packages, is_old_form })
    }

    /// The one form in which a lock is written.
    pub fn to_text(&self) -> String {
        let mut dependencies = self.packages.clone();
        dependencies.sort_by(|a, b| a.name.cmp(&b.name));
        let document = Document { schema_version: SCHEMA.to_owned(), dependencies };
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }

    /// The locked package of a name.
    pub fn get(&self, name: &str) -> Option<&LockedPackage> {
        self.packages.iter().find(|package| package.name == name)
    }
}
