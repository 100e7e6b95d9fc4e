//! `x07-os-runner`: runs with access to the operating system.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use x07_build::World;

use crate::compile::backend_failure;
use crate::execution::{Environment, Folder, Limits};
use crate::flags::{Common, Subject};
use crate::pipeline::{Job, mode, read_input};
use crate::report::{Report, Work};
use crate::sandbox::{Confinement, Gap, Policy, Sandbox};
use crate::specrows::specrows;
use crate::{Answer, Runner};

/// Compile an X07 program and run it with access to the operating system
#[derive(Clone, Debug, Parser)]
#[command(name = "x07-os-runner")]
struct Flags {
    #[command(flatten)]
    common: Common,
    /// Build, do not run
    #[arg(long, hide = true)]
    compile_only: bool,
    /// The policy of run-os-sandboxed
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What enforces the policy: auto and os (the kernel), vm, none (the program's own checks)
    #[arg(long, value_name = "BACKEND")]
    sandbox_backend: Option<String>,
    /// Run although the kernel cannot enforce every part of the policy
    #[arg(long)]
    i_accept_weaker_isolation: bool,
    /// Compile and link the C sources of FFI packages
    #[arg(long)]
    auto_ffi: bool,
    /// Allow an artifact, which the policy's compiler did not see, in run-os-sandboxed
    #[arg(long, hide = true)]
    i_accept_precompiled_artifact: bool,
}

/// What enforces a policy, besides the program's own checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    Vm,
    Kernel,
    Nothing,
}

/// Carries out a call with these arguments, the command's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Answer {
    let flags = match Flags::try_parse_from(arguments) {
        Ok(flags) => flags,
        Err(error) if error.use_stderr() => return Answer::Refused(error.to_string()),
        Err(help) => return Answer::Text(help.to_string()),
    };
    if flags.common.cli_specrows {
        return Answer::Text(specrows(Flags::command()));
    }
    flags.execute().unwrap_or_else(|message| Answer::Refused(format!("x07-os-runner: {message}")))
}

impl Flags {
    fn execute(&self) -> Result<Answer, String> {
        let world = self.common.world.unwrap_or(World::RunOs);
        if !world.is_os() {
            return Err(format!("world {world} needs x07-host-runner"));
        }
        let sandboxed = world == World::RunOsSandboxed;
        let backend = self.backend(world)?;
        let policy = match &self.policy {
            Some(_) if !sandboxed => return Err("--policy can only be given with run-os-sandboxed".to_owned()),
            None if sandboxed => return Err("world run-os-sandboxed needs --policy".to_owned()),
            Some(path) => Some(Policy::read(path).map_err(|error| error.to_string())?),
            None => None,
        };
        let (sandbox, notes) = match policy {
            Some(policy) if backend != Backend::Vm => {
                let accepted = accepts_weaker_isolation()? || self.i_accept_weaker_isolation;
                let (sandbox, notes) = enclose(policy, backend == Backend::Kernel, accepted)?;
                (Some(sandbox), notes)
            }
            _ => (None, Vec::new()),
        };
        let input = read_input(self.common.input.as_ref())?;
        let subject = self.common.subject()?;
        if let Subject::Artifact(_) = subject {
            if self.compile_only {
                return Err("--compile-only with --artifact: there is nothing to compile".to_owned());
            }
            if sandboxed && !self.i_accept_precompiled_artifact {
                return Err("--artifact in run-os-sandboxed runs code that was not compiled under the policy; \
                            it needs --i-accept-precompiled-artifact"
                    .to_owned());
            }
        }
        if backend == Backend::Vm {
            return Ok(self.no_virtual_machine(world, subject));
        }
        let folder = match subject {
            Subject::Project(path) => project_folder(path),
            Subject::Program(_) | Subject::Artifact(_) => Folder::Current,
        };
        let job = Job {
            runner: Runner::Os,
            common: &self.common,
            world,
            subject,
            input,
            compile_only: self.compile_only,
            auto_ffi: self.auto_ffi,
            limits: match &sandbox {
                Some(sandbox) => sandbox.limits(self.common.max_output_bytes),
                None => Limits::os(self.common.cpu_seconds(Runner::Os), self.common.max_output_bytes),
            },
            environment: Environment::os(folder),
            sandbox,
            notes,
        };
        job.execute()
    }

    /// The backend in effect: the flag, else the environment, else `auto`.
    fn backend(&self, world: World) -> Result<Backend, String> {
        let sandboxed = world == World::RunOsSandboxed;
        let variable = env::var_os("X07_SANDBOX_BACKEND").map(|value| value.to_string_lossy().into_owned());
        let (asked, source) = match (&self.sandbox_backend, variable) {
            (Some(asked), _) => (asked.to_ascii_lowercase(), "--sandbox-backend"),
            (None, Some(asked)) => (asked.to_ascii_lowercase(), "X07_SANDBOX_BACKEND"),
            (None, None) => ("auto".to_owned(), ""),
        };
        let backend = match asked.as_str() {
            "auto" if sandboxed => Backend::Kernel,
            "auto" | "none" => Backend::Nothing,
            "vm" => Backend::Vm,
            "os" | "native" => Backend::Kernel,
            _ => return Err(format!("{source}: unknown sandbox backend {asked:?}; there are auto, vm, os and none")),
        };
        accepts_weaker_isolation()?;
        Ok(backend)
    }

    fn no_virtual_machine(&self, world: World, subject: Subject<'_>) -> Answer {
        let message = "no virtual machine backend is available on this machine";
        let report = Report {
            schema_version: Runner::Os.schema_version(),
            mode: mode(Runner::Os, subject, self.compile_only),
            exit_code: 1,
            world: Some(world.as_str()),
            work: Work::Compiled { compile: Box::new(backend_failure(world, message)), solve: None },
        };
        Answer::Report(Box::new(report), Some(format!("vm backend failure: {message}")))
    }
}

/// What the environment says about gaps in the isolation.
pub fn accepts_weaker_isolation() -> Result<bool, String> {
    let name = "X07_I_ACCEPT_WEAKER_ISOLATION";
    let Some(value) = env::var_os(name) else { return Ok(false) };
    match value.to_str() {
        Some("1" | "true" | "TRUE" | "yes" | "YES") => Ok(true),
        Some("0" | "false" | "FALSE" | "no" | "NO") => Ok(false),
        _ => Err(format!("{name}: {value:?} is neither yes nor no")),
    }
}

/// Puts a policy in force, or refuses when it would not hold. The notes are for a person.
pub fn enclose(policy: Policy, by_kernel: bool, accepted: bool) -> Result<(Sandbox, Vec<String>), String> {
    let gaps = match by_kernel {
        true => Confinement::gaps(&policy),
        false => vec![Gap { part: "everything".to_owned(), reason: "the sandbox backend is none".to_owned() }],
    };
    let list: String = gaps.iter().map(|gap| format!("\n  {gap}")).collect();
    if !gaps.is_empty() && !accepted {
        return Err(format!(
            "run-os-sandboxed fails closed, because only the program's own checks would enforce:{list}\n\
             accept that with --i-accept-weaker-isolation"
        ));
    }
    let mut notes: Vec<String> = policy.idle_settings().into_iter().map(|text| format!("note: {text}")).collect();
    if !gaps.is_empty() {
        notes.push(format!("note: only the program's own checks enforce:{list}"));
    }
    Ok((Sandbox::new(policy, by_kernel)?, notes))
}

/// A project's programs run in its folder.
fn project_folder(project: &Path) -> Folder {
    if project.is_dir() {
        return Folder::At(project.to_owned());
    }
    match project.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => Folder::At(parent.to_owned()),
        _ => Folder::Current,
    }
}
