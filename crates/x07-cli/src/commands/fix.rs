//! `x07 fix`: applies the quick fixes of findings.

mod origin;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::Args;
use x07_ast::{Diagnostic, Fix, apply_fixes, canonical, pretty};
use x07_build::{Failure, Silent, World};
use x07_test::property::{read_repro, unit_test};

use self::origin::Origin;
use super::fmt::files;
use super::lint::{findings, world};
use crate::files;
use crate::project::{Program, Selection, world_parser};
use crate::render::{OneFile, Tally, show};
use crate::shell::{Shell, count};

/// Apply the quick fixes of findings
#[derive(Debug, Args)]
#[command(after_help = "Without --write the result of a single file is printed, and for several files only told.")]
pub(crate) struct Options {
    /// Files and folders [default: the project, with the fixes of `x07 check` too]
    paths: Vec<PathBuf>,
    /// More files and folders
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Rewrite the files
    #[arg(long)]
    write: bool,
    /// What the code may use [default: the project's world, for named files run-os]
    #[arg(long, value_name = "WORLD", value_parser = world_parser())]
    world: Option<World>,
    /// Make a unit test of a failing case of a property instead, from the file that `x07 test` wrote about it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "input", "world"])]
    from_pbt: Option<PathBuf>,
    /// The tests' manifest; a relative path is looked for in the current folder and those above it
    #[arg(long, value_name = "FILE", default_value = "tests/tests.json", requires = "from_pbt")]
    manifest: PathBuf,
}

/// A fix may make another one possible, but two that undo each other must not go on for ever.
const ROUNDS: usize = 5;

/// A file after its fixes.
struct Fixed {
    text: String,
    applied: usize,
    /// What no fix removed, at the places that it has in `text`.
    left: Vec<Diagnostic>,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        if let Some(repro) = &self.from_pbt {
            return self.add_unit_test(shell, repro);
        }
        let is_project = self.paths.is_empty() && self.input.is_empty();
        // First the files: that there is no project is told with what this command can do without one.
        let paths = files(&self.paths, &self.input)?;
        let world = world(self.world, is_project)?;
        let is_single = paths.len() == 1;
        let (mut applied, mut errors) = (0, 0);
        for path in &paths {
            let text = files::read(path)?;
            let fixed = match fix(&text, world) {
                Ok(fixed) => fixed,
                Err(found) => {
                    show(shell, &found, &OneFile { path, text: &text });
                    errors += Tally::of(&found).errors;
                    continue;
                }
            };
            applied += fixed.applied;
            errors += Tally::of(&fixed.left).errors;
            let (left, shown) = match self.write && fixed.applied > 0 {
                true => (fixed.left, fixed.text.as_bytes()),
                false => (in_text_before(fixed.left, &text, &fixed.text), text.as_slice()),
            };
            show(shell, &left, &OneFile { path, text: shown });
            if is_single && !self.write {
                std::io::stdout().write_all(fixed.text.as_bytes())?;
            }
            if fixed.applied == 0 {
                continue;
            }
            let told = format!("{} ({})", path.display(), count_fixes(fixed.applied));
            if self.write {
                files::write(path, fixed.text.as_bytes())?;
                shell.status("Fixed", &told);
            } else if !is_single {
                shell.status("Would fix", &told);
            }
        }
        // What the compiler says depends on the files as they are on the disk.
        if is_project && self.write && errors == 0 {
            applied += fix_program(shell, &Selection::default().find()?)?;
        }
        match (applied, self.write) {
            (0, _) => shell.status("Checked", &format!("{}, nothing to fix", count(paths.len(), "file"))),
            (_, false) => shell.note(&format!("{}; --write applies them", count_fixes(applied))),
            (_, true) => {}
        }
        Ok(u8::from(errors > 0))
    }
}

impl Options {
    fn add_unit_test(&self, shell: &Shell, repro: &Path) -> Result<u8> {
        let path = files::search_upwards(&self.manifest);
        let manifest = x07_test::manifest::read(&path)
            .map_err(|errors| anyhow!(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
        let repro = read_repro(repro).map_err(anyhow::Error::msg)?;
        let test = unit_test(&manifest, &repro).map_err(anyhow::Error::msg)?;
        if self.write {
            files::write(&test.module, test.module_text.as_bytes())?;
            files::write(&path, test.manifest_text.as_bytes())?;
            let files = [&test.module, &path].map(|path| files::shown(path).display().to_string());
            shell.status("Added", &format!("test {} ({})", test.id, files.join(", ")));
        } else {
            shell.print(&test.module_text)?;
            shell.note(&format!("test {}; --write adds it", test.id));
        }
        Ok(0)
    }
}

fn count_fixes(number: usize) -> String {
    format!("{number} fix{}", if number == 1 { "" } else { "es" })
}

/// Findings of a file after its fixes, at the places where the file before them has what they are about.
fn in_text_before(found: Vec<Diagnostic>, before: &[u8], after: &str) -> Vec<Diagnostic> {
    match Origin::new(before, after) {
        Some(origin) => found.into_iter().map(|finding| origin.of(finding)).collect(),
        None => found,
    }
}

/// Applies fixes in rounds until none is offered. An error is what keeps the file from being read.
fn fix(text: &[u8], world: World) -> Result<Fixed, Vec<Diagnostic>> {
    let mut current = text.to_vec();
    let mut applied = 0;
    let mut left = findings(&current, world);
    for _ in 0..ROUNDS {
        let fixes: Vec<&Fix> = left.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        if fixes.is_empty() {
            break;
        }
        let Some((next, number)) = apply(&current, &fixes) else {
            break;
        };
        applied += number;
        current = next.into_bytes();
        left = findings(&current, world);
    }
    let text = in_form_of(text, &current).map_err(|broken| vec![broken])?;
    // Canonical order moves declarations, so places are found anew.
    let left = findings(text.as_bytes(), world);
    Ok(Fixed { text, applied, left })
}

/// All fixes at once; the first one alone when they get in each other's way.
fn apply(text: &[u8], fixes: &[&Fix]) -> Option<(String, usize)> {
    let all = apply_fixes(text, fixes.iter().copied());
    let all = all.ok().map(|text| (text, fixes.len()));
    all.or_else(|| fixes.iter().find_map(|fix| apply_fixes(text, [*fix]).ok().map(|text| (text, 1))))
}

/// The new text in the form that the old one has, on one line or on several.
fn in_form_of(old: &[u8], new: &[u8]) -> Result<String, Diagnostic> {
    let was_pretty = pretty(old).is_ok_and(|pretty| pretty.as_bytes() == old);
    if was_pretty { pretty(new) } else { canonical(new) }
}

/// Applies the fixes that the compiler offers for the whole program, in rounds; how many there were.
fn fix_program(shell: &Shell, program: &Program) -> Result<usize> {
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let (found, sources) = match x07_build::check(&program.request(), &Silent) {
            Ok(report) => (report.diagnostics, report.sources),
            Err(Failure::Diagnostics(found, sources)) => (found, sources),
            Err(failure) => return Err(failure.into()),
        };
        let mut by_module: BTreeMap<&str, Vec<&Fix>> = BTreeMap::new();
        for finding in found.iter().filter(|finding| !sources.is_builtin(&finding.module)) {
            by_module.entry(&finding.module).or_default().extend(&finding.fix);
        }
        let before = applied;
        for (module, fixes) in by_module.into_iter().filter(|(_, fixes)| !fixes.is_empty()) {
            let Some(path) = sources.path(module) else { continue };
            let text = files::read(path)?;
            let Some((next, number)) = apply(&text, &fixes) else {
                continue;
            };
            let Ok(next) = in_form_of(&text, next.as_bytes()) else {
                continue;
            };
            files::write(path, next.as_bytes())?;
            shell.status("Fixed", &format!("{} ({})", files::shown(path).display(), count_fixes(number)));
            applied += number;
        }
        if applied == before {
            break;
        }
    }
    Ok(applied)
}
