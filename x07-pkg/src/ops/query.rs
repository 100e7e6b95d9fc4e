//! `provides`: who has a module.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::lockfile::Lock;
use crate::official::Official;
use crate::options::Options;
use crate::problem::Result;
use crate::project::Project;

/// Who has a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvidesReport {
    /// Always `x07.pkg.provides.report@0.1.0`.
    pub schema_version: &'static str,
    /// Somebody has it.
    pub ok: bool,
    /// The module.
    pub module_id: String,
    /// Who, sorted by kind and name.
    pub providers: Vec<Provider>,
}

/// Somebody who has a module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Provider {
    /// `builtin`, `catalog`, `dependency` or `local`.
    pub kind: &'static str,
    /// The package, or the module itself.
    pub name: String,
    /// A package's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where its modules are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module_root: Option<String>,
}

/// Who has a module, for a project or for nobody in particular. `is_builtin` says whether the toolchain's library does.
pub fn provides(manifest: Option<&Path>, options: &Options, module: &str, is_builtin: bool) -> Result<ProvidesReport> {
    let mut providers = BTreeSet::new();
    let mut provider = |kind, name: &str, version: Option<&str>, root: Option<&str>| {
        providers.insert(Provider {
            kind,
            name: name.to_owned(),
            version: version.map(str::to_owned),
            module_root: root.map(str::to_owned),
        });
    };
    if is_builtin {
        provider("builtin", module, None, None);
    }
    for carried in Official::open(options.environment.repository.as_deref())?.newest() {
        if carried.package.modules.iter().any(|id| id == module) {
            provider("catalog", &carried.package.name, Some(&carried.package.version), None);
        }
    }
    if let Some(manifest) = manifest {
        let project = Project::open(manifest, options)?;
        for root in &project.manifest.module_roots {
            let file = project.resolve(root)?.join(format!("{}.x07.json", module.replace('.', "/")));
            if file.is_file() {
                provider("local", module, None, Some(root));
            }
        }
        for locked in Lock::read(&project.lockfile())?.unwrap_or_default().packages {
            if locked.modules_sha256.contains_key(module) {
                let root = format!("{}/{}", locked.path, locked.module_root);
                provider("dependency", &locked.name, Some(&locked.version.to_string()), Some(&root));
            }
        }
    }
    let providers: Vec<Provider> = providers.into_iter().collect();
    Ok(ProvidesReport {
        schema_version: "x07.pkg.provides.report@0.1.0",
        ok: !providers.is_empty(),
        module_id: module.to_owned(),
        providers,
    })
}
