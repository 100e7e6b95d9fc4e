//! `x07 explain`: what a code means.

use anyhow::Result;
use clap::Args;
use x07_ast::names::near;

use crate::catalogue;
use crate::shell::Shell;

/// Explain a diagnostic code
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The code, such as X07-MOVE-0001; without it, all codes are listed
    code: Option<String>,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let Some(code) = &self.code else {
            for code in catalogue::codes() {
                let title = catalogue::find(code).and_then(|section| section.lines().next()).unwrap_or(code);
                shell.print(&format!("{title}\n"))?;
            }
            return Ok(0);
        };
        match catalogue::find(code) {
            Some(section) => {
                shell.print(&format!("{section}\n"))?;
                Ok(0)
            }
            None => {
                let upper = code.to_ascii_uppercase();
                let hint = near(&upper, catalogue::codes()).map(|near| format!("; did you mean {near}?"));
                shell.error(&format!("there is no code {code}{}", hint.unwrap_or_default()));
                Ok(1)
            }
        }
    }
}
