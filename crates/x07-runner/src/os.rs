//! `x07-os-runner`: runs with access to the operating system.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::{CommandFactory, Parser};
use x07_build::World;

use crate::compile::backend_failure;
use crate::execution::{Environment, Folder, Limits};
use crate::flags::{Common, Subject};
use crate::pipeline::{Job, mode, read_input};
use crate::report::{Report, Work};
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
    /// What enforces the policy: auto, vm, os or none
    #[arg(long, value_name = "BACKEND")]
    sandbox_backend: Option<String>,
    /// Allow a sandbox backend that is weaker than a virtual machine
    #[arg(long)]
    i_accept_weaker_isolation: bool,
    /// Compile and link the C sources of FFI packages
    #[arg(long)]
    auto_ffi: bool,
    /// Allow an artifact, which the policy's compiler did not see, in run-os-sandboxed
    #[arg(long, hide = true)]
    i_accept_precompiled_artifact: bool,
}

/// What stands between the program and the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    Vm,
    Os,
    None,
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
        match &self.policy {
            Some(_) if !sandboxed => return Err("--policy can only be given with run-os-sandboxed".to_owned()),
            None if sandboxed => return Err("world run-os-sandboxed needs --policy".to_owned()),
            Some(policy) => read_policy(policy)?,
            None => {}
        }
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
        if sandboxed {
            return Err("world run-os-sandboxed is not available yet; only run-os is".to_owned());
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
            limits: Limits::os(self.common.cpu_seconds(Runner::Os), self.common.max_output_bytes),
            environment: Environment::os(folder),
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
            "auto" if sandboxed => Backend::Vm,
            "auto" | "none" => Backend::None,
            "vm" => Backend::Vm,
            "os" | "native" => Backend::Os,
            _ => return Err(format!("{source}: unknown sandbox backend {asked:?}; there are auto, vm, os and none")),
        };
        let accepted = accepts_weaker_isolation()? || self.i_accept_weaker_isolation;
        if sandboxed && backend != Backend::Vm && !accepted {
            return Err(format!(
                "sandbox backend {asked} is weaker than a virtual machine, and run-os-sandboxed fails closed; \
                 accept it with --i-accept-weaker-isolation"
            ));
        }
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

fn accepts_weaker_isolation() -> Result<bool, String> {
    let name = "X07_I_ACCEPT_WEAKER_ISOLATION";
    let Some(value) = env::var_os(name) else { return Ok(false) };
    match value.to_str() {
        Some("1" | "true" | "TRUE" | "yes" | "YES") => Ok(true),
        Some("0" | "false" | "FALSE" | "no" | "NO") => Ok(false),
        _ => Err(format!("{name}: {value:?} is neither yes nor no")),
    }
}

/// Refuses a policy that cannot be read; its rules are checked where they are enforced.
fn read_policy(path: &Path) -> Result<(), String> {
    let text = fs::read(path).map_err(|error| format!("cannot read the policy {}: {error}", path.display()))?;
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_slice(&text);
    parsed.map(drop).map_err(|error| format!("the policy {} is not a JSON object: {error}", path.display()))
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
