//! The flags of run-os-sandboxed, which `run` and `build` share.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::Value;
use x07_build::{Target, World};
use x07_runner::Folder;
use x07_runner::os::enclose;
use x07_runner::sandbox::{Changes, Policy, Sandbox};

use crate::project::Program;
use crate::shell::Shell;

/// Where policies that flags make are kept, below the project.
const GENERATED: &str = ".x07/policies/_generated";

/// Options of run-os-sandboxed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of run-os-sandboxed")]
pub(super) struct SandboxOptions {
    /// The policy [default: the profile's]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What enforces the policy besides the program's own checks
    #[arg(long, value_enum, value_name = "BACKEND")]
    sandbox_backend: Option<Backend>,
    /// Run although the kernel cannot enforce every part of the policy
    #[arg(long)]
    i_accept_weaker_isolation: bool,
    /// Allow a host on top of the policy; may be repeated
    #[arg(long, value_name = "HOST:PORT[,PORT]")]
    allow_host: Vec<String>,
    /// Allow the hosts that a file names, one per line
    #[arg(long, value_name = "FILE")]
    allow_host_file: Option<PathBuf>,
    /// Deny a host that the policy allows; may be repeated
    #[arg(long, value_name = "HOST[:PORT]")]
    deny_host: Vec<String>,
    /// Deny the hosts that a file names, one per line
    #[arg(long, value_name = "FILE")]
    deny_host_file: Option<PathBuf>,
    /// Let a folder be read on top of the policy; may be repeated
    #[arg(long, value_name = "FOLDER")]
    allow_read_root: Vec<String>,
    /// Let a folder be written on top of the policy; may be repeated
    #[arg(long, value_name = "FOLDER")]
    allow_write_root: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
enum Backend {
    /// The kernel
    Auto,
    /// A virtual machine, which this version does not have
    Vm,
    /// The kernel
    #[value(alias = "native")]
    Os,
    /// Nothing
    None,
}

/// A sandbox with the file that its policy is in.
pub(super) struct Found {
    pub(super) sandbox: Sandbox,
    pub(super) file: PathBuf,
    pub(super) backend: &'static str,
    pub(super) accepted: bool,
    /// The files that made it what it is.
    pub(super) inputs: Vec<PathBuf>,
}

impl Found {
    /// Where the program runs: a policy's relative paths are those of its project.
    pub(super) fn folder(&self, program: &Program) -> Folder {
        match &program.target {
            Target::Project(_) => Folder::At(program.folder.clone()),
            Target::Program { .. } => Folder::Current,
        }
    }
}

impl SandboxOptions {
    /// The sandbox of a program's world; none in the other worlds, where its flags make no sense.
    pub(super) fn find(&self, program: &Program, shell: &Shell) -> Result<Option<Found>> {
        let changes = self.changes()?;
        if program.world != World::RunOsSandboxed {
            if self.policy.is_some() || !changes.is_empty() {
                bail!("world {} has no policy; --world run-os-sandboxed or a profile of that world has", program.world);
            }
            return Ok(None);
        }
        let by_kernel = match self.backend()? {
            None | Some(Backend::Auto | Backend::Os) => true,
            Some(Backend::None) => false,
            Some(Backend::Vm) => bail!("this version of x07 has no virtual machines to run a program in"),
        };
        let base = self.policy_file(program)?;
        let (file, policy) = match changes.is_empty() {
            true => (base.clone(), Policy::read(&base)?),
            false => changed(&base, &changes, &program.folder)?,
        };
        let accepted =
            self.i_accept_weaker_isolation || x07_runner::os::accepts_weaker_isolation().map_err(anyhow::Error::msg)?;
        let (sandbox, notes) = enclose(policy, by_kernel, accepted).map_err(anyhow::Error::msg)?;
        for note in notes {
            shell.note(note.strip_prefix("note: ").unwrap_or(&note));
        }
        let inputs = [Some(&base), self.allow_host_file.as_ref(), self.deny_host_file.as_ref()];
        let inputs = inputs.into_iter().flatten().cloned().collect();
        Ok(Some(Found { sandbox, file, backend: if by_kernel { "os" } else { "none" }, accepted, inputs }))
    }

    fn backend(&self) -> Result<Option<Backend>> {
        let name = "X07_SANDBOX_BACKEND";
        match (self.sandbox_backend, std::env::var(name)) {
            (None, Ok(value)) => Backend::from_str(&value, true).map(Some).map_err(|_| {
                anyhow::anyhow!("{name}: unknown sandbox backend {value:?}; there are auto, vm, os and none")
            }),
            (given, _) => Ok(given),
        }
    }

    fn policy_file(&self, program: &Program) -> Result<PathBuf> {
        if let Some(path) = &self.policy {
            return Ok(path.clone());
        }
        let Some(path) = program.profile.as_ref().and_then(|profile| profile.policy.as_ref()) else {
            bail!("world run-os-sandboxed needs a policy: --policy FILE, or a profile with one");
        };
        let path = program.folder.join(path);
        if !path.is_file() {
            bail!("missing policy file: {}\nhelp: `x07 policy init` makes one", crate::files::shown(&path).display());
        }
        Ok(path)
    }

    fn changes(&self) -> Result<Changes> {
        let all = |given: &[String], file: &Option<PathBuf>| -> Result<Vec<String>> {
            let mut hosts = given.to_vec();
            if let Some(path) = file {
                let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
                hosts.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
            }
            Ok(hosts)
        };
        Ok(Changes {
            allow_hosts: all(&self.allow_host, &self.allow_host_file)?,
            deny_hosts: all(&self.deny_host, &self.deny_host_file)?,
            read_roots: self.allow_read_root.clone(),
            write_roots: self.allow_write_root.clone(),
        })
    }
}

/// The policy with changes, kept in a file, so that one can see what was in force.
fn changed(base: &Path, changes: &Changes, folder: &Path) -> Result<(PathBuf, Policy)> {
    Policy::read(base)?;
    let text = fs::read(base).with_context(|| format!("cannot read {}", base.display()))?;
    let mut value: Value = serde_json::from_slice(&text).with_context(|| format!("cannot read {}", base.display()))?;
    changes.apply(&mut value).map_err(anyhow::Error::msg)?;
    let text = format!("{value:#}\n");
    let name = format!("{}.policy.json", &x07_build::Digest::of(text.as_bytes()).to_hex()[..16]);
    let file = folder.join(GENERATED).join(name);
    let policy = Policy::from_value(&value).map_err(|mistakes| {
        let list: String = mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect();
        anyhow::anyhow!("the policy is invalid with what the flags --allow-... add to it:{list}")
    })?;
    fs::create_dir_all(folder.join(GENERATED)).with_context(|| format!("cannot create {}", folder.display()))?;
    crate::files::write(&file, text.as_bytes())?;
    Ok((file, policy))
}
