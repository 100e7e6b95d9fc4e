//! `x07 clean`: removes what builds left in the project.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::project::manifest;
use crate::shell::{Shell, count, size};

/// Remove the project's build folder
#[derive(Debug, Args)]
#[command(after_help = "The cache that all projects share is left alone; see `x07 cache`.")]
pub(crate) struct Options {
    /// The project's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let folder = manifest(self.project.as_deref())?.folder().join(".x07").join("build");
        // A link may lead to somebody else's folder.
        let is_folder = folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if !is_folder {
            shell.status("Removed", "nothing, there is no build folder");
            return Ok(0);
        }
        let (files, bytes) = measure(&folder);
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        shell.status("Removed", &format!("{}, {}", count(files, "file"), size(bytes)));
        Ok(0)
    }
}

fn measure(folder: &Path) -> (usize, u64) {
    let mut total = (0, 0);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let (files, bytes) = if metadata.is_dir() { measure(&entry.path()) } else { (1, metadata.len()) };
        total = (total.0 + files, total.1 + bytes);
    }
    total
}
