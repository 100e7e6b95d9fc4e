//! Events and problems of packages as a person reads them.

use anyhow::Result;
use x07_ast::{Diagnostic, ErrorKind};
use x07_build::Sources;
use x07_pkg::{Event, Problem};

use crate::render::{MessageFormat, print_json};
use crate::shell::{Shell, count};

/// Exit status of a build that could not begin.
const NOT_CARRIED_OUT: u8 = 2;

/// Tells of an event.
pub(crate) fn tell(shell: &Shell, event: Event<'_>) {
    match event {
        Event::Asking { .. } => {}
        Event::Downloading { package } => shell.status("Downloading", package),
        Event::Fetched { package } => shell.status("Fetched", package),
        Event::Locked { packages } => shell.status("Locked", &count(packages, "package")),
        Event::Warning(text) => shell.warning(text),
    }
}

/// Tells of packages that keep a build from beginning, and gives the status to exit with.
pub(crate) fn tell_build(shell: &Shell, problem: &Problem, format: MessageFormat) -> Result<u8> {
    match format {
        MessageFormat::Human => shell.problem(problem),
        MessageFormat::Json => {
            let mut diagnostic =
                Diagnostic::error(problem.code.as_str(), ErrorKind::Unsupported, problem.message.as_str());
            diagnostic.help = problem.help.clone();
            print_json(&[(vec![diagnostic], &Sources::default())], &[])?;
        }
    }
    Ok(NOT_CARRIED_OUT)
}
