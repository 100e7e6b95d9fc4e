//! `x07 add` and `x07 remove`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use x07_pkg::Manifest;
use x07_pkg::ops::{self, AddReport, LockReport};

use super::{Common, Teller};
use crate::render::MessageFormat;
use crate::shell::Shell;

/// Add packages to the project, or change what is asked of their versions
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  x07 add ext-math\n  x07 add ext-math@^0.1\n  x07 add ./libs/greet")]
pub(crate) struct Add {
    /// A package, NAME or NAME@REQUIREMENT, or the folder of one
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<String>,
    /// The folder of the package
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,
    /// Accepted for scripts: the lockfile is always written
    #[arg(long, hide = true)]
    sync: bool,
    /// Accepted for scripts: the lockfile is always written
    #[arg(long, hide = true)]
    with_closure: bool,
    #[command(flatten)]
    common: Common,
}

impl Add {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.add", &self.common.how, default);
        let result = self.common.manifest(shell).and_then(|manifest| {
            ops::add(&manifest, &self.common.options(), &self.packages, self.path.as_deref(), &teller)
        });
        if let Ok(report) = &result {
            warn_of_worlds(shell, report);
        }
        // One package is reported flat, as scripts expect it.
        match (&result, teller.format) {
            (Ok(report), MessageFormat::Json) if report.added.len() == 1 => {
                teller.finish(Ok(flat(report)), |_, _| Ok(()))
            }
            _ => teller.finish(result, |shell, report| {
                for one in &report.added {
                    let what = match one.requirement == one.version {
                        true => format!("{} {}", one.name, one.version),
                        false => format!("{} {} ({})", one.name, one.requirement, one.version),
                    };
                    shell.status("Added", &what);
                }
                Ok(())
            }),
        }
    }
}

/// The report about one package.
#[derive(Serialize)]
struct One<'a> {
    project: &'a Path,
    name: &'a str,
    version: &'a str,
    path: &'a str,
    requirement: &'a str,
    lock: &'a LockReport,
}

fn flat(report: &AddReport) -> One<'_> {
    let one = &report.added[0];
    One {
        project: &report.project,
        name: &one.name,
        version: &one.version,
        path: &one.path,
        requirement: &one.requirement,
        lock: &report.lock,
    }
}

/// The report about one package that is gone.
#[derive(Serialize)]
struct OneRemoved<'a> {
    project: &'a Path,
    name: &'a str,
    removed: usize,
    no_longer_locked: &'a [String],
    lock: &'a LockReport,
}

/// A package that the project's own world does not allow would only be noticed by the next build.
fn warn_of_worlds(shell: &Shell, report: &AddReport) {
    let Ok(manifest) = Manifest::read(&report.project) else { return };
    for one in &report.added {
        let Some(worlds) = &one.worlds_allowed else { continue };
        if !worlds.iter().any(|world| world == manifest.world.as_str()) {
            let allowed = worlds.join(", ");
            let what = format!("{} allows {allowed}; the project's world is {}", one.name, manifest.world);
            shell.warning(&what);
        }
    }
}

/// Take packages out of the project
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The packages
    #[arg(required = true, value_name = "NAME")]
    packages: Vec<String>,
    /// Accepted for scripts: the lockfile is always written
    #[arg(long, hide = true)]
    sync: bool,
    #[command(flatten)]
    common: Common,
}

impl Remove {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.remove", &self.common.how, default);
        let result = self
            .common
            .manifest(shell)
            .and_then(|manifest| ops::remove(&manifest, &self.common.options(), &self.packages, &teller));
        match (&result, teller.format) {
            (Ok(report), MessageFormat::Json) if report.removed.len() == 1 => {
                let flat = OneRemoved {
                    project: &report.project,
                    name: &report.removed[0],
                    removed: 1,
                    no_longer_locked: &report.no_longer_locked,
                    lock: &report.lock,
                };
                teller.finish(Ok(flat), |_, _| Ok(()))
            }
            _ => teller.finish(result, |shell, report| {
                for id in &report.no_longer_locked {
                    shell.status("Removed", id);
                }
                Ok(())
            }),
        }
    }
}
