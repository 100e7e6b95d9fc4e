//! What a call of a runner comes to, before anything is printed.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::report::Report;

/// The end of a runner's call.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A report, and a message for people when the report alone would be too quiet.
    Report(Box<Report>, Option<String>),
    /// Text that was asked for, such as `--help`.
    Text(String),
    /// The call could not be carried out; there is no report.
    Refused(String),
}

/// Exit status of a call that could not be carried out.
const REFUSED: u8 = 2;

impl Answer {
    /// The runner's exit status.
    pub fn exit_code(&self) -> u8 {
        match self {
            Answer::Report(report, _) => report.exit_code,
            Answer::Text(_) => 0,
            Answer::Refused(_) => REFUSED,
        }
    }

    /// The report, if there is one.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Answer::Report(report, _) => Some(report),
            _ => None,
        }
    }

    /// Prints it and gives the status to exit with.
    pub fn print(&self, command: &str) -> ExitCode {
        let (output, message) = match self {
            Answer::Report(report, message) => {
                let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
                text.push('\n');
                (text, message.as_ref().map(|message| format!("{command}: {message}\n")))
            }
            Answer::Text(text) => (text.clone(), None),
            Answer::Refused(message) => (String::new(), Some(format!("{}\n", message.trim_end()))),
        };
        // Nothing useful can be done about a standard error that is closed.
        let _ = io::stderr().write_all(message.unwrap_or_default().as_bytes());
        match io::stdout().write_all(output.as_bytes()).and_then(|()| io::stdout().flush()) {
            Ok(()) => ExitCode::from(self.exit_code()),
            Err(_) => ExitCode::from(REFUSED),
        }
    }
}
