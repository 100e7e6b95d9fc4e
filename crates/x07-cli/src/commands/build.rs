//! `x07 build`: a project to an executable.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use x07_build::{Abi, Emit, Outcome, Profile, Request};

use crate::commands::failure;
use crate::commands::sandbox::SandboxOptions;
use crate::files::shown;
use crate::interrupt;
use crate::progress::Progress;
use crate::project::{Program, Selection};
use crate::render::{MessageFormat, print_json, show};
use crate::shell::{Shell, size};

/// Build a standalone executable
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Where the output goes; a folder takes the program's name [default: dist/NAME in the project]
    #[arg(short, long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// How the executable talks [default: raw in solve worlds, argv in OS worlds]
    #[arg(long, value_enum)]
    abi: Option<AbiName>,
    /// What comes out
    #[arg(long, value_enum, default_value = "exe", value_name = "KIND")]
    emit: EmitName,
    /// Write a depfile beside the output, for make and ninja
    #[arg(long)]
    depfile: bool,
    /// Write compile_commands.json beside the output
    #[arg(long)]
    compile_commands: bool,
    /// Write an HTML page that shows when each step ran
    #[arg(long)]
    timings: bool,
    /// Write which instances of generics the program has, and where they are asked for
    #[arg(long, value_name = "FILE")]
    emit_mono_map: Option<PathBuf>,
    /// How findings are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
    /// Fuel for the whole life of the program, 0 for unlimited [default: the profile's, else unlimited; framed: 50000000]
    #[arg(long, value_name = "UNITS")]
    solve_fuel: Option<u64>,
    /// Bytes of output the program may write [default: the profile's, else unlimited]
    #[arg(long, value_name = "BYTES")]
    max_output_bytes: Option<u64>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

/// Options of every build.
#[derive(Debug, Args)]
pub(super) struct How {
    /// Optimise: slower to build, faster to run
    #[arg(short, long)]
    pub(super) release: bool,
    /// What the C compiler works for [default: the profile's, else as --release says]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(super) cc_profile: Option<CcProfile>,
    /// How many things to do at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// Heap of the program
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=4 << 30))]
    pub(super) max_memory_bytes: Option<u64>,
    /// Bytes of generated C of one module
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_c_bytes: Option<u64>,
    /// Count uses of views after the end of what they look at
    #[arg(long)]
    pub(super) debug_borrow_checks: bool,
    /// Do not compile C sources of packages
    #[arg(long, overrides_with = "auto_ffi")]
    pub(super) no_auto_ffi: bool,
    /// Compile C sources of packages [default: the profile's, else yes]
    #[arg(long)]
    pub(super) auto_ffi: bool,
}

/// What the C compiler works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CcProfile {
    /// What --release says
    Default,
    /// Small executables
    Size,
}

impl How {
    /// True if small executables are wanted.
    pub(super) fn prefers_size(&self, program: &Program) -> bool {
        let of_profile =
            || program.profile.as_ref().is_some_and(|profile| profile.cc_profile.as_deref() == Some("size"));
        self.cc_profile.map_or_else(of_profile, |asked| asked == CcProfile::Size)
    }

    /// Adds the options to a request for a program.
    pub(super) fn apply(&self, request: &mut Request, program: &Program) {
        request.profile = if self.release { Profile::Release } else { Profile::Dev };
        request.jobs = self.jobs.map(usize::from);
        request.debug_borrow = self.debug_borrow_checks;
        if let Some(bytes) = self.max_memory_bytes {
            request.memory_cap = bytes;
        }
        if let Some(bytes) = self.max_c_bytes {
            request.limits.max_c_bytes = bytes;
        }
        if self.auto_ffi || self.no_auto_ffi {
            request.auto_ffi = self.auto_ffi;
        }
        if self.prefers_size(program) {
            request.prefer_size();
        }
    }
}

/// The library's `Abi` on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum AbiName {
    /// Raw standard input to raw standard output
    Raw,
    /// Length-prefixed input and output, as the runners want it
    Framed,
    /// The arguments as argv_v1 to raw standard output
    Argv,
}

/// The library's `Emit` on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EmitName {
    /// A standalone executable
    Exe,
    /// A folder of C sources
    C,
    /// A folder of object files
    Obj,
    /// An archive and its header, to embed in C
    Staticlib,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        failure::in_format(self.message_format, self.build_and_tell(shell))
    }

    fn build_and_tell(&self, shell: &Shell) -> Result<u8> {
        let program = self.selection.find()?;
        let mut request = self.request(&program)?;
        if let Some(found) = self.sandbox.find(&program, shell)? {
            if request.emit == Emit::StaticLib {
                bail!("a library cannot confine the process that it is in; build an executable for run-os-sandboxed");
            }
            request.further_inputs.clone_from(&found.inputs);
            // A program that is started by a runner is confined by the runner.
            match request.abi {
                Abi::Framed => request.capabilities = Some(found.sandbox.capabilities()),
                _ => found.sandbox.embed(&mut request, &program.folder, !found.accepted).map_err(anyhow::Error::msg)?,
            }
        }
        let progress = Progress::new(shell, &program.name);
        let result = interrupt::guard(|| {
            let result = x07_build::build(&request, &progress);
            progress.clear();
            result
        });
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(failure) => return failure::tell(shell, failure, self.message_format, &program.name),
        };
        match self.message_format {
            MessageFormat::Human => show(shell, &outcome.diagnostics, &outcome.sources),
            MessageFormat::Json => print_json(&[(outcome.diagnostics.clone(), &outcome.sources)], &[])?,
        }
        progress.finished(&outcome, request.profile);
        self.tell_output(shell, &outcome);
        if self.timings {
            let page = output_with(&outcome.output, "-timings.html");
            std::fs::write(&page, x07_build::timings::page(&program.name, &outcome.spans))
                .with_context(|| format!("cannot write {}", page.display()))?;
            shell.status("Timings", &shown(&page).display().to_string());
        }
        Ok(0)
    }

    fn request(&self, program: &Program) -> Result<Request> {
        let mut request = program.request();
        self.how.apply(&mut request, program);
        request.abi = match self.abi {
            Some(AbiName::Raw) => Abi::Raw,
            Some(AbiName::Framed) => Abi::Framed,
            Some(AbiName::Argv) => Abi::Argv,
            None if program.world.is_os() => Abi::Argv,
            None => Abi::Raw,
        };
        request.emit = match self.emit {
            EmitName::Exe => Emit::Exe,
            EmitName::C => Emit::C,
            EmitName::Obj => Emit::Obj,
            EmitName::Staticlib => Emit::StaticLib,
        };
        let profile = program.profile.as_ref();
        request.fuel = match self.solve_fuel.or(profile.and_then(|profile| profile.solve_fuel)) {
            Some(0) => None,
            Some(fuel) => Some(fuel),
            None => (request.abi == Abi::Framed).then_some(x07_build::DEFAULT_FUEL),
        };
        request.max_output = self.max_output_bytes.or(profile.and_then(|profile| profile.max_output_bytes));
        let output = self.output(program)?;
        request.name = output.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        request.depfile = self.depfile.then(|| output_with(&output, ".d"));
        request.compile_commands =
            self.compile_commands.then(|| output.parent().unwrap_or(Path::new(".")).join("compile_commands.json"));
        request.mono_map.clone_from(&self.emit_mono_map);
        request.output = Some(output);
        Ok(request)
    }

    /// The path of the output, whose folder exists.
    fn output(&self, program: &Program) -> Result<PathBuf> {
        let name = match self.emit {
            EmitName::Exe => program.name.clone(),
            EmitName::C => format!("{}-c", program.name),
            EmitName::Obj => format!("{}-obj", program.name),
            EmitName::Staticlib => format!("lib{}.a", program.name),
        };
        let output = match &self.out {
            None => program.folder.join("dist").join(name),
            Some(path) => {
                let is_folder =
                    path.as_os_str().to_string_lossy().ends_with(std::path::MAIN_SEPARATOR) || path.is_dir();
                let is_file = matches!(self.emit, EmitName::Exe | EmitName::Staticlib);
                if is_folder && is_file { path.join(name) } else { path.clone() }
            }
        };
        let Some(folder) = output.parent() else { bail!("{} is no file name", output.display()) };
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(output)
    }

    fn tell_output(&self, shell: &Shell, outcome: &Outcome) {
        let bytes = std::fs::metadata(&outcome.output).ok().filter(|metadata| metadata.is_file());
        let bytes = bytes.map(|metadata| format!(" ({})", size(metadata.len()))).unwrap_or_default();
        shell.status("Output", &format!("{}{bytes}", shown(&outcome.output).display()));
        if self.emit == EmitName::Staticlib && !outcome.libraries.is_empty() {
            shell.note(&format!("what it is linked into needs {} too", outcome.libraries.join(" ")));
        }
    }
}

/// The output's path with something appended to its name.
fn output_with(output: &Path, ending: &str) -> PathBuf {
    let mut path = output.as_os_str().to_owned();
    path.push(ending);
    PathBuf::from(path)
}
