//! Hand-made artifacts: shell scripts that speak the frame protocol, well or badly.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A script that is executable as an artifact, in a folder of its own.
pub struct Artifact {
    folder: TempDir,
}

impl Artifact {
    pub fn new(script: &str) -> Self {
        let artifact = Artifact { folder: tempfile::tempdir().unwrap() };
        fs::write(artifact.path(), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(artifact.path(), fs::Permissions::from_mode(0o755)).unwrap();
        artifact
    }

    pub fn path(&self) -> PathBuf {
        self.folder().join("artifact")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Prints the output `x` in a frame and a line of metrics.
pub const ANSWER: &str = "printf '\\001\\000\\000\\000x'; echo '{\"fuel_used\":5}' >&2";
