//! `config.toml` in the user's folder, and the toolchain that a project is pinned to.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::name::near_matches;
use crate::problem::{Code, Problem, Result};
use crate::requirement::Requirement;
use crate::unknown::{self, UnknownField};

/// The settings file's name in the user's folder.
pub const SETTINGS_NAME: &str = "config.toml";

/// The file that pins a project to a toolchain.
pub const TOOLCHAIN_NAME: &str = "x07-toolchain.toml";

/// What a user has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Settings of the registry that is used by default.
    pub registry: DefaultRegistry,
    /// Registries by the names that `--registry` takes.
    pub registries: BTreeMap<String, RegistrySettings>,
    /// Settings of the build cache.
    pub cache: CacheSettings,
    /// Settings of builds.
    pub build: BuildSettings,
    /// Settings of what is printed.
    pub term: TermSettings,
    /// Names that mean nothing and are probably misspelt.
    #[serde(skip)]
    pub unknown_fields: Vec<UnknownField>,
}

/// `[registry]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DefaultRegistry {
    /// The name of the registry used when nobody names one.
    pub default: Option<String>,
}

/// `[registries.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RegistrySettings {
    /// The address of its index.
    pub index: String,
}

/// `[cache]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CacheSettings {
    /// What `x07 cache gc` shrinks the build cache to, such as `"2GiB"`.
    #[serde(rename = "max-size")]
    pub max_size: Option<String>,
}

/// `[build]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BuildSettings {
    /// The C compiler, when `X07_CC` names none.
    pub cc: Option<String>,
}

/// `[term]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TermSettings {
    /// When output is coloured.
    pub color: Option<Color>,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// On a terminal that knows colours.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The tables of the settings with their fields; those of `registries` are for each of its own.
const TABLES: &[(&str, &[&str])] = &[
    ("registry", &["default"]),
    ("registries", &["index"]),
    ("cache", &["max-size"]),
    ("build", &["cc"]),
    ("term", &["color"]),
];

impl Settings {
    /// Reads the settings in the user's folder; the defaults when there are none.
    pub fn read(home: Option<&Path>) -> Result<Settings> {
        let Some(home) = home else {
            return Ok(Settings::default());
        };
        let path = home.join(SETTINGS_NAME);
        let mut settings: Settings = read_toml(&path)?.unwrap_or_default();
        let table: toml::Table = read_toml(&path)?.unwrap_or_default();
        settings.unknown_fields = unknown_settings(&serde_json::to_value(table).unwrap_or_default());
        Ok(settings)
    }

    /// The address of a registry's index, given a name or an address.
    pub(crate) fn index_of(&self, name: &str) -> Result<String> {
        if name.contains(['/', ':', '\\', '.']) {
            return Ok(name.to_owned());
        }
        if let Some(registry) = self.registries.get(name) {
            return Ok(registry.index.clone());
        }
        let mut help = "name it in config.toml: [registries.NAME] index = \"https://...\"".to_owned();
        if let Some(near) = near_matches(name, self.registries.keys().map(String::as_str)).first() {
            help = format!("did you mean {near}?");
        }
        Err(Problem::new(Code::NoRegistry, format!("there is no registry {name:?} in the settings")).help(help))
    }

    /// The address of the default registry's index.
    pub(crate) fn default_index(&self) -> Result<Option<String>> {
        self.registry.default.as_deref().map(|name| self.index_of(name)).transpose()
    }
}

fn unknown_settings(settings: &Value) -> Vec<UnknownField> {
    let mut found = Vec::new();
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    unknown::look(settings, &tables, "", &mut found);
    for (table, fields) in TABLES {
        match *table {
            "registries" => {
                for (name, registry) in settings[table].as_object().into_iter().flatten() {
                    unknown::look(registry, fields, &format!("{table}.{name}."), &mut found);
                }
            }
            _ => unknown::look(&settings[table], fields, &format!("{table}."), &mut found),
        }
    }
    found
}

/// `x07-toolchain.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Where it was found.
    pub path: PathBuf,
    /// The versions of the toolchain that the project is meant for.
    pub version: Requirement,
}

impl Pin {
    /// The pin of the project in `folder`: what the nearest file from there upwards says of the version, if it does.
    pub fn find(folder: &Path) -> Result<Option<Pin>> {
        #[derive(Deserialize)]
        struct Document {
            toolchain: Toolchain,
        }
        #[derive(Deserialize)]
        struct Toolchain {
            /// Other tools know a `channel` instead, of which this one has no more than one.
            version: Option<String>,
        }
        for folder in folder.ancestors() {
            let path = folder.join(TOOLCHAIN_NAME);
            if let Some(document) = read_toml::<Document>(&path)? {
                let Some(version) = document.toolchain.version else {
                    return Ok(None);
                };
                let version = Requirement::parse(&version).map_err(|problem| Problem {
                    code: Code::ConfigInvalid,
                    message: format!("{}: {}", path.display(), problem.message),
                    help: problem.help,
                })?;
                return Ok(Some(Pin { path, version }));
            }
        }
        Ok(None)
    }
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::io("read", path)(error)),
    };
    toml::from_str(&text).map(Some).map_err(|error| {
        Problem::new(Code::ConfigInvalid, format!("{}: {}", path.display(), error.to_string().trim_end()))
    })
}
