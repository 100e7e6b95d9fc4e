//! `x07 policy`: the policies of run-os-sandboxed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use x07_runner::sandbox::{Confinement, Policy, SCHEMA, TEMPLATES, template};

use crate::project::manifest;
use crate::render::MessageFormat;
use crate::shell::Shell;

/// Make and check the policies of run-os-sandboxed
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Init(Init),
    Check(Check),
    /// Print the JSON Schema of policy files
    Schema,
}

/// Write a policy to begin with
#[derive(Debug, Args)]
struct Init {
    /// What to begin with
    #[arg(long, default_value = "cli", value_name = "NAME", value_parser = templates())]
    template: String,
    /// The project's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
    /// Where it goes [default: .x07/policies/base/TEMPLATE.sandbox.base.policy.json in the project]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Its id [default: sandbox.TEMPLATE.base]
    #[arg(long, value_name = "ID")]
    policy_id: Option<String>,
    /// Replace a file that says something else
    #[arg(long)]
    force: bool,
    /// Make the folder of --out
    #[arg(long)]
    mkdir_out: bool,
    /// What comes out
    #[arg(long, value_enum, default_value = "file", value_name = "KIND")]
    emit: Emit,
    /// How the result is told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
}

/// Check a policy, and what of it the kernel of this machine enforces
#[derive(Debug, Args)]
struct Check {
    /// The policy
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// A file in the project
    File,
    /// The policy on standard output
    Policy,
}

#[derive(Serialize)]
struct Report<'a> {
    schema_version: &'static str,
    template: &'a str,
    project_root: &'a Path,
    out: &'a Path,
    status: &'static str,
    policy_id: &'a str,
}

fn templates() -> clap::builder::PossibleValuesParser {
    TEMPLATES.iter().map(|(name, help)| clap::builder::PossibleValue::new(*name).help(*help)).collect::<Vec<_>>().into()
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        match &self.what {
            What::Init(init) => init.run(shell),
            What::Check(check) => check.run(shell),
            What::Schema => {
                shell.print(SCHEMA)?;
                Ok(0)
            }
        }
    }
}

impl Init {
    fn run(&self, shell: &Shell) -> Result<u8> {
        let policy_id = self.policy_id.clone().unwrap_or_else(|| format!("sandbox.{}.base", self.template));
        let Some(policy) = template(&self.template, &policy_id) else {
            bail!("there is no template {:?}", self.template);
        };
        if let Err(mistakes) = Policy::from_value(&policy) {
            let list: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            bail!("{}", list.join("\n"));
        }
        let text = format!("{policy:#}\n");
        if self.emit == Emit::Policy {
            shell.print(&text)?;
            return Ok(0);
        }
        let manifest = manifest(self.project.as_deref())?;
        let root = std::path::absolute(manifest.folder()).context("the project's folder is gone")?;
        let usual = Path::new(".x07/policies/base").join(format!("{}.sandbox.base.policy.json", self.template));
        let out = self.out.clone().unwrap_or_else(|| root.join(usual));
        let status = self.write(&out, &text)?;
        match self.message_format {
            MessageFormat::Human => {
                let verb = if status == "unchanged" { "Unchanged" } else { "Created" };
                shell.status(verb, &crate::files::shown(&out).display().to_string());
                shell.note(
                    "x07 run --world run-os-sandboxed --policy FILE, or a profile with \"policy\", puts it in force",
                );
            }
            MessageFormat::Json => {
                let report = Report {
                    schema_version: "x07.policy.init.report@0.1.0",
                    template: &self.template,
                    project_root: &root,
                    out: &out,
                    status,
                    policy_id: &policy_id,
                };
                shell.print(&format!("{}\n", serde_json::to_string(&report)?))?;
            }
        }
        Ok(0)
    }

    /// Writes the file, unless it says so already, and tells what became of it.
    fn write(&self, out: &Path, text: &str) -> Result<&'static str> {
        let existing = match fs::read(out) {
            Ok(existing) => Some(existing),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", out.display())),
        };
        let status = match existing {
            Some(existing) if existing == text.as_bytes() => return Ok("unchanged"),
            Some(_) if !self.force => {
                bail!("{} exists and says something else\nhelp: --force replaces it", out.display());
            }
            Some(_) => "replaced",
            None => "created",
        };
        if let Some(folder) = out.parent()
            && (self.out.is_none() || self.mkdir_out)
        {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        crate::files::write(out, text.as_bytes())?;
        Ok(status)
    }
}

impl Check {
    fn run(&self, shell: &Shell) -> Result<u8> {
        let policy = Policy::read(&self.file)?;
        for idle in policy.idle_settings() {
            shell.note(&idle);
        }
        let gaps = Confinement::gaps(&policy);
        if gaps.is_empty() {
            shell.status("Valid", "and the kernel of this machine enforces all of it");
        } else {
            let list: String = gaps.iter().map(|gap| format!("\n  {gap}")).collect();
            shell.status("Valid", "but the kernel of this machine does not enforce all of it");
            shell.note(&format!("only the program's own checks enforce:{list}"));
        }
        Ok(0)
    }
}
