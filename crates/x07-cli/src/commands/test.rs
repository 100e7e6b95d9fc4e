//! `x07 test`: run the tests of a manifest.

mod compared;
mod human;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use x07_build::{Environment, World};
use x07_pkg::find_manifest;
use x07_test::manifest::{self, Finding};
use x07_test::property::{PropertyOptions, read_repro};
use x07_test::{Call, Kind, Manifest, Report, Results, Selection};

use self::human::Printer;
use crate::files::shown;
use crate::interrupt;
use crate::project::world_parser;
use crate::shell::Shell;

/// Run tests
///
/// The manifest names functions; each is called once, alone and under limits. Exit status: 0 when every test did what
/// is expected of it, 10 when one did not, 11 when one does not compile, 12 when one could not be run to its end or the
/// manifest is wrong.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only tests with this text in their id
    #[arg(value_name = "FILTER", conflicts_with = "filter")]
    text: Option<String>,
    /// The manifest; a relative path is looked for in the current folder and those above it
    #[arg(long, value_name = "FILE", default_value = "tests/tests.json")]
    manifest: PathBuf,
    /// The project's folder or manifest [default: searched upwards from the manifest]
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
    /// A folder in which modules are looked for instead of the project; may be repeated
    #[arg(long, value_name = "FOLDER", conflicts_with = "project")]
    module_root: Vec<PathBuf>,
    /// Accepted for scripts: the standard library is part of x07 and needs no lock
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    stdlib_lock: Option<PathBuf>,
    /// The same as FILTER
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// The filter is the whole id
    #[arg(long)]
    exact: bool,
    /// Only tests of this world
    #[arg(long, hide = true, value_parser = world_parser())]
    world: Option<World>,
    /// List the tests, do not run them
    #[arg(long)]
    list: bool,
    /// Compile, do not run
    #[arg(long)]
    no_run: bool,
    /// Run tests of run-os-sandboxed although the kernel cannot enforce every part of their policies
    #[arg(long)]
    i_accept_weaker_isolation: bool,
    /// Go on after a test that does not do what is expected of it
    #[arg(long)]
    no_fail_fast: bool,
    /// Run each test so often, to see whether it does the same every time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// How many tests run at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Optimise the tests: slower to build, faster to run
    #[arg(short, long)]
    release: bool,
    /// Show what each test used and wrote
    #[arg(short, long)]
    verbose: bool,
    /// Where files about failures go [default: target/x07test in the project]
    #[arg(long, value_name = "FOLDER")]
    artifact_dir: Option<PathBuf>,
    /// Leave the compiled tests there
    #[arg(long)]
    keep_artifacts: bool,
    /// Print the report as JSON
    #[arg(long, value_enum, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "canon")]
    json: Option<Json>,
    /// Write the JSON report to a file too
    #[arg(long, value_name = "FILE")]
    report_out: Option<PathBuf>,
    #[command(flatten)]
    properties: Properties,
}

/// Options of property tests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Property tests")]
struct Properties {
    /// Only property tests
    #[arg(long, conflicts_with = "all")]
    pbt: bool,
    /// Property tests too
    #[arg(long)]
    all: bool,
    /// Another seed gives other cases
    #[arg(long, value_name = "N", default_value_t = 0)]
    pbt_seed: u64,
    /// Cases of each property [default: the manifest's, else 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pbt_cases: Option<u32>,
    /// Runs spent on making a failing case smaller [default: the manifest's, else 4096]
    #[arg(long, value_name = "N")]
    pbt_max_shrinks: Option<u32>,
    /// Fuel of a case [default: the manifest's, else 200000]
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(u64).range(1..))]
    pbt_case_fuel: Option<u64>,
    /// Time of a case [default: the manifest's, else 250]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..))]
    pbt_case_timeout_ms: Option<u64>,
    /// Heap of a case [default: the manifest's, else 67108864]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=4 << 30))]
    pbt_case_mem_bytes: Option<u64>,
    /// Output of a case [default: the manifest's, else 1048576]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=u64::from(u32::MAX)))]
    pbt_case_output_bytes: Option<u64>,
    /// Run a failing case again, from the file that was written about it
    #[arg(long, value_name = "FILE")]
    pbt_repro: Option<PathBuf>,
}

/// How the report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Json {
    /// On one line
    #[value(alias = "true")]
    Canon,
    /// On many lines
    Pretty,
    /// For a person
    #[value(alias = "false")]
    Off,
}

/// Exit status when the manifest is wrong.
const WRONG_MANIFEST: u8 = 12;
/// Exit status when no test is meant.
const NOTHING_SELECTED: u8 = 2;

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let options = self.options()?;
        let read = manifest::read(&options.manifest);
        let manifest = match read {
            Ok(manifest) => manifest,
            Err(errors) => return self.wrong_manifest(shell, &errors, &options),
        };
        if !self.is_json() {
            tell_warnings(shell, &manifest);
            if let Some(Ok(project)) = options.project.as_deref().map(x07_pkg::Manifest::read) {
                super::pkg::warn_of_unknown_fields(shell, &project);
            }
        }
        if options.property.repro.is_none()
            && let Some(reason) = options.selection.explain_empty(&manifest)
        {
            shell.error(&format!("{reason} (in {})", manifest.path.display()));
            return Ok(NOTHING_SELECTED);
        }
        if self.list {
            return list(shell, &manifest, &options.selection);
        }

        let warnings = manifest.warnings.clone();
        let left_out = options.selection.properties_left_out(&manifest);
        let printer = Printer::new(shell, self.is_json(), self.verbose);
        let results = interrupt::guard(|| x07_test::run(manifest, &options, &printer))?;
        if self.is_json() {
            self.report(&results, &warnings, &options)?;
        } else {
            printer.finish(&results, left_out)?;
            if self.report_out.is_some() {
                self.report(&results, &warnings, &options)?;
            }
        }
        Ok(results.exit_code())
    }

    fn is_json(&self) -> bool {
        matches!(self.json, Some(Json::Canon | Json::Pretty))
    }

    fn options(&self) -> Result<x07_test::Options> {
        let manifest = match &self.project {
            Some(project) if self.manifest.is_relative() => {
                let folder = if project.is_dir() { Some(project.as_path()) } else { project.parent() };
                folder.unwrap_or(Path::new("")).join(&self.manifest)
            }
            _ => crate::files::search_upwards(&self.manifest),
        };
        if let Some(lock) = self.stdlib_lock.as_ref().filter(|lock| !lock.is_file()) {
            bail!("cannot read {}: no such file", lock.display());
        }
        let project = match &self.project {
            Some(folder) if folder.is_dir() => Some(folder.join(x07_pkg::MANIFEST_NAME)),
            Some(file) => Some(file.clone()),
            None if self.module_root.is_empty() => project_of(&manifest)?,
            None => None,
        };
        if let Some(project) = &project {
            crate::project::check_pin(x07_files::parent(project))?;
        }
        let properties = &self.properties;
        let artifact_dir = self.artifact_dir.clone().unwrap_or_else(|| {
            let folder = project.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            folder.join("target").join("x07test")
        });
        let kind = match (properties.pbt, properties.all) {
            (true, _) => Kind::Properties,
            (_, true) => Kind::All,
            _ => Kind::Units,
        };
        let repro = properties.pbt_repro.as_deref().map(read_repro).transpose().map_err(anyhow::Error::msg)?;
        Ok(x07_test::Options {
            manifest,
            project,
            module_roots: self.module_root.clone(),
            selection: Selection {
                kind,
                filter: self.text.clone().or_else(|| self.filter.clone()),
                exact: self.exact,
                world: self.world,
            },
            jobs: self.jobs.map(usize::from),
            repeat: self.repeat,
            fail_fast: !self.no_fail_fast,
            only_compile: self.no_run,
            accept_weaker_isolation: self.i_accept_weaker_isolation,
            release: self.release,
            artifact_dir,
            keep_artifacts: self.keep_artifacts,
            property: PropertyOptions {
                seed: properties.pbt_seed,
                cases: properties.pbt_cases,
                max_shrinks: properties.pbt_max_shrinks,
                case_fuel: properties.pbt_case_fuel,
                case_timeout_ms: properties.pbt_case_timeout_ms,
                case_mem_bytes: properties.pbt_case_mem_bytes,
                case_output_bytes: properties.pbt_case_output_bytes,
                repro,
            },
            environment: Environment::read(),
        })
    }

    fn wrong_manifest(&self, shell: &Shell, errors: &[Finding], options: &x07_test::Options) -> Result<u8> {
        for error in errors {
            shell.error(&error.to_string());
        }
        self.with_call(|call| self.print(&Report::of_manifest_errors(errors, options, call)))?;
        Ok(WRONG_MANIFEST)
    }

    fn report(&self, results: &Results, warnings: &[Finding], options: &x07_test::Options) -> Result<()> {
        self.with_call(|call| self.print(&Report::of(results, warnings, options, call)))
    }

    fn with_call(&self, with: impl FnOnce(&Call<'_>) -> Result<()>) -> Result<()> {
        let argv: Vec<String> = env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let cwd = env::current_dir().context("the current folder is gone")?;
        with(&Call { argv: &argv, cwd: &cwd, stdlib_lock: self.stdlib_lock.as_deref() })
    }

    fn print(&self, report: &Report<'_>) -> Result<()> {
        let mut text = match self.json {
            Some(Json::Pretty) => serde_json::to_string_pretty(report)?,
            _ => serde_json::to_string(report)?,
        };
        text.push('\n');
        if let Some(path) = &self.report_out {
            crate::files::write(path, text.as_bytes())?;
        }
        if self.is_json() {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()?;
        }
        Ok(())
    }
}

fn tell_warnings(shell: &Shell, manifest: &Manifest) {
    for warning in &manifest.warnings {
        shell.warning(&format!("{}: {} ({})", manifest.path.display(), warning.message, warning.path));
    }
}

fn list(shell: &Shell, manifest: &Manifest, selection: &Selection) -> Result<u8> {
    let selected = manifest.tests.iter().filter(|test| selection.includes(test));
    let line =
        |test: &manifest::Test| format!("{}\t{}\t{}\t{}\n", test.id, test.world, test.expect.as_str(), test.entry);
    shell.print(&selected.map(line).collect::<String>())?;
    Ok(0)
}

/// A relative path that is found in the current folder or the nearest folder above it; as given when there is none.
/// The project that a tests' manifest belongs to, if any.
fn project_of(manifest: &Path) -> Result<Option<PathBuf>> {
    let manifest = std::path::absolute(manifest).with_context(|| format!("cannot find {}", manifest.display()))?;
    match find_manifest(manifest.parent().unwrap_or(Path::new("/"))) {
        Ok(path) => Ok(Some(shown(&path))),
        Err(x07_pkg::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
