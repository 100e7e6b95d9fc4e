//! `x07 guide`: the language on the terminal.

use anyhow::Result;
use clap::Args;
use x07_doc::guide;

use crate::shell::Shell;

/// Print the language guide: forms, builtins, the standard library
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only lines of the builtins and the library that contain this text
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let text = match &self.filter {
            None => guide::whole(),
            Some(filter) => {
                let found = guide::lines_with(filter);
                if found.is_empty() {
                    shell.error(&format!("no builtin and no library function contains {filter:?}"));
                    return Ok(1);
                }
                found.join("\n") + "\n"
            }
        };
        shell.print(&text)?;
        Ok(0)
    }
}
