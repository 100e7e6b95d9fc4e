//! `x07 fmt`: sources in canonical form.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use x07_ast::{canonical, pretty};

use crate::files;
use crate::project::manifest_here;
use crate::render::{OneFile, show};
use crate::shell::{Shell, chain, count};

/// Put sources into canonical form: one line of JSON with sorted keys, or with --pretty several lines
#[derive(Debug, Args)]
#[command(after_help = "A file that is exactly in either form counts as formatted.")]
pub(crate) struct Options {
    /// Files and folders [default: the project]
    paths: Vec<PathBuf>,
    /// More files and folders
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Only tell which files are not formatted; exit 1 if there are any
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Rewrite the files, which is also what happens without an option
    #[arg(long)]
    write: bool,
    /// The form over several lines, for people who read and review source
    #[arg(long)]
    pretty: bool,
}

/// Exit status when a file cannot be formatted.
const BROKEN: u8 = 2;

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let (mut unformatted, mut broken) = (0, 0);
        for path in files(&self.paths, &self.input)? {
            let text = match files::read(&path) {
                Ok(text) => text,
                Err(error) => {
                    shell.error(&chain(&error));
                    broken += 1;
                    continue;
                }
            };
            let formatted = match formatted(&text, self.pretty) {
                Ok(formatted) => formatted,
                Err(diagnostic) => {
                    show(shell, &[*diagnostic], &OneFile { path: &path, text: &text });
                    broken += 1;
                    continue;
                }
            };
            let Some(formatted) = formatted else { continue };
            unformatted += 1;
            if self.check {
                shell.write(&format!("file is not formatted: {}\n", path.display()));
            } else if let Err(error) = files::write(&path, formatted.as_bytes()) {
                shell.error(&chain(&error));
                broken += 1;
            } else {
                let hint =
                    if text.lines_lossy() > 1 && !self.pretty { " (one line; --pretty keeps it readable)" } else { "" };
                shell.status("Formatted", &format!("{}{hint}", path.display()));
            }
        }
        if self.check && unformatted > 0 {
            let form = if self.pretty { " --pretty" } else { "" };
            shell.note(&format!("{} would change; `x07 fmt{form}` rewrites", count(unformatted, "file")));
        }
        Ok(match (broken, unformatted) {
            (0, 0) => 0,
            (0, _) => u8::from(self.check),
            _ => BROKEN,
        })
    }
}

/// The formatted text, or `None` when it is what it should be already.
fn formatted(text: &[u8], wants_pretty: bool) -> Result<Option<String>, Box<x07_ast::Diagnostic>> {
    let pretty = pretty(text)?;
    if pretty.as_bytes() == text {
        return Ok(None);
    }
    let formatted = if wants_pretty { pretty } else { canonical(text)? };
    Ok((formatted.as_bytes() != text).then_some(formatted))
}

/// The files that both kinds of argument name, or all of the project.
pub(super) fn files(paths: &[PathBuf], inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = paths.iter().chain(inputs).cloned().collect();
    let paths = match paths.is_empty() {
        true => vec![manifest_here("files and folders can be named without one")?.folder().to_owned()],
        false => paths,
    };
    files::some(files::sources(&paths)?)
}

trait Lines {
    /// How many lines there are, whatever the bytes mean.
    fn lines_lossy(&self) -> usize;
}

impl Lines for [u8] {
    fn lines_lossy(&self) -> usize {
        self.trim_ascii().split(|byte| *byte == b'\n').count()
    }
}
