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
pub(crate) mod pkg;
mod policy;
mod run;
mod sandbox;
mod test;
mod trap;

use anyhow::Result;
use clap::Subcommand;

use crate::render::MessageFormat;
use crate::shell::Shell;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(new::Options),
    Init(init::Options),
    #[command(visible_aliases = ["b", "bundle"])]
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
    Add(pkg::Add),
    Remove(pkg::Remove),
    Update(pkg::Update),
    Tree(pkg::Tree),
    Why(pkg::Why),
    Lock(pkg::Lock),
    Fetch(pkg::Fetch),
    Vendor(pkg::Vendor),
    Pack(pkg::Pack),
    Publish(pkg::Publish),
    Yank(pkg::Yank),
    Login(pkg::Login),
    Search(pkg::Search),
    Info(pkg::Info),
    Versions(pkg::Versions),
    Registry(pkg::Registry),
    Pkg(pkg::Options),
    Cache(cache::Options),
    Doc(doc::Options),
    Doctor(doctor::Options),
    Policy(policy::Options),
    Explain(explain::Options),
    Guide(guide::Options),
}

impl Command {
    /// True for what works whatever the settings are.
    pub(crate) fn only_explains(&self) -> bool {
        matches!(self, Command::Explain(_) | Command::Guide(_))
    }

    /// Carries the command out and gives the status to exit with.
    pub(crate) fn run(self, shell: &Shell) -> Result<u8> {
        let human = MessageFormat::Human;
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
            Command::Add(command) => command.run(shell, human),
            Command::Remove(command) => command.run(shell, human),
            Command::Update(command) => command.run(shell, human),
            Command::Tree(command) => command.run(shell, human),
            Command::Why(command) => command.run(shell, human),
            Command::Lock(command) => command.run(shell, human),
            Command::Fetch(command) => command.run(shell, human),
            Command::Vendor(command) => command.run(shell, human),
            Command::Pack(command) => command.run(shell, human),
            Command::Publish(command) => command.run(shell, human),
            Command::Yank(command) => command.run(shell, human),
            Command::Login(command) => command.run(shell, human),
            Command::Search(command) => command.run(shell, human),
            Command::Info(command) => command.run(shell, human),
            Command::Versions(command) => command.run(shell, human),
            Command::Registry(command) => command.run(shell, human),
            Command::Pkg(options) => options.run(shell),
            Command::Cache(options) => options.run(shell),
            Command::Doc(options) => options.run(shell),
            Command::Doctor(options) => options.run(shell),
            Command::Policy(options) => options.run(shell),
            Command::Explain(options) => options.run(shell),
            Command::Guide(options) => options.run(shell),
        }
    }
}
