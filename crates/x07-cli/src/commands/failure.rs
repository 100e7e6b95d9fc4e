//! How a build that failed is told.

use anyhow::Result;
use x07_ast::{Diagnostic, ErrorKind, Stage};
use x07_build::{Environment, Failure, Sources, Store};

use crate::commands::pkg;
use crate::render::{MessageFormat, Tally, print_json, show};
use crate::shell::{Shell, chain, code_and_text};

/// Exit status when the program is at fault.
pub(super) const PROGRAM_AT_FAULT: u8 = 1;

/// Tells why there is no output and gives the status to exit with; an error is a call that makes no sense.
pub(super) fn tell(shell: &Shell, failure: Failure, format: MessageFormat, name: &str) -> Result<u8> {
    let (diagnostics, sources) = match failure {
        Failure::Diagnostics(diagnostics, sources) => (diagnostics, sources),
        Failure::NoCCompiler(message) => (vec![step_failed("X07-LINK-0001", message)], Sources::default()),
        Failure::CCompiler(failure) => (vec![step_failed("X07-LINK-0002", failure.to_string())], Sources::default()),
        Failure::Packages(problem) => return pkg::tell_build(shell, &problem, format),
        other @ (Failure::Manifest(_) | Failure::Usage(_) | Failure::Io { .. }) => return Err(explained(other)),
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

/// The result of a command. Where a program reads it, a call that could not be carried out is a document with one finding.
pub(super) fn in_format(format: MessageFormat, result: Result<u8>) -> Result<u8> {
    if let (MessageFormat::Json, Err(error)) = (format, &result) {
        let text = chain(error);
        let (_, text) = code_and_text(&text);
        let mut lines = text.splitn(2, "\nhelp: ");
        let mut finding = Diagnostic::error("X07-IO-READ-0001", ErrorKind::Parse, lines.next().unwrap_or_default());
        finding.help = lines.next().map(str::to_owned);
        print_json(&[(vec![finding], &Sources::default())], &[])?;
    }
    result
}

/// A failure with what helps, if it is about the cache.
pub(super) fn explained(failure: Failure) -> anyhow::Error {
    let cache = Store::open(Environment::read().cache.as_deref());
    match (&failure, cache) {
        (Failure::Io { path, .. }, Ok(cache)) if path.starts_with(cache.root()) => {
            anyhow::anyhow!("{failure}\nhelp: X07_CACHE_DIR names another folder for the cache")
        }
        _ => failure.into(),
    }
}

fn step_failed(code: &str, message: String) -> Diagnostic {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    let diagnostic = Diagnostic::error(code, ErrorKind::Unsupported, first).stage(Stage::Link);
    let rest = lines.collect::<Vec<_>>().join("\n");
    if rest.is_empty() { diagnostic } else { diagnostic.note(rest) }
}
