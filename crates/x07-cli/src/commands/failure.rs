//! How a build that failed is told.

use anyhow::Result;
use x07_ast::{Diagnostic, ErrorKind, Stage};
use x07_build::{Failure, Sources};

use crate::commands::pkg;
use crate::render::{MessageFormat, Tally, print_json, show};
use crate::shell::Shell;

/// Exit status when the program is at fault.
pub(super) const PROGRAM_AT_FAULT: u8 = 1;

/// Tells why there is no output and gives the status to exit with; an error is a call that makes no sense.
pub(super) fn tell(shell: &Shell, failure: Failure, format: MessageFormat, name: &str) -> Result<u8> {
    let (diagnostics, sources) = match failure {
        Failure::Diagnostics(diagnostics, sources) => (diagnostics, sources),
        Failure::NoCCompiler(message) => (vec![step_failed("X07-LINK-0001", message)], Sources::default()),
        Failure::CCompiler(failure) => (vec![step_failed("X07-LINK-0002", failure.to_string())], Sources::default()),
        Failure::Packages(problem) => return pkg::tell_build(shell, &problem, format),
        other @ (Failure::Manifest(_) | Failure::Usage(_) | Failure::Io { .. }) => return Err(other.into()),
    };
    match format {
        MessageFormat::Human => {
            show(shell, &diagnostics, &sources);
            let words = Tally::of(&diagnostics).words().unwrap_or_default();
            shell.error(&format!("could not build `{name}`: {words}"));
        }
        MessageFormat::Json => print_json(&[(diagnostics, &sources)], &[])?,
    }
    Ok(PROGRAM_AT_FAULT)
}

fn step_failed(code: &str, message: String) -> Diagnostic {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    let diagnostic = Diagnostic::error(code, ErrorKind::Unsupported, first).stage(Stage::Link);
    let rest = lines.collect::<Vec<_>>().join("\n");
    if rest.is_empty() { diagnostic } else { diagnostic.note(rest) }
}
