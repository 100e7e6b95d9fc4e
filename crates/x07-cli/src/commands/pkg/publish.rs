//! `x07 pack`, `x07 publish`, `x07 yank`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use x07_pkg::ops;

use super::{How, SourceOptions, Teller};
use crate::files::shown;
use crate::render::MessageFormat;
use crate::shell::{Shell, size};

/// Pack a package into an archive
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// The package's folder
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    package: PathBuf,
    /// The archive [default: dist/NAME-VERSION.x07pkg in the package]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

impl Pack {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.pack", &self.how, default);
        teller.finish(ops::pack_to(&self.package, self.out.as_deref()), |shell, report| {
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
    /// The package's folder
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    package: PathBuf,
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
        let result = ops::publish(&self.package, &self.source.options(), self.dry_run, &teller);
        teller.finish(result, |shell, report| {
            let what = format!("{} {} in {}", report.name, report.version, report.index);
            shell.status(if report.dry_run { "Fit" } else { "Published" }, &what);
            Ok(())
        })
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
