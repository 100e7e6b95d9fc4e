//! `x07.json`: the manifest of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::name::is_package_name;
use crate::package::PACKAGE_MANIFEST_NAME;
use crate::profile::{Profile, profile};
use crate::unknown::{UnknownField, unknown_fields};
use crate::validate::{is_library_name, relative_path};
use crate::world::World;

/// The file name of a project manifest.
pub const MANIFEST_NAME: &str = "x07.json";

/// Where the manifest points when it does not name a lockfile.
const DEFAULT_LOCKFILE: &str = "x07.lock.json";

const SCHEMA_0_2: &str = "x07.project@0.2.0";
const SCHEMA_0_3: &str = "x07.project@0.3.0";

/// The code of a manifest that cannot be read.
pub(crate) const READ: &str = "X07PROJECT_READ";
/// The code of a manifest that is not JSON of the right shape.
pub(crate) const PARSE: &str = "X07PROJECT_PARSE";

/// What a manifest is one of.
fn subject(path: &Path) -> &'static str {
    if path.ends_with(PACKAGE_MANIFEST_NAME) { "package" } else { "project" }
}

/// Why a manifest cannot be used. The texts begin with the codes that scripts look for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("[{READ}] read {}: {}: {source}", subject(path), path.display())]
    Read {
        /// The manifest.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not JSON of the right shape.
    #[error("[{PARSE}] parse {} JSON: {}: {source}", subject(path), path.display())]
    Parse {
        /// The manifest.
        path: PathBuf,
        /// What the reader said, with line and column.
        source: serde_json::Error,
    },
    /// It breaks a rule.
    #[error("{message} (in {})", path.display())]
    Invalid {
        /// The manifest.
        path: PathBuf,
        /// The rule, with the offending value.
        message: String,
    },
    /// There is none from the folder upwards.
    #[error("no {MANIFEST_NAME} in {} or any folder above it", start.display())]
    NotFound {
        /// Where the search began.
        start: PathBuf,
    },
    /// A folder without `x07.json` holds several other project files.
    #[error("several project files in {}: {}", folder.display(), names.join(", "))]
    Ambiguous {
        /// The folder.
        folder: PathBuf,
        /// The candidates.
        names: Vec<String>,
    },
}

/// A validated project manifest. Paths are relative to its folder unless they begin with `$workspace`.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The manifest file.
    pub path: PathBuf,
    /// The project's world.
    pub world: World,
    /// The entry file.
    pub entry: PathBuf,
    /// Where modules are looked for, without repeats.
    pub module_roots: Vec<String>,
    /// Native libraries.
    pub link: Link,
    /// Packages it names directly.
    pub dependencies: Vec<Dependency>,
    /// Version overrides by package name.
    pub patch: BTreeMap<String, PatchEntry>,
    /// The lockfile's place.
    pub lockfile: PathBuf,
    /// The profile used when none is asked for.
    pub default_profile: Option<String>,
    /// Profiles as written; only the selected one is validated.
    pub profiles: Option<BTreeMap<String, Value>>,
    /// Names that mean nothing and are probably misspelt.
    pub unknown_fields: Vec<UnknownField>,
}

/// The `link` object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Link {
    /// Link everything statically.
    #[serde(rename = "static")]
    pub static_link: bool,
    /// Project-relative folders searched for libraries.
    pub search_paths: Vec<String>,
    /// Library names.
    pub libs: Vec<String>,
    /// macOS frameworks.
    pub frameworks: Vec<String>,
}

/// A package that the project names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dependency {
    /// Package name.
    pub name: String,
    /// What is asked of its version.
    pub version: String,
    /// Where it lies, project-relative or below `$workspace`; `None` for a package that is fetched.
    #[serde(default)]
    pub path: Option<String>,
}

/// A version override.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PatchEntry {
    /// Exact version.
    pub version: String,
    /// A local folder instead of an archive.
    pub path: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    schema_version: String,
    world: String,
    entry: String,
    module_roots: Vec<String>,
    #[serde(default)]
    link: Link,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    patch: Pairs,
    #[serde(default, deserialize_with = "some_or_null")]
    lockfile: Option<Option<String>>,
    #[serde(default)]
    default_profile: Option<String>,
    #[serde(default)]
    profiles: Option<BTreeMap<String, Value>>,
}

/// The `patch` object with its repeats, which a map would hide.
#[derive(Default)]
struct Pairs(Vec<(String, PatchEntry)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from package names to versions")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Tells a field that is null from one that is not there.
fn some_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Manifest {
    /// Reads and validates a manifest file.
    pub fn read(path: &Path) -> Result<Manifest, Error> {
        let text = fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Manifest::parse(path, &text)
    }

    /// Validates the text of a manifest that lies at `path`.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Manifest, Error> {
        let raw: Raw = serde_json::from_slice(text).map_err(|source| Error::Parse { path: path.to_owned(), source })?;
        let unknown_fields = unknown_fields(text);
        check(path, raw, unknown_fields).map_err(|message| Error::Invalid { path: path.to_owned(), message })
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        x07_files::parent(&self.path)
    }

    /// The profile to use: the one asked for, the default one, `dev`, `os`; `None` when the project has no profiles.
    pub fn select_profile(&self, asked: Option<&str>) -> Result<Option<Profile>, Error> {
        let invalid = |message: String| Error::Invalid { path: self.path.clone(), message };
        let Some(profiles) = &self.profiles else {
            return match asked {
                None => Ok(None),
                Some(name) => Err(invalid(format!("profile {name:?} is asked for but the project has no profiles"))),
            };
        };
        let available = || profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let name = asked
            .or(self.default_profile.as_deref())
            .or_else(|| ["dev", "os"].into_iter().find(|name| profiles.contains_key(*name)))
            .ok_or_else(|| invalid(format!("choose a profile; available: {}", available())))?;
        let value = profiles
            .get(name)
            .ok_or_else(|| invalid(format!("unknown profile {name:?}; available: {}", available())))?;
        profile(name, value).map(Some).map_err(|why| invalid(format!("profile {name:?}: {why}")))
    }

    /// The arguments that `link` adds to the C compiler's link call.
    pub fn link_arguments(&self) -> Vec<String> {
        let link = &self.link;
        let mut arguments = Vec::new();
        if link.static_link {
            arguments.push("-static".to_owned());
        }
        for path in &link.search_paths {
            arguments.push("-L".to_owned());
            arguments.push(self.folder().join(path).to_string_lossy().into_owned());
        }
        for library in &link.libs {
            arguments.push("-l".to_owned());
            arguments.push(library.clone());
        }
        for framework in &link.frameworks {
            arguments.push("-framework".to_owned());
            arguments.push(framework.clone());
        }
        arguments
    }
}

fn check(path: &Path, raw: Raw, unknown_fields: Vec<UnknownField>) -> Result<Manifest, String> {
    let mut patch = BTreeMap::new();
    for (key, entry) in raw.patch.0 {
        let key = key.trim().to_owned();
        if key.is_empty() {
            return Err("project.patch key must be non-empty".to_owned());
        }
        if patch.insert(key.clone(), entry).is_some() {
            return Err(format!("project.patch has duplicate key {key:?}"));
        }
    }
    let schema = raw.schema_version.trim();
    if schema != SCHEMA_0_2 && schema != SCHEMA_0_3 {
        return Err(format!(
            "project schema_version mismatch: expected one of [{SCHEMA_0_2:?}, {SCHEMA_0_3:?}] got {schema:?}"
        ));
    }
    if schema == SCHEMA_0_2 && !patch.is_empty() {
        return Err(format!("project.patch requires project schema_version {SCHEMA_0_3:?}"));
    }
    let world_text = raw.world.trim();
    let world: World = world_text.parse().map_err(|error| format!("invalid project world {world_text:?}: {error}"))?;

    let entry_text = raw.entry.trim();
    let entry = relative_path(entry_text).map_err(|why| format!("project entry {entry_text:?} {why}"))?;
    if !entry_text.ends_with(".x07.json") {
        return Err(format!("project entry {entry_text:?} must end with .x07.json"));
    }

    if raw.module_roots.is_empty() {
        return Err("project module_roots must not be empty".to_owned());
    }
    let mut module_roots: Vec<String> = Vec::new();
    for (index, root) in raw.module_roots.iter().enumerate() {
        let root =
            workspace_or_relative(root).map_err(|why| format!("project module_roots[{index}] {root:?} {why}"))?;
        if !module_roots.contains(&root) {
            module_roots.push(root);
        }
    }

    for (field, names) in [("libs", &raw.link.libs), ("frameworks", &raw.link.frameworks)] {
        if let Some(name) = names.iter().find(|name| !is_library_name(name)) {
            return Err(format!("project link.{field} entry {name:?} is not a library name"));
        }
    }
    for path in &raw.link.search_paths {
        relative_path(path).map_err(|why| format!("project link.search_paths entry {path:?} {why}"))?;
    }

    let mut dependencies = Vec::new();
    for (index, dependency) in raw.dependencies.into_iter().enumerate() {
        let path = match &dependency.path {
            None => None,
            Some(path) => Some(
                workspace_or_relative(path)
                    .map_err(|why| format!("project dependencies[{index}].path {path:?} {why}"))?,
            ),
        };
        dependencies.push(Dependency {
            name: dependency.name.trim().to_owned(),
            version: dependency.version.trim().to_owned(),
            path,
        });
    }

    for (key, entry) in &patch {
        if !is_package_name(key) {
            return Err(format!("project.patch key {key:?} is not a package name"));
        }
        if entry.version.trim().is_empty() {
            return Err(format!("project.patch[{key:?}].version must not be empty"));
        }
        if let Some(path) = &entry.path {
            workspace_or_relative(path).map_err(|why| format!("project.patch[{key:?}].path {path:?} {why}"))?;
        }
    }

    let lockfile = match raw.lockfile.as_ref().map(|text| text.as_deref().map(str::trim)) {
        // There is no project without a lockfile, and it would be odd to get one by asking for none.
        Some(None) => return Err(format!("project lockfile is null: leave it out for {DEFAULT_LOCKFILE:?}")),
        None | Some(Some("")) => PathBuf::from(DEFAULT_LOCKFILE),
        Some(Some(text)) => relative_path(text).map_err(|why| format!("project lockfile {text:?} {why}"))?,
    };

    Ok(Manifest {
        path: path.to_owned(),
        world,
        entry,
        module_roots,
        link: raw.link,
        dependencies,
        patch,
        lockfile,
        default_profile: raw.default_profile,
        profiles: raw.profiles,
        unknown_fields,
    })
}

/// A manifest path in its normal form; `$workspace` stays in front and is resolved by whoever uses the path.
fn workspace_or_relative(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text == "$workspace" {
        return Ok(text.to_owned());
    }
    let (prefix, rest) = match text.strip_prefix("$workspace/") {
        Some(rest) => ("$workspace/", rest),
        None => ("", text),
    };
    let clean = relative_path(rest)?;
    let clean = if clean.as_os_str().is_empty() { "." } else { clean.to_str().unwrap_or(rest) };
    Ok(format!("{prefix}{clean}"))
}

/// Finds the project that `start` belongs to: the first folder upwards with `x07.json`, or with exactly one
/// `*.x07project.json`.
pub fn find_manifest(start: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(start).map_err(|source| Error::Read { path: start.to_owned(), source })?;
    for folder in absolute.ancestors() {
        let manifest = folder.join(MANIFEST_NAME);
        if manifest.is_file() {
            return Ok(manifest);
        }
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.ends_with(".x07project.json"))
            .collect();
        names.sort();
        match names.as_slice() {
            [] => {}
            [name] => return Ok(folder.join(name)),
            _ => {
                return Err(Error::Ambiguous { folder: folder.to_owned(), names });
            }
        }
    }
    Err(Error::NotFound { start: start.to_owned() })
}
