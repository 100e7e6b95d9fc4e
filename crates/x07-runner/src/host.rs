//! `x07-host-runner`: deterministic runs in the `solve-*` worlds.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use x07_build::World;

use crate::execution::{Environment, Limits};
use crate::flags::{Common, Subject};
use crate::pipeline::{Job, read_input};
use crate::specrows::specrows;
use crate::{Answer, Runner};

/// Compile an X07 program and run it under deterministic limits in an isolated folder
#[derive(Clone, Debug, Parser)]
#[command(name = "x07-host-runner")]
struct Flags {
    #[command(flatten)]
    common: Common,
    /// Build, do not run
    #[arg(long)]
    compile_only: bool,
    /// The files of solve-fs and solve-full
    #[arg(long, value_name = "FOLDER")]
    fixture_fs_dir: Option<PathBuf>,
    /// The part of the files that the program sees
    #[arg(long, value_name = "PATH")]
    fixture_fs_root: Option<PathBuf>,
    /// JSON table of latencies among the files
    #[arg(long, value_name = "PATH")]
    fixture_fs_latency_index: Option<PathBuf>,
    /// The cassettes of solve-rr and solve-full
    #[arg(long, value_name = "FOLDER")]
    fixture_rr_dir: Option<PathBuf>,
    /// The store of solve-kv and solve-full
    #[arg(long, value_name = "FOLDER")]
    fixture_kv_dir: Option<PathBuf>,
    /// JSON seed of the store
    #[arg(long, value_name = "PATH")]
    fixture_kv_seed: Option<PathBuf>,
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
    flags.execute().unwrap_or_else(|message| Answer::Refused(format!("x07-host-runner: {message}")))
}

impl Flags {
    fn execute(&self) -> Result<Answer, String> {
        let world = self.common.world.unwrap_or(World::SolvePure);
        if world.is_os() {
            return Err(format!("world {world} needs x07-os-runner"));
        }
        let subject = self.common.subject()?;
        match subject {
            Subject::Artifact(_) if self.compile_only => {
                return Err("--compile-only with --artifact: there is nothing to compile".to_owned());
            }
            Subject::Artifact(_) | Subject::Project(_) if !self.common.module_roots.is_empty() => {
                return Err("--module-root can only be given with --program".to_owned());
            }
            _ => {}
        }
        self.check_fixtures(world)?;
        let job = Job {
            runner: Runner::Host,
            common: &self.common,
            world,
            subject,
            input: read_input(self.common.input.as_ref())?,
            compile_only: self.compile_only,
            auto_ffi: false,
            limits: Limits::host(self.common.cpu_seconds(Runner::Host), self.common.max_output_bytes),
            environment: Environment::isolated(),
            sandbox: None,
            notes: Vec::new(),
        };
        job.execute()
    }

    fn check_fixtures(&self, world: World) -> Result<(), String> {
        let full = world == World::SolveFull;
        let needed = [
            ("--fixture-fs-dir", &self.fixture_fs_dir, full || world == World::SolveFs),
            ("--fixture-rr-dir", &self.fixture_rr_dir, full || world == World::SolveRr),
            ("--fixture-kv-dir", &self.fixture_kv_dir, full || world == World::SolveKv),
        ];
        for (flag, folder, needed) in needed {
            match folder {
                None if needed => return Err(format!("world {world} needs {flag}")),
                Some(folder) if needed && !folder.is_dir() => {
                    return Err(format!("{flag}: {} is not a folder", folder.display()));
                }
                _ => {}
            }
        }
        if world != World::SolvePure {
            return Err(format!("world {world} is not available yet; only solve-pure is"));
        }
        Ok(())
    }
}
