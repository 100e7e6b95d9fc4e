//! `x07 lock`, `x07 update`, `x07 fetch`, `x07 vendor`.

use anyhow::Result;
use clap::Args;
use x07_pkg::ops::{self, LockCheck};

use super::{Common, Teller};
use crate::files::shown;
use crate::render::MessageFormat;
use crate::shell::{Shell, count};

/// Write the lockfile
#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// Write nothing; fail if the lockfile is not the one that would be written
    #[arg(long)]
    check: bool,
    /// With --check: let withdrawn versions pass
    #[arg(long, requires = "check")]
    allow_yanked: bool,
    /// With --check: let versions with advisories pass
    #[arg(long, requires = "check")]
    allow_advisories: bool,
    #[command(flatten)]
    common: Common,
}

impl Lock {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.lock", &self.common.how, default);
        let check = LockCheck { allow_yanked: self.allow_yanked, allow_advisories: self.allow_advisories };
        let check = self.check.then_some(check);
        let result = self
            .common
            .manifest(shell)
            .and_then(|manifest| ops::lock(&manifest, &self.common.options(), check, &teller));
        teller.finish(result, |shell, report| {
            if self.check {
                shell.status("Checked", &format!("{} is up to date", shown(&report.lockfile).display()));
            }
            Ok(())
        })
    }
}

/// Take newer versions of packages
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Packages, NAME or NAME@REQUIREMENT [default: all]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    common: Common,
}

impl Update {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.update", &self.common.how, default);
        let result = self
            .common
            .manifest(shell)
            .and_then(|manifest| ops::update(&manifest, &self.common.options(), &self.packages, &teller));
        teller.finish(result, |shell, report| {
            for change in &report.changed {
                match (&change.from, &change.to) {
                    (Some(from), Some(to)) => shell.status("Updated", &format!("{} {from} -> {to}", change.name)),
                    (None, Some(to)) => shell.status("Added", &format!("{} {to}", change.name)),
                    (Some(from), None) => shell.status("Removed", &format!("{} {from}", change.name)),
                    (None, None) => {}
                }
            }
            if report.changed.is_empty() {
                shell.status("Unchanged", "every package has the newest version that fits");
            }
            Ok(())
        })
    }
}

/// Put every locked package into the project, in the place of what was changed there
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// Fail if the lockfile does not fit x07.json
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    common: Common,
}

impl Fetch {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.fetch", &self.common.how, default);
        let mut options = self.common.options();
        options.locked = self.locked;
        let result = self.common.manifest(shell).and_then(|manifest| ops::fetch(&manifest, &options, &teller));
        teller.finish(result, |shell, report| {
            if report.fetched.is_empty() {
                shell.status("Unchanged", "every locked package is there");
            }
            Ok(())
        })
    }
}

/// Keep the archives of all locked packages in the project, to build without any registry
#[derive(Debug, Args)]
pub(crate) struct Vendor {
    #[command(flatten)]
    common: Common,
}

impl Vendor {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.vendor", &self.common.how, default);
        let result =
            self.common.manifest(shell).and_then(|manifest| ops::vendor(&manifest, &self.common.options(), &teller));
        teller.finish(result, |shell, report| {
            let archives = count(report.archives.len(), "archive");
            shell.status("Vendored", &format!("{archives} in {}", shown(&report.folder).display()));
            Ok(())
        })
    }
}
