//! Commands about packages, and `x07 pkg`, which has them under the names that scripts know.

mod add;
mod lock;
mod login;
mod publish;
mod query;
mod registry;
mod tell;
mod tree;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use x07_pkg::{Code, MANIFEST_NAME, Manifest, Problem, find_manifest};

pub(crate) use self::add::{Add, Remove};
pub(crate) use self::lock::{Fetch, Lock, Update, Vendor};
pub(crate) use self::login::Login;
pub(crate) use self::publish::{Pack, Publish, Yank};
pub(crate) use self::query::{Info, Provides, Search, Versions};
pub(crate) use self::registry::Registry;
pub(crate) use self::tell::{tell, tell_build};
pub(crate) use self::tree::{Tree, Why};
use crate::files::search_upwards;
use crate::render::MessageFormat;
use crate::shell::Shell;

/// Exit status of a failure that has a code of its own.
const CODED_FAILURE: u8 = 20;

/// Options of every command about packages.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The project's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

/// Where packages come from.
#[derive(Debug, Args)]
pub(crate) struct SourceOptions {
    /// The registry: the address of an index, a folder, or a name from config.toml
    #[arg(long, visible_alias = "registry", value_name = "URL")]
    index: Option<String>,
    /// Use no network
    #[arg(long)]
    offline: bool,
}

/// How the result is told.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// How the result is told [default: human; json under `x07 pkg`]
    #[arg(long, value_enum, value_name = "FORMAT")]
    message_format: Option<MessageFormat>,
}

impl SourceOptions {
    fn options(&self) -> x07_pkg::Options {
        let mut options = x07_pkg::Options::read();
        options.index = self.index.clone();
        options.offline = self.offline;
        options
    }
}

impl Common {
    fn options(&self) -> x07_pkg::Options {
        self.source.options()
    }

    /// The project's manifest. Tells of fields in it that mean nothing.
    fn manifest(&self, shell: &Shell) -> Result<PathBuf, Problem> {
        let path = manifest_path(self.project.as_deref())?;
        // What is wrong with it is said of the path as a person would write it.
        warn_of_unknown_fields(shell, &Manifest::read(&crate::files::shown(&path))?);
        Ok(path)
    }
}

/// Tells of fields that mean nothing, which are misspelt more often than not.
pub(crate) fn warn_of_unknown_fields(shell: &Shell, manifest: &Manifest) {
    for field in &manifest.unknown_fields {
        let help = field.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        shell.warning(&format!("{}{help}", field.message(&crate::files::shown(&manifest.path))));
    }
}

/// The manifest at `path`, which may be its folder, or the one found upwards from the current folder.
fn manifest_path(path: Option<&Path>) -> Result<PathBuf, Problem> {
    let here =
        || env::current_dir().map_err(|error| Problem::new(Code::Io, format!("the current folder is gone: {error}")));
    match path {
        Some(folder) if folder.is_dir() => Ok(folder.join(MANIFEST_NAME)),
        Some(file) => Ok(search_upwards(file)),
        None => find_manifest(&here()?).map_err(|error| match error {
            x07_pkg::Error::NotFound { .. } => {
                Problem::from(error).help("`x07 new NAME` makes a project, `--project PATH` names one")
            }
            error => error.into(),
        }),
    }
}

/// The folder that questions without a project are asked from.
fn any_folder() -> PathBuf {
    env::current_dir().unwrap_or_default()
}

/// One command on its way: its name in reports and how it tells.
struct Teller<'a> {
    shell: &'a Shell,
    command: &'static str,
    format: MessageFormat,
}

#[derive(Serialize)]
struct Report<'a, T> {
    ok: bool,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ReportedError<'a>>,
}

#[derive(Serialize)]
struct ReportedError<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> Teller<'a> {
    fn new(shell: &'a Shell, command: &'static str, how: &How, default: MessageFormat) -> Teller<'a> {
        Teller { shell, command, format: how.message_format.unwrap_or(default) }
    }

    /// Tells what came of the command and gives the status to exit with.
    fn finish<T: Serialize>(
        &self,
        result: std::result::Result<T, Problem>,
        human: impl FnOnce(&Shell, &T) -> Result<()>,
    ) -> Result<u8> {
        match (result, self.format) {
            (Ok(report), MessageFormat::Human) => {
                human(self.shell, &report)?;
                Ok(0)
            }
            (Ok(report), MessageFormat::Json) => {
                self.print(&Report { ok: true, command: self.command, result: Some(report), error: None })?;
                Ok(0)
            }
            (Err(problem), MessageFormat::Human) => {
                self.shell.problem(&problem);
                Ok(CODED_FAILURE)
            }
            (Err(problem), MessageFormat::Json) => {
                let error = ReportedError {
                    code: problem.code.as_str(),
                    message: &problem.message,
                    hint: problem.help.as_deref(),
                };
                self.print(&Report::<()> { ok: false, command: self.command, result: None, error: Some(error) })?;
                Ok(CODED_FAILURE)
            }
        }
    }

    fn print<T: Serialize>(&self, report: &T) -> Result<()> {
        self.shell.print(&format!("{}\n", serde_json::to_string(report)?))?;
        Ok(())
    }
}

impl x07_pkg::Observer for Teller<'_> {
    fn event(&self, event: x07_pkg::Event<'_>) {
        if self.format == MessageFormat::Human || matches!(event, x07_pkg::Event::Warning(_)) {
            tell(self.shell, event);
        }
    }
}

/// Commands about packages, with JSON reports
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: PkgCommand,
}

#[derive(Debug, Subcommand)]
enum PkgCommand {
    Add(Add),
    Remove(Remove),
    Update(Update),
    Tree(Tree),
    Why(Why),
    Lock(Lock),
    Fetch(Fetch),
    Vendor(Vendor),
    Pack(Pack),
    Publish(Publish),
    Yank(Yank),
    Login(Login),
    Search(Search),
    Info(Info),
    Versions(Versions),
    Provides(Provides),
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let json = MessageFormat::Json;
        match &self.command {
            PkgCommand::Add(command) => command.run(shell, json),
            PkgCommand::Remove(command) => command.run(shell, json),
            PkgCommand::Update(command) => command.run(shell, json),
            PkgCommand::Tree(command) => command.run(shell, json),
            PkgCommand::Why(command) => command.run(shell, json),
            PkgCommand::Lock(command) => command.run(shell, json),
            PkgCommand::Fetch(command) => command.run(shell, json),
            PkgCommand::Vendor(command) => command.run(shell, json),
            PkgCommand::Pack(command) => command.run(shell, json),
            PkgCommand::Publish(command) => command.run(shell, json),
            PkgCommand::Yank(command) => command.run(shell, json),
            PkgCommand::Login(command) => command.run(shell, json),
            PkgCommand::Search(command) => command.run(shell, json),
            PkgCommand::Info(command) => command.run(shell, json),
            PkgCommand::Versions(command) => command.run(shell, json),
            PkgCommand::Provides(command) => command.run(shell, json),
        }
    }
}
