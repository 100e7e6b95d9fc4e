//! What the command says beside its results: status lines, warnings and errors, all on standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use x07_pkg::Problem;

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal that knows colours, unless NO_COLOR says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Speaks to the person at the terminal.
pub(crate) struct Shell {
    color: ColorChoice,
    quiet: bool,
    terminal: bool,
}

const GOOD: Style = AnsiColor::Green.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();

impl Shell {
    pub(crate) fn new(when: ColorWhen, quiet: bool) -> Self {
        let color = match when {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        };
        Shell { color, quiet, terminal: io::stderr().is_terminal() }
    }

    /// True when a person watches, so that progress may be drawn.
    pub(crate) fn is_interactive(&self) -> bool {
        self.terminal && !self.quiet
    }

    /// True when only errors and results are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A line as cargo writes them, such as `    Finished dev in 0.42s`.
    pub(crate) fn status(&self, verb: &str, text: &str) {
        if !self.quiet {
            self.write(&format!("{GOOD}{verb:>12}{GOOD:#} {text}\n"));
        }
    }

    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.write(&format!("{NOTE}note{NOTE:#}: {text}\n"));
        }
    }

    pub(crate) fn warning(&self, text: &str) {
        if !self.quiet {
            self.write(&format!("{WARNING}warning{WARNING:#}: {text}\n"));
        }
    }

    /// A problem with its code, which scripts look for, and its advice.
    pub(crate) fn problem(&self, problem: &Problem) {
        self.write(&format!("{ERROR}error[{}]{ERROR:#}: {}\n", problem.code, problem.message));
        for help in problem.help.iter().flat_map(|help| help.lines()) {
            self.write(&format!("{NOTE}help{NOTE:#}: {help}\n"));
        }
    }

    pub(crate) fn error(&self, text: &str) {
        let (code, text) = code_and_text(text);
        self.write(&format!("{ERROR}error{code}{ERROR:#}: {text}\n"));
    }

    /// Writes text that holds its own styling.
    pub(crate) fn write(&self, styled: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        // There is nowhere left to complain to when standard error is closed.
        let _ = stderr.write_all(styled.as_bytes());
    }

    /// Writes styled text to standard output.
    pub(crate) fn print(&self, styled: &str) -> io::Result<()> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        stdout.write_all(styled.as_bytes())?;
        stdout.flush()
    }
}

/// The code in brackets that a text begins with, if it does, and the rest.
pub(crate) fn code_and_text(text: &str) -> (&str, &str) {
    let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    match text.split_once("] ") {
        Some((code, rest))
            if code.strip_prefix('[').is_some_and(|name| name.starts_with("X07") && name.chars().all(is_code)) =>
        {
            (&text[..=code.len()], rest)
        }
        _ => ("", text),
    }
}

/// An error with its causes. Some errors tell their cause themselves, which is not told twice.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for part in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = part;
        } else if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
    }
    text
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// A size for people: `812 B`, `1.4 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    format!("{amount:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_where_codes_stand() {
        let cases = [("[X07PKG_IO] no", ("[X07PKG_IO]", "no")), ("[a] no", ("", "[a] no")), ("no", ("", "no"))];
        for (text, expected) in cases {
            assert_eq!(code_and_text(text), expected);
        }
    }

    #[test]
    fn sizes_are_for_people() {
        let cases = [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (3 << 40, "3.0 TiB")];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }
}
