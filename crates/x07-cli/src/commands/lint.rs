//! `x07 lint`: what can be said about files one by one.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use x07_ast::{Diagnostic, Expected, parse};
use x07_build::{World, capabilities_of, check_alone};

use super::fmt::files;
use crate::files;
use crate::project::{Selection, world_parser};
use crate::render::{Found, MessageFormat, OneFile, Tally, Texts, print_json, show};
use crate::shell::{Shell, count};

/// Look for mistakes in files, each on its own
#[derive(Debug, Args)]
#[command(after_help = "`x07 check` looks at the whole program, with the modules of others.\n\n\
    The pointers and patches of the json format are for a file's canonical form, which `x07 fmt --write` makes;\n\
    data.span is of the file on disk.")]
pub(crate) struct Options {
    /// Files and folders [default: the project]
    paths: Vec<PathBuf>,
    /// More files and folders
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// What the code may use [default: the project's world, for named files run-os]
    #[arg(long, value_name = "WORLD", value_parser = world_parser())]
    world: Option<World>,
    /// How findings are told; json is an x07diag document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
}

/// The world that files are looked at for.
pub(super) fn world(asked: Option<World>, is_project: bool) -> Result<World> {
    match asked {
        Some(world) => Ok(world),
        None if is_project => Ok(Selection::default().find()?.world),
        None => Ok(World::RunOs),
    }
}

/// Every finding of one file, most important stage first: its form, slips that have a rule of their own, and what the
/// compiler says of it without the modules of others.
pub(super) fn findings(text: &[u8], world: World) -> Vec<Diagnostic> {
    let parsed = parse(text, Expected::Any);
    let mut found = parsed.diagnostics;
    if let Some(file) = &parsed.file {
        found.extend(x07c::lint::lint(file, &capabilities_of(world)));
        let told: BTreeSet<Option<String>> = found.iter().map(|finding| finding.pointer.clone()).collect();
        // A rule says it better, and mostly has the fix.
        let is_told = |finding: &Diagnostic| told.contains(&finding.pointer);
        found.extend(check_alone(file, world).into_iter().filter(|finding| !is_told(finding)));
    }
    found
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        // First the files: that there is no project is told with what this command can do without one.
        let paths = files(&self.paths, &self.input)?;
        let world = world(self.world, self.paths.is_empty() && self.input.is_empty())?;
        let texts = paths.iter().map(|path| files::read(path)).collect::<Result<Vec<_>>>()?;
        let files: Vec<OneFile<'_>> = paths.iter().zip(&texts).map(|(path, text)| OneFile { path, text }).collect();
        let found: Vec<Found<'_>> = files.iter().map(|file| (findings(file.text, world), file as &dyn Texts)).collect();
        let tally = found.iter().map(|(diagnostics, _)| Tally::of(diagnostics)).fold(Tally::default(), Tally::plus);
        match self.message_format {
            MessageFormat::Human => {
                for (diagnostics, texts) in &found {
                    show(shell, diagnostics, *texts);
                }
                match tally.words() {
                    Some(words) => shell.note(&format!("{words} in {}", count(paths.len(), "file"))),
                    None => shell.status("Checked", &format!("{}, nothing found", count(paths.len(), "file"))),
                }
            }
            MessageFormat::Json => {
                let inputs: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                print_json(&found, &inputs)?;
            }
        }
        Ok(u8::from(tally.errors > 0))
    }
}
