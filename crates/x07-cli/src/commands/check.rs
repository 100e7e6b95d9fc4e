//! `x07 check`: every mistake of every module, without the C compiler.

use anyhow::Result;
use clap::Args;
use x07_ast::{Diagnostic, Expected, parse};
use x07_build::{Failure, Sources, World, capabilities_of};

use crate::commands::failure;
use crate::interrupt;
use crate::progress::Progress;
use crate::project::{Program, Selection};
use crate::render::{MessageFormat, Tally, Texts, print_json, show};
use crate::shell::{Shell, count};

/// Check the whole program without building it
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Bytes of generated C of one module
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    max_c_bytes: Option<u64>,
    /// How many things to do at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How findings are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        failure::in_format(self.message_format, self.check_and_tell(shell))
    }

    fn check_and_tell(&self, shell: &Shell) -> Result<u8> {
        let program = self.selection.find()?;
        let (mut diagnostics, sources) = match self.check(shell, &program) {
            Ok(found) => found,
            Err(Failure::Diagnostics(diagnostics, sources)) => (diagnostics, sources),
            Err(failure) => return failure::tell(shell, failure, self.message_format, &program.name),
        };
        let linted = lint(&sources, program.world);
        merge(&mut diagnostics, linted);
        let tally = Tally::of(&diagnostics);
        let own = sources.modules().filter(|module| !sources.is_builtin(module)).count();
        match self.message_format {
            MessageFormat::Human => {
                show(shell, &diagnostics, &sources);
                let modules = count(own, "module");
                match tally.words() {
                    Some(words) if tally.errors > 0 => shell.error(&format!("{words} in `{}`", program.name)),
                    Some(words) => shell.status("Checked", &format!("{} ({modules}), {words}", program.name)),
                    None => shell.status("Checked", &format!("{} ({modules})", program.name)),
                }
            }
            MessageFormat::Json => print_json(&[(diagnostics, &sources)], &inputs(&program, &sources))?,
        }
        Ok(if tally.errors > 0 { failure::PROGRAM_AT_FAULT } else { 0 })
    }

    fn check(&self, shell: &Shell, program: &Program) -> Result<(Vec<Diagnostic>, Sources), Failure> {
        let mut request = program.request();
        request.jobs = self.jobs.map(usize::from);
        if let Some(bytes) = self.max_c_bytes {
            request.limits.max_c_bytes = bytes;
        }
        let progress = Progress::new(shell, &program.name);
        let report = interrupt::guard(|| {
            let result = x07_build::check(&request, &progress);
            progress.clear();
            result
        });
        report.map(|report| (report.diagnostics, report.sources))
    }
}

/// The files that were looked at, sorted.
fn inputs(program: &Program, sources: &Sources) -> Vec<String> {
    let own = sources.modules().filter(|module| !sources.is_builtin(module));
    let mut inputs: Vec<String> =
        own.filter_map(|module| Texts::path(sources, module)).map(|path| path.display().to_string()).collect();
    if let x07_build::Target::Project(manifest) = &program.target {
        inputs.push(manifest.display().to_string());
    }
    inputs.sort();
    inputs
}

/// What the linter says about the program's own modules that can be parsed.
fn lint(sources: &Sources, world: World) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for module in sources.modules().filter(|module| !sources.is_builtin(module)) {
        let Some(text) = sources.text(module) else { continue };
        let expected = if module == "main" { Expected::Entry } else { Expected::Module(module) };
        if let Some(file) = parse(&text, expected).file {
            found.extend(x07c::lint::lint(&file, &capabilities_of(world)));
        }
    }
    found
}

/// Adds the linter's findings to the compiler's. The compiler decides what is an error: a finding at a place that it
/// reports too only lends its fix, and one that it does not share is a warning.
fn merge(diagnostics: &mut Vec<Diagnostic>, linted: Vec<Diagnostic>) {
    let compiled = diagnostics.len();
    for finding in linted {
        let same = diagnostics[..compiled]
            .iter_mut()
            .find(|known| known.module == finding.module && is_same_place(known, &finding));
        match same {
            Some(known) => {
                if known.fix.is_none() {
                    known.fix = finding.fix;
                }
                if known.help.is_none() {
                    known.help = finding.help;
                }
            }
            None if finding.is_error() => diagnostics.push(finding.warning()),
            None => diagnostics.push(finding),
        }
    }
}

/// True when both speak of one expression, of it and an item of it, or one names the other's place in a label.
fn is_same_place(known: &Diagnostic, finding: &Diagnostic) -> bool {
    let Some(place) = finding.pointer.as_deref() else {
        return false;
    };
    let known_places = known.pointer.iter().chain(known.labels.iter().map(|label| &label.pointer));
    known_places.into_iter().any(|other| {
        let other = other.as_str();
        other == place || is_item_of(other, place) || is_item_of(place, other)
    })
}

fn is_item_of(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|index| !index.is_empty() && !index.contains('/'))
}

#[cfg(test)]
mod tests {
    use x07_ast::ErrorKind;

    use super::*;

    #[test]
    fn the_compiler_decides_and_the_linter_lends_its_fix() {
        let error = |code: &str, at: &str| Diagnostic::error(code, ErrorKind::Typing, "m").module("main").at(at);
        let with_fix = |code: &str, at: &str| error(code, at).fix("note", serde_json::json!([]));
        let mut found = vec![
            error("X07-MOVE-0901", "/solve/3/1").label("/solve/2/1", "moved here"),
            with_fix("X07-TYPE-0001", "/solve/5"),
            error("X07-TYPE-0001", "/solve/10"),
        ];
        merge(
            &mut found,
            vec![
                with_fix("X07-MOVE-0003", "/solve/2"),
                with_fix("X07-ARITY-IF-0001", "/solve/5"),
                with_fix("X07-BORROW-0001", "/solve/1"),
                with_fix("X07-BORROW-0001", "/decls/0/body").module("other"),
            ],
        );
        let shown = found.iter().map(|one| {
            let fix = if one.fix.is_some() { " with a fix" } else { "" };
            format!("{:?} {} {}{fix}", one.severity, one.code, one.pointer.as_deref().unwrap_or_default())
        });
        let expected = [
            "Error X07-MOVE-0901 /solve/3/1 with a fix",
            "Error X07-TYPE-0001 /solve/5 with a fix",
            "Error X07-TYPE-0001 /solve/10",
            "Warning X07-BORROW-0001 /solve/1 with a fix",
            "Warning X07-BORROW-0001 /decls/0/body with a fix",
        ];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }
}
