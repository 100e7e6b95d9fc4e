//! The command `x07`: arguments, progress, rendering. Whatever deserves the name of logic is in the libraries below.

mod catalogue;
mod commands;
mod files;
mod interrupt;
mod progress;
mod project;
mod render;
mod settings;
mod shell;
mod template;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use x07_pkg::Color;
use x07_runner::sandbox::PolicyError;

use crate::commands::Command;
use crate::shell::{ColorWhen, Shell};

/// Build, run and look after X07 programs
#[derive(Debug, Parser)]
#[command(
    name = "x07",
    version,
    max_term_width = 100,
    after_help = "Run `x07 COMMAND --help` for the options of a command."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colour [default: as in config.toml, else auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    color: Option<ColorWhen>,
    /// Say nothing but errors and results
    #[arg(short, long, global = true)]
    quiet: bool,
}

/// Exit status of a call that could not be carried out.
const FAILED: u8 = 2;
/// Exit status when a policy breaks its schema.
const INVALID_POLICY: u8 = 3;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let settings = settings::read();
    let shell = Shell::new(cli.color.unwrap_or_else(color_of_settings), cli.quiet);
    match settings {
        // What is wrong with the settings may be what somebody reads about.
        _ if cli.command.only_explains() => {}
        Ok(()) => settings::warn_of_unknown_fields(&shell),
        Err(problem) => {
            shell.problem(&problem);
            return ExitCode::from(FAILED);
        }
    }
    match cli.command.run(&shell) {
        Ok(status) => ExitCode::from(status),
        // The reader of our output has seen enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            shell.error(&shell::chain(&error));
            ExitCode::from(if is_invalid_policy(&error) { INVALID_POLICY } else { FAILED })
        }
    }
}

fn is_invalid_policy(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(PolicyError::NotJson(..) | PolicyError::Invalid(..)))
}

fn color_of_settings() -> ColorWhen {
    match settings::get().term.color {
        Some(Color::Always) => ColorWhen::Always,
        Some(Color::Never) => ColorWhen::Never,
        Some(Color::Auto) | None => ColorWhen::Auto,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.root_cause().downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
