//! Diagnostics as a person and as a program read them.

mod excerpt;
mod json;
mod person;
mod texts;

use std::io::{self, Write};

use clap::ValueEnum;
use x07_ast::{Diagnostic, Severity};

use self::json::document;
pub(crate) use self::person::person;
pub(crate) use self::texts::{OneFile, ProgramTexts, Texts};
use crate::shell::{Shell, count};

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// For a person, with the source
    #[default]
    Human,
    /// One JSON document
    Json,
}

/// How many of which kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

impl Tally {
    pub(crate) fn of(diagnostics: &[Diagnostic]) -> Self {
        let number = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        Tally { errors: number(Severity::Error), warnings: number(Severity::Warning) }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Tally) -> Self {
        Tally { errors: self.errors + other.errors, warnings: self.warnings + other.warnings }
    }

    /// `2 errors and 1 warning`; `None` when there is neither.
    pub(crate) fn words(self) -> Option<String> {
        match (self.errors, self.warnings) {
            (0, 0) => None,
            (errors, 0) => Some(count(errors, "error")),
            (0, warnings) => Some(count(warnings, "warning")),
            (errors, warnings) => Some(format!("{} and {}", count(errors, "error"), count(warnings, "warning"))),
        }
    }
}

/// Shows diagnostics on standard error for a person.
pub(crate) fn show(shell: &Shell, diagnostics: &[Diagnostic], texts: &dyn Texts) {
    for diagnostic in diagnostics {
        if shell.is_quiet() && !diagnostic.is_error() {
            continue;
        }
        shell.write(&person(diagnostic, texts));
        shell.write("\n");
    }
}

/// Diagnostics with the texts that they speak of.
pub(crate) type Found<'a> = (Vec<Diagnostic>, &'a dyn Texts);

/// Prints an x07diag document on standard output.
pub(crate) fn print_json(found: &[Found<'_>], inputs: &[String]) -> io::Result<()> {
    let document = document(found, inputs);
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, &document)?;
    writeln!(stdout)?;
    stdout.flush()
}
