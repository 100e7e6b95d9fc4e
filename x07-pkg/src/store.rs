//! The packages of all projects of a user: archives by their SHA-256. Projects get files of their own, which nobody else
//! shares: what is done to them in one project stays there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::archive::unpack;
use crate::digest::{Files, sha256};
use crate::files::{make_private_folder, write_atomic};
use crate::package::Package;
use crate::problem::{Code, Problem, Result};

/// The store's folder; the project's own when the user has none.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    pub(crate) fn new(home: Option<&Path>, project: &Path) -> Store {
        let root = home.map(|home| home.join("cache"));
        Store { root: root.unwrap_or_else(|| project.join(".x07").join("cache")) }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn archive_path(&self, cksum: &str) -> PathBuf {
        self.root.join("sha256").join(format!("{cksum}.x07pkg"))
    }

    /// The archive with this SHA-256, if it is here; a damaged one is removed.
    pub(crate) fn archive(&self, cksum: &str) -> Option<Vec<u8>> {
        let path = self.archive_path(cksum);
        let bytes = fs::read(&path).ok()?;
        if sha256(&bytes) == cksum {
            return Some(bytes);
        }
        let _ = fs::remove_file(&path);
        None
    }

    /// Keeps an archive. One that cannot be kept is fetched again.
    pub(crate) fn keep(&self, cksum: &str, bytes: &[u8]) {
        let path = self.archive_path(cksum);
        if !path.is_file() {
            self.make_home();
            let _ = write_atomic(&path, bytes);
        }
    }

    /// Tokens lie beside the store, so nobody else may look into the folder of both. One that cannot be made costs time
    /// and nothing else.
    fn make_home(&self) {
        let _ = self.root.parent().map(make_private_folder);
    }

    /// Puts an unpacked package in the place of whatever is at `destination`.
    pub(crate) fn place(&self, files: &Files, project: &Path, destination: &Path) -> Result<()> {
        let failed = |error: io::Error| Problem::io("write the package to", destination)(error);
        let staging = project.join(".x07").join("tmp");
        fs::create_dir_all(&staging).map_err(failed)?;
        let staging = tempfile::Builder::new().prefix("unpack_").tempdir_in(&staging).map_err(failed)?;
        let fresh = staging.path().join("new");
        for (path, bytes) in files {
            let target = fresh.join(path);
            fs::create_dir_all(target.parent().unwrap_or(&fresh)).map_err(failed)?;
            fs::write(&target, bytes).map_err(failed)?;
        }
        fs::create_dir_all(destination.parent().unwrap_or(project)).map_err(failed)?;
        // A folder cannot be replaced in one step; between the two there is none, which a build fetches again.
        match fs::rename(destination, staging.path().join("old")) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        match fs::rename(&fresh, destination) {
            // Somebody else has just put the same package there.
            Err(_) if destination.is_dir() => Ok(()),
            result => result.map_err(failed),
        }
    }
}

/// Unpacks an archive that must hold a certain package.
pub(crate) fn unpack_as(name: &str, version: &semver::Version, bytes: &[u8]) -> Result<(Package, Files)> {
    let (package, files) = unpack(bytes)
        .map_err(|problem| Problem { message: format!("{name}@{version}: {}", problem.message), ..problem })?;
    if package.name != name || package.version != version.to_string() {
        let what = format!("the archive of {name}@{version} holds {}", package.id());
        return Err(Problem::new(Code::ArchiveInvalid, what));
    }
    Ok((package, files))
}
