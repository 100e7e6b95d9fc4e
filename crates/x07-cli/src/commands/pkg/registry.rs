//! `x07 registry`: registries that are folders.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use x07_pkg::ops;

use super::{How, Teller};
use crate::files::shown;
use crate::render::MessageFormat;
use crate::shell::{Shell, count};

/// Look after a registry
#[derive(Debug, Args)]
pub(crate) struct Registry {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a folder of *.x07pkg archives a registry that any web server can serve
    Index(Index),
}

#[derive(Debug, Args)]
struct Index {
    /// The folder
    folder: PathBuf,
    #[command(flatten)]
    how: How,
}

impl Registry {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let What::Index(index) = &self.what;
        let teller = Teller::new(shell, "registry.index", &index.how, default);
        teller.finish(ops::index_folder(&index.folder), |shell, report| {
            let packages = count(report.packages.len(), "version");
            shell.status("Indexed", &format!("{packages} in {}", shown(&report.folder).display()));
            Ok(())
        })
    }
}
