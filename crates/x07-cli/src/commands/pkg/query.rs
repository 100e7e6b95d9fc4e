//! `x07 search`, `x07 info`, `x07 versions`, `x07 pkg provides`.

use anyhow::Result;
use clap::Args;
use x07_pkg::{Source, ops};

use super::{Common, How, SourceOptions, Teller, any_folder, manifest_path};
use crate::render::MessageFormat;
use crate::shell::Shell;

/// Look for packages
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Words of the name, the description or a module [default: all packages]
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

impl Search {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.search", &self.how, default);
        let query = self.words.join(" ");
        let result = ops::search(&any_folder(), &self.source.options(), &query, &teller);
        teller.finish(result, |shell, report| {
            let name = |row: &ops::SearchRow| match &row.version {
                Some(version) => format!("{}@{version}", row.name),
                None => row.name.clone(),
            };
            let width = report.packages.iter().map(|row| name(row).len()).max().unwrap_or_default();
            for row in &report.packages {
                let official = if row.source == Source::Official { " (official)" } else { "" };
                let line = format!("{:width$}  {}{official}", name(row), first_line(&row.description));
                shell.print(&format!("{}\n", line.trim_end()))?;
            }
            if report.packages.is_empty() {
                shell.note("no package has these words");
            }
            Ok(())
        })
    }
}

/// Show what there is to know about a package
#[derive(Debug, Args)]
pub(crate) struct Info {
    /// The package, NAME or NAME@REQUIREMENT
    #[arg(value_name = "PACKAGE")]
    package: String,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

impl Info {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.info", &self.how, default);
        let result = ops::info(&any_folder(), &self.source.options(), &self.package, &teller);
        teller.finish(result, |shell, report| {
            let yanked = if report.yanked { " (yanked)" } else { "" };
            let mut text = format!("{} {}{yanked}\n", report.name, report.version);
            let worlds = report.worlds_allowed.as_ref().map(|worlds| worlds.join(", "));
            let source = report.source.to_string();
            let rows = [
                ("", report.description.as_str()),
                ("modules", &report.modules.join(", ")),
                ("worlds", worlds.as_deref().unwrap_or("all")),
                ("requires", &report.requires.join(", ")),
                ("libraries", &report.ffi_libs.join(", ")),
                ("license", &report.license),
                ("source", &source),
            ];
            for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
                let row = if name.is_empty() { value.to_owned() } else { format!("{name:<10}{value}") };
                text.push_str(&format!("{row}\n"));
            }
            for advisory in &report.advisories {
                text.push_str(&format!("advisory  {} ({}, {})\n", advisory.summary, advisory.kind, advisory.severity));
            }
            if !report.docs.is_empty() {
                text.push_str(&format!("\n{}\n", report.docs.trim_end()));
            }
            shell.print(&text)?;
            Ok(())
        })
    }
}

/// Show the versions of a package
#[derive(Debug, Args)]
pub(crate) struct Versions {
    /// The package
    #[arg(value_name = "NAME")]
    package: String,
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    how: How,
}

impl Versions {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.versions", &self.how, default);
        let result = ops::versions(&any_folder(), &self.source.options(), &self.package, &teller);
        teller.finish(result, |shell, report| {
            for row in &report.versions {
                let yanked = if row.yanked { " (yanked)" } else { "" };
                let advised =
                    row.advisories.iter().map(|advisory| format!(" ({}: {})", advisory.kind, advisory.summary));
                shell.print(&format!("{}{yanked}{}\n", row.version, advised.collect::<String>()))?;
            }
            Ok(())
        })
    }
}

/// Show who has a module
#[derive(Debug, Args)]
pub(crate) struct Provides {
    /// The module's id
    #[arg(value_name = "MODULE")]
    module: String,
    #[command(flatten)]
    common: Common,
}

/// Exit status when nobody has the module.
const NOBODY: u8 = 1;

impl Provides {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.provides", &self.common.how, default);
        let manifest = match &self.common.project {
            Some(path) => manifest_path(Some(path)).ok(),
            // The toolchain can be asked from anywhere.
            None => manifest_path(None).ok(),
        };
        let is_builtin = x07_build::stdlib::modules().any(|(id, _)| *id == self.module);
        let result = ops::provides(manifest.as_deref(), &self.common.options(), &self.module, is_builtin);
        let found = result.as_ref().is_ok_and(|report| report.ok);
        match (result, teller.format) {
            // This report has a form of its own.
            (Ok(report), MessageFormat::Json) => teller.print(&report)?,
            (result, _) => {
                let status = teller.finish(result, |shell, report| {
                    for one in &report.providers {
                        let version = one.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
                        shell.print(&format!("{:<10} {}{version}\n", one.kind, one.name))?;
                    }
                    if !report.ok {
                        shell.note(&format!("nobody has the module {}", report.module_id));
                    }
                    Ok(())
                })?;
                if status != 0 {
                    return Ok(status);
                }
            }
        }
        Ok(if found { 0 } else { NOBODY })
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
