//! `x07-package.json`: the manifest of a package.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;
use serde_json::Value;

use crate::manifest::Error;
use crate::name::split_spec;
use crate::problem::{Code, Problem, Result as Outcome};
use crate::requirement::Requirement;
use crate::validate::{is_module_id, relative_path};
use crate::world::World;

/// The file name of a package manifest.
pub const PACKAGE_MANIFEST_NAME: &str = "x07-package.json";

const SCHEMA: &str = "x07.package@0.1.0";

/// The folder of a package's C sources.
pub const FFI_FOLDER: &str = "ffi";

/// A package's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// The folder of its modules, relative to the package.
    pub module_root: PathBuf,
    /// The modules that others may import.
    pub modules: Vec<String>,
    /// The modules that only the package itself may import.
    pub private_modules: Vec<String>,
    /// One line about it.
    pub description: String,
    /// How to use it.
    pub docs: String,
    /// Its licence.
    pub license: String,
    /// What it needs, as `name@requirement`.
    pub requires: Vec<String>,
    /// The worlds that it may be used in; `None` means all.
    pub worlds_allowed: Option<Vec<World>>,
    /// Its functions are written in C, below `ffi/`.
    pub is_ffi: bool,
    /// The versions of the compiler that it works with, as written.
    pub x07c_compat: Option<String>,
    /// System libraries that its C sources need.
    pub ffi_libs: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    schema_version: String,
    name: String,
    version: String,
    module_root: String,
    #[serde(default)]
    modules: Vec<String>,
    #[serde(default)]
    private_modules: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    docs: String,
    #[serde(default)]
    license: String,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    requires_packages: Vec<String>,
    #[serde(default)]
    worlds_allowed: Option<Vec<String>>,
    /// Of any shape in packages that this toolchain only carries along.
    #[serde(default)]
    import_mode: Value,
    /// Of any shape in packages that this toolchain only carries along.
    #[serde(default)]
    x07c_compat: Value,
    #[serde(default)]
    ffi_libs: Vec<String>,
}

impl Package {
    /// The folder of the package that `path` is, is the manifest of, or, without one, that lies above `from`.
    pub fn find(path: Option<&Path>, from: &Path) -> Outcome<PathBuf> {
        match path {
            Some(path) if path.file_name().is_some_and(|name| name == PACKAGE_MANIFEST_NAME) && !path.is_dir() => {
                Ok(x07_files::parent(path).to_owned())
            }
            Some(path) => Ok(path.to_owned()),
            None => {
                let above = from.ancestors().find(|folder| folder.join(PACKAGE_MANIFEST_NAME).is_file());
                above.map(Path::to_owned).ok_or_else(|| {
                    let what = format!("there is no {PACKAGE_MANIFEST_NAME} in {} or above it", from.display());
                    Problem::new(Code::PackageInvalid, what)
                        .help("`x07 init --package` makes a package, `--package PATH` names one")
                })
            }
        }
    }

    /// Reads `folder/x07-package.json`.
    pub fn read(folder: &Path) -> Result<Package, Error> {
        let path = folder.join(PACKAGE_MANIFEST_NAME);
        let text = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        Package::parse(&path, &text)
    }

    /// Validates the text of a manifest that lies at `path`.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Package, Error> {
        let raw: Raw = serde_json::from_slice(text).map_err(|source| Error::Parse { path: path.to_owned(), source })?;
        check(raw).map_err(|message| Error::Invalid { path: path.to_owned(), message })
    }

    /// The version as a number of its parts.
    pub fn semver(&self) -> Outcome<Version> {
        Version::parse(&self.version).map_err(|error| {
            let what = format!("package {} has version {:?}, which is not SemVer: {error}", self.name, self.version);
            Problem::new(Code::PackageInvalid, what)
        })
    }

    /// What it needs: names with requirements, sorted by name.
    pub fn requirements(&self) -> Outcome<Vec<(String, Requirement)>> {
        let mut requirements = Vec::new();
        for text in &self.requires {
            let (name, requirement) = split_spec(text);
            let about = |problem: Problem| Problem {
                message: format!("package {}@{} requires {text:?}: {}", self.name, self.version, problem.message),
                code: Code::PackageInvalid,
                ..problem
            };
            let name = crate::name::canonical_name(name).map_err(about)?;
            let requirement = match requirement {
                Some(requirement) => Requirement::parse(requirement).map_err(about)?,
                None => Requirement::any(),
            };
            requirements.push((name, requirement));
        }
        requirements.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.as_str().cmp(y.as_str())));
        requirements.dedup();
        Ok(requirements)
    }

    /// All modules, public ones first, each once.
    pub fn all_modules(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        self.modules.iter().chain(&self.private_modules).map(String::as_str).filter(move |id| seen.insert(*id))
    }

    /// The file of a module, relative to the package, with `/` between its parts.
    pub fn module_file(&self, module: &str) -> String {
        let root = slashed(&self.module_root);
        let file = format!("{}.x07.json", module.replace('.', "/"));
        if root.is_empty() { file } else { format!("{root}/{file}") }
    }

    /// The manifest and the files of all modules, relative to the package, sorted.
    pub fn listed_files(&self) -> Vec<String> {
        let mut files: Vec<String> = self.all_modules().map(|module| self.module_file(module)).collect();
        files.push(PACKAGE_MANIFEST_NAME.to_owned());
        files.sort_unstable();
        files
    }

    /// `name@version`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

fn check(raw: Raw) -> Result<Package, String> {
    if raw.schema_version.trim() != SCHEMA {
        return Err(format!(
            "package schema_version mismatch: expected {SCHEMA:?} got {:?}",
            raw.schema_version.trim()
        ));
    }
    for (field, value) in [("name", &raw.name), ("version", &raw.version)] {
        if value.trim().is_empty() {
            return Err(format!("package {field} must not be empty"));
        }
    }
    let module_root = relative_path(raw.module_root.trim())
        .map_err(|why| format!("package module_root {:?} {why}", raw.module_root))?;
    for (field, modules) in [("modules", &raw.modules), ("private_modules", &raw.private_modules)] {
        if let Some(bad) = modules.iter().find(|module| !is_module_id(module.trim())) {
            return Err(format!("package {field} entry {bad:?} is not a module id"));
        }
    }
    let trimmed = |texts: Vec<String>| -> Vec<String> {
        texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    };
    // A world that this toolchain does not know is none that it could run the package in.
    let worlds = |names: Vec<String>| names.iter().filter_map(|name| name.trim().parse().ok()).collect();
    Ok(Package {
        name: raw.name.trim().to_owned(),
        version: raw.version.trim().to_owned(),
        module_root,
        modules: trimmed(raw.modules),
        private_modules: trimmed(raw.private_modules),
        description: raw.description,
        docs: raw.docs,
        license: raw.license,
        requires: trimmed(raw.meta.requires_packages),
        x07c_compat: match raw.meta.x07c_compat {
            Value::Null => None,
            Value::String(text) => Some(text),
            // What is no text is no requirement either, even if its text would be one.
            other => Some(format!("{other} (no text)")),
        },
        worlds_allowed: raw.meta.worlds_allowed.map(worlds),
        is_ffi: raw.meta.import_mode.as_str() == Some("ffi"),
        ffi_libs: raw.meta.ffi_libs,
    })
}

/// A relative path as archives and locks write it.
pub(crate) fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
