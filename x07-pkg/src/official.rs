//! The packages that the toolchain carries, as a registry that is always there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::archive::pack_files;
use crate::content;
use crate::digest::{Files, sha256};
use crate::options::Options;
use crate::package::{PACKAGE_MANIFEST_NAME, Package};
use crate::problem::{Code, Problem, Result};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/official.rs"));
}

/// A package of the toolchain.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) package: Package,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Embedded(&'static [(&'static str, &'static [u8])]),
    Folder(PathBuf),
}

/// All of them, by name and version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Official {
    packages: BTreeMap<String, BTreeMap<Version, Carried>>,
}

impl Official {
    /// Those of the toolchain, or of the repository that stands in for it.
    pub(crate) fn open(repository: Option<&Path>) -> Result<Official> {
        match repository.map(|repository| repository.join("packages").join("ext")).filter(|folder| folder.is_dir()) {
            Some(folder) => Official::from_folder(&folder),
            None => Official::embedded(),
        }
    }

    fn embedded() -> Result<Official> {
        let mut official = Official::default();
        for files in embedded::PACKAGES {
            let manifest = files.iter().find(|(path, _)| *path == PACKAGE_MANIFEST_NAME);
            let manifest = manifest.map(|(_, text)| *text).unwrap_or_default();
            let package = Package::parse(Path::new(PACKAGE_MANIFEST_NAME), manifest)?;
            official.add(package, Place::Embedded(files))?;
        }
        Ok(official)
    }

    fn from_folder(folder: &Path) -> Result<Official> {
        let list = |folder: &Path| -> Result<Vec<PathBuf>> {
            let entries = fs::read_dir(folder).map_err(Problem::io("list", folder))?;
            Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        };
        let mut official = Official::default();
        for name in list(folder)? {
            for version in list(&name)? {
                if version.join(PACKAGE_MANIFEST_NAME).is_file() {
                    official.add(Package::read(&version)?, Place::Folder(version))?;
                }
            }
        }
        Ok(official)
    }

    fn add(&mut self, package: Package, place: Place) -> Result<()> {
        let version = package.semver()?;
        self.packages.entry(package.name.clone()).or_default().insert(version, Carried { package, place });
        Ok(())
    }

    /// The names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// The versions of a package, the lowest first.
    pub(crate) fn versions(&self, name: &str) -> impl DoubleEndedIterator<Item = (&Version, &Carried)> {
        self.packages.get(name).into_iter().flatten()
    }

    pub(crate) fn get(&self, name: &str, version: &Version) -> Option<&Carried> {
        self.packages.get(name)?.get(version)
    }

    /// The newest version of every package.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Carried> {
        self.packages.values().filter_map(|versions| versions.values().next_back())
    }
}

/// Name and version of the package that the toolchain carries and that offers a module, if there is one.
pub fn official_provider(module: &str, options: &Options) -> Option<(String, String)> {
    let official = Official::open(options.environment.repository.as_deref()).ok()?;
    let provider = official.newest().find(|carried| carried.package.modules.iter().any(|id| id == module))?;
    Some((provider.package.name.clone(), provider.package.version.clone()))
}

impl Carried {
    /// Its archive and that archive's SHA-256.
    pub(crate) fn archive(&self) -> Result<(Vec<u8>, String)> {
        let bytes = pack_files(&self.files()?)?;
        let sha256 = sha256(&bytes);
        Ok((bytes, sha256))
    }

    fn files(&self) -> Result<Files> {
        match &self.place {
            Place::Folder(folder) => Ok(content::read(folder)?.1),
            Place::Embedded(files) => {
                let files: Files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
                let listed = files.into_iter().filter(|(path, _)| content::belongs(&self.package, path)).collect();
                Ok(listed)
            }
        }
    }

    /// What to say when something about it is wrong.
    pub(crate) fn changed(&self) -> Problem {
        let what = format!("the {} that this toolchain carries is not the one that is locked", self.package.id());
        Problem::new(Code::ContentMismatch, what).help(format!("`x07 update {}` locks this one", self.package.name))
    }
}
