//! `x07 tree` and `x07 why`.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use x07_pkg::ops::{self, TreeReport};
use x07_pkg::{PROJECT, Source};

use super::{Common, Teller};
use crate::render::MessageFormat;
use crate::shell::Shell;

/// Show the project's packages and what they need
#[derive(Debug, Args)]
pub(crate) struct Tree {
    #[command(flatten)]
    common: Common,
}

impl Tree {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.tree", &self.common.how, default);
        let result = self.common.manifest(shell).and_then(|manifest| ops::tree(&manifest, &self.common.options()));
        teller.finish(result, |shell, report| {
            let mut text = format!("{PROJECT}\n");
            draw(report, PROJECT, "", &mut BTreeSet::new(), &mut text);
            shell.print(&text)?;
            if let Some(why) = &report.stale {
                shell.warning(&format!("the lockfile does not fit x07.json: {why}\nhelp: `x07 lock` writes it anew"));
            }
            Ok(())
        })
    }
}

/// Draws what a node needs; what was drawn before is only named.
fn draw<'r>(report: &'r TreeReport, id: &str, indent: &str, drawn: &mut BTreeSet<&'r str>, text: &mut String) {
    let children: Vec<&str> = report.edges.iter().filter(|edge| edge.from == id).map(|edge| edge.to.as_str()).collect();
    for (index, child) in children.iter().copied().enumerate() {
        let is_last = index + 1 == children.len();
        let (branch, below) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let node = report.nodes.iter().find(|node| node.id == child);
        let kind = match node.and_then(|node| node.source.as_ref()) {
            Some(Source::Path) => " (path)",
            Some(Source::Official) => " (official)",
            _ => "",
        };
        let yanked = if node.is_some_and(|node| node.yanked) { " (yanked)" } else { "" };
        let is_new = drawn.insert(child);
        let needs_more = report.edges.iter().any(|edge| edge.from == child);
        let again = if !is_new && needs_more { " (*)" } else { "" };
        text.push_str(&format!("{indent}{branch}{child}{kind}{yanked}{again}\n"));
        if is_new {
            draw(report, child, &format!("{indent}{below}"), drawn, text);
        }
    }
}

/// Show why a package is in the project
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The package
    #[arg(value_name = "NAME")]
    package: String,
    #[command(flatten)]
    common: Common,
}

impl Why {
    pub(crate) fn run(&self, shell: &Shell, default: MessageFormat) -> Result<u8> {
        let teller = Teller::new(shell, "pkg.why", &self.common.how, default);
        let result =
            self.common.manifest(shell).and_then(|manifest| ops::why(&manifest, &self.common.options(), &self.package));
        teller.finish(result, |shell, report| {
            for chain in &report.chains {
                shell.print(&format!("{}\n", chain.join(" -> ")))?;
            }
            Ok(())
        })
    }
}
