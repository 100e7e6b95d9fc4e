//! `pack`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::archive::{Packed, pack};
use crate::files::write_atomic;
use crate::problem::Result;
use crate::sources::archive_name;

/// What `pack` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackReport {
    /// The package's folder.
    pub package_dir: PathBuf,
    /// The archive.
    pub out: PathBuf,
    /// The archive's SHA-256.
    pub sha256: String,
    /// The archive's size.
    pub bytes: usize,
    /// What is in it.
    pub files: Vec<String>,
}

/// Packs the package in `folder` into `out`, or into its `dist`.
pub fn pack_to(folder: &Path, out: Option<&Path>) -> Result<PackReport> {
    let Packed { package, bytes, sha256, files } = pack(folder)?;
    let out = match out {
        Some(out) => out.to_owned(),
        None => folder.join("dist").join(archive_name(&package.name, &package.semver()?)),
    };
    write_atomic(&out, &bytes)?;
    Ok(PackReport { package_dir: folder.to_owned(), out, sha256, bytes: bytes.len(), files })
}
