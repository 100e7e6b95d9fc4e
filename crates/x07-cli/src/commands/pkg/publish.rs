//! `x07 pack`, `x07 publish`, `x07 yank`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use x07_ast::Diagnostic;
use x07_pkg::{Code, PACKAGE_MANIFEST_NAME, Package, Packed, Problem, ops};

use super::{How, SourceOptions, Teller, any_folder};
use crate::files::shown;
use crate::render::{MessageFormat, Texts, show};
use crate::shell::{Shell, size};

/// Pack a package into an archive
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// The package's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH")]
    package: Option<PathBuf>,
    /// The archive [default: dist/NAME-VERSION.x07pkg in the package]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

impl Pack {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.pack", &self.how, default);
        let packed = Package::find(self.package.as_deref(), &any_folder())
            .and_then(|folder| ops::pack_to(&folder, self.out.as_deref()));
        teller.finish(packed, |shell, report| {
            for file in &report.files {
                shell.status("Packing", file);
            }
            let bytes = size(report.bytes as u64);
            shell.status("Packed", &format!("{} ({bytes})", shown(&report.out).display()));
            shell.status("SHA-256", &report.sha256);
            Ok(())
        })
    }
}

/// Publish a package in a registry
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The package's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH")]
    package: Option<PathBuf>,
    /// Check and pack, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

impl Publish {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.publish", &self.how, default);
        let result = Package::find(self.package.as_deref(), &any_folder()).and_then(|folder| {
            let packed = ops::pack_to_publish(&folder)?;
            let options = self.source.options();
            check(&folder, &packed, &options, &teller)?;
            ops::publish(&folder, &packed, &options, self.dry_run, &teller)
        });
        teller.finish(result, |shell, report| {
            let place = if report.index.is_empty() { String::new() } else { format!(" in {}", report.index) };
            let verb = if report.dry_run { "Fit" } else { "Published" };
            shell.status(verb, &format!("{} {}{place}", report.name, report.version));
            Ok(())
        })
    }
}

/// Refuses a package whose code would not work for those who use it.
fn check(folder: &Path, packed: &Packed, options: &x07_pkg::Options, teller: &Teller<'_>) -> Result<(), Problem> {
    /// As many as registries tell.
    const MOST: usize = 20;
    let package = &packed.package;
    let check = x07_build::check_package(packed, options).map_err(|failure| match failure {
        x07_build::Failure::Packages(problem) => problem,
        other => Problem::new(Code::PublishFailed, other.to_string()),
    })?;
    if check.ok() {
        return Ok(());
    }
    let texts = PackageTexts { folder, package };
    if teller.format == MessageFormat::Human {
        show(teller.shell, &check.mistakes, &texts);
    }
    let place = |finding: &Diagnostic| {
        let pointer = finding.pointer.as_deref().unwrap_or_default();
        format!("{}{pointer}: {} ({})", package.module_file(&finding.module), finding.message, finding.code)
    };
    let mistakes = check.mistakes.iter().take(MOST).map(place);
    let worlds = check.useless_worlds.iter().map(|world| {
        format!("`meta.worlds_allowed` in {PACKAGE_MANIFEST_NAME} has {world}, where none of its modules can be used")
    });
    let lines: Vec<String> = match teller.format {
        MessageFormat::Human => worlds.collect(),
        MessageFormat::Json => mistakes.chain(worlds).collect(),
    };
    let what = format!("package {} cannot be published", package.id());
    let what = if lines.is_empty() { what } else { format!("{what}:\n  {}", lines.join("\n  ")) };
    Err(Problem::new(Code::PublishFailed, what))
}

/// The modules of a package, by the files that they came from.
struct PackageTexts<'a> {
    folder: &'a Path,
    package: &'a Package,
}

impl Texts for PackageTexts<'_> {
    fn path(&self, module: &str) -> Option<PathBuf> {
        (!module.is_empty()).then(|| shown(&self.folder.join(self.package.module_file(module))))
    }

    fn text(&self, module: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path(module)?).ok()
    }
}

/// Withdraw a published version: new projects do not get it, those that lock it go on working
#[derive(Debug, Args)]
pub(crate) struct Yank {
    /// The version
    #[arg(value_name = "NAME@VERSION")]
    package: String,
    /// Take it back
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

impl Yank {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.yank", &self.how, default);
        teller.finish(ops::yank(&self.source.options(), &self.package, self.undo), |shell, report| {
            let verb = if report.yanked { "Yanked" } else { "Restored" };
            shell.status(verb, &format!("{}@{} in {}", report.name, report.version, report.index));
            Ok(())
        })
    }
}
