//! One module per command: its options, and the calls it makes.

mod build;
mod cache;
mod check;
mod clean;
mod doc;
mod doctor;
mod explain;
mod failure;
mod fix;
mod fmt;
mod guide;
mod init;
mod lint;
mod new;
mod run;
mod test;
mod trap;

use anyhow::Result;
use clap::Subcommand;

use crate::shell::Shell;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(new::Options),
    Init(init::Options),
    #[command(visible_alias = "b")]
    Build(Box<build::Options>),
    #[command(visible_alias = "r")]
    Run(Box<run::Options>),
    #[command(visible_alias = "c")]
    Check(check::Options),
    #[command(visible_alias = "t")]
    Test(Box<test::Options>),
    Fmt(fmt::Options),
    Lint(lint::Options),
    Fix(fix::Options),
    Clean(clean::Options),
    Cache(cache::Options),
    Doc(doc::Options),
    Doctor(doctor::Options),
    Explain(explain::Options),
    Guide(guide::Options),
}

impl Command {
    /// Carries the command out and gives the status to exit with.
    pub(crate) fn run(self, shell: &Shell) -> Result<u8> {
        match self {
            Command::New(options) => options.run(shell),
            Command::Init(options) => options.run(shell),
            Command::Build(options) => options.run(shell),
            Command::Run(options) => options.run(shell),
            Command::Check(options) => options.run(shell),
            Command::Test(options) => options.run(shell),
            Command::Fmt(options) => options.run(shell),
            Command::Lint(options) => options.run(shell),
            Command::Fix(options) => options.run(shell),
            Command::Clean(options) => options.run(shell),
            Command::Cache(options) => options.run(shell),
            Command::Doc(options) => options.run(shell),
            Command::Doctor(options) => options.run(shell),
            Command::Explain(options) => options.run(shell),
            Command::Guide(options) => options.run(shell),
        }
    }
}
