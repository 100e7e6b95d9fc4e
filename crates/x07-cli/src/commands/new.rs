//! `x07 new`: a project in a folder of its own.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::init::{How, create};
use crate::shell::Shell;
use crate::template;

/// Make a new project
#[derive(Debug, Args)]
#[command(after_help = template::list())]
pub(crate) struct Options {
    /// The project's folder, which must not exist yet [default: the name of the template that --template asks for]
    path: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let path = match (&self.path, self.how.template.as_deref().unwrap_or(template::DEFAULT)) {
            (Some(path), _) => path.clone(),
            (None, template::DEFAULT) => bail!("what is the project called? `x07 new NAME` makes it in a folder NAME"),
            (None, name) => PathBuf::from(template::find(name).map_or(name, |template| template.name)),
        };
        self.how.carry_out(shell, "new", self.how.template(), &path, create)
    }
}
