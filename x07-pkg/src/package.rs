//! `x07-package.json`: the manifest of a package, as far as building a dependent project needs it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::manifest::Error;
use crate::validate::relative_path;

/// The file name of a package manifest.
pub const PACKAGE_MANIFEST_NAME: &str = "x07-package.json";

const SCHEMA: &str = "x07.package@0.1.0";

/// A package's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// The folder of its modules, relative to the package.
    pub module_root: PathBuf,
}

#[derive(Deserialize)]
struct Raw {
    schema_version: String,
    name: String,
    version: String,
    module_root: String,
}

impl Package {
    /// Reads `folder/x07-package.json`.
    pub fn read(folder: &Path) -> Result<Package, Error> {
        let path = folder.join(PACKAGE_MANIFEST_NAME);
        let text = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let raw: Raw = serde_json::from_slice(&text).map_err(|source| Error::Parse { path: path.clone(), source })?;
        let invalid = |message: String| Error::Invalid { path: path.clone(), message };
        if raw.schema_version.trim() != SCHEMA {
            return Err(invalid(format!(
                "package schema_version mismatch: expected {SCHEMA:?} got {:?}",
                raw.schema_version.trim()
            )));
        }
        for (field, value) in [("name", &raw.name), ("version", &raw.version)] {
            if value.trim().is_empty() {
                return Err(invalid(format!("package {field} must not be empty")));
            }
        }
        let module_root = relative_path(raw.module_root.trim())
            .map_err(|why| invalid(format!("package module_root {:?} {why}", raw.module_root)))?;
        Ok(Package { name: raw.name.trim().to_owned(), version: raw.version.trim().to_owned(), module_root })
    }
}
