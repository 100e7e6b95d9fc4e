//! `x07 login`.

use std::io::{self, Read};

use anyhow::Result;
use clap::Args;
use x07_pkg::{Code, Problem, ops};

use super::{How, SourceOptions, Teller};
use crate::render::MessageFormat;
use crate::shell::Shell;

/// Keep a token for a registry
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The token; other users of the machine may see it while the command runs
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_stdin")]
    token: Option<String>,
    /// Read the token from standard input
    #[arg(long)]
    token_stdin: bool,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

impl Login {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.login", &self.how, default);
        let token = match &self.token {
            Some(token) => Ok(token.clone()),
            None if self.token_stdin => {
                let mut token = String::new();
                io::stdin().read_to_string(&mut token).map(|_| token)
            }
            None => rpassword::prompt_password("Token: "),
        };
        let token = token.map_err(|error| {
            Problem::new(Code::LoginToken, format!("cannot read the token: {error}")).help("use --token-stdin")
        });
        let result = token.and_then(|token| ops::login(&self.source.options(), &token));
        teller.finish(result, |shell, report| {
            shell.status("Stored", &format!("the token for {}", report.index));
            Ok(())
        })
    }
}
