//! `x07 new`: a project in a folder of its own.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::init::{How, create};
use crate::shell::Shell;

/// Make a new project
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The project's folder, which must not exist yet
    path: PathBuf,
    #[command(flatten)]
    how: How,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        self.how.carry_out(shell, "new", &self.path, create)
    }
}
