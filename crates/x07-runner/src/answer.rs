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

    /// Prints it in the name of `command`; an error when standard output does not take all of it.
    pub fn print(&self, command: &str) -> io::Result<()> {
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
        let mut stdout = io::stdout().lock();
        stdout.write_all(output.as_bytes())?;
        stdout.flush()
    }

    /// Prints it as the last thing that a runner does, and gives the status to exit with. A report that gets lost is an
    /// error; who closes a pipe is not told.
    pub fn finish(&self, command: &str) -> ExitCode {
        let Err(error) = self.print(command) else {
            return ExitCode::from(self.exit_code());
        };
        if error.kind() != io::ErrorKind::BrokenPipe {
            let _ = writeln!(io::stderr(), "{command}: cannot write to standard output: {error}");
        }
        ExitCode::from(REFUSED)
    }
}
