//! `x07 run`: build, run, and show what the program shows.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use x07_build::{Abi, Request, Sources, Target, World};
use x07_pkg::Profile;
use x07_runner::{Ending, Environment, Execution, Folder, Limits, RunError, Runner, Solve, judge, judge_attached};

use super::build::How;
use super::sandbox::{Found, SandboxOptions};
use super::{failure, trap};
use crate::interrupt;
use crate::progress::Progress;
use crate::project::{Program, Selection};
use crate::render::{MessageFormat, ProgramTexts, show};
use crate::shell::Shell;

/// Build and run a program
///
/// Its output goes to standard output, and the exit status is the program's own.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    input: Input,
    /// Fuel of the run, 0 for unlimited [default: the profile's, else 50000000]
    #[arg(long, value_name = "UNITS")]
    solve_fuel: Option<u64>,
    /// Bytes of output the program may write [default: the profile's, else 1048576]
    #[arg(long, value_name = "BYTES")]
    max_output_bytes: Option<u64>,
    /// CPU time of the run [default: the profile's, else 5 in solve worlds and 30 in OS worlds]
    #[arg(long, value_name = "SECONDS")]
    cpu_time_limit_seconds: Option<u64>,
    /// Print the runner's JSON report instead of the output
    #[arg(long, value_enum, value_name = "KIND")]
    report: Option<ReportKind>,
    /// Also put an executable here that --artifact and the runners take
    #[arg(long, value_name = "FILE")]
    compiled_out: Option<PathBuf>,
    /// Run an executable that --compiled-out made, in run-os; nothing is built
    #[arg(long, value_name = "FILE", conflicts_with_all = NOT_WITH_ARTIFACT)]
    artifact: Option<PathBuf>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

/// What is decided when an executable is made.
const NOT_WITH_ARTIFACT: [&str; 5] = ["Selection", "How", "SandboxOptions", "compiled_out", "solve_fuel"];

/// The head by which a program reads standard input.
const READS_STDIN: &str = "os.stdio.read_line_v1";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportKind {
    /// The runner's report
    #[value(alias = "runner")]
    Json,
}

/// Where the program's input comes from.
#[derive(Debug, Args)]
struct Input {
    /// A file is the input
    #[arg(long = "input", value_name = "FILE", group = "source")]
    file: Option<PathBuf>,
    /// Standard input is the input; the default in solve worlds when it is not a terminal
    #[arg(long, group = "source")]
    stdin: bool,
    /// Base64 text is the input
    #[arg(long = "input-b64", value_name = "TEXT", group = "source")]
    base64: Option<String>,
    /// The input is these words as argv_v1, the program's name in front; the default in OS worlds
    #[arg(value_name = "WORD", trailing_var_arg = true, group = "source")]
    words: Vec<OsString>,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        if let Some(executable) = &self.artifact {
            return self.run_artifact(executable, shell);
        }
        let program = self.selection.find()?;
        let runner = runner_of(program.world)?;
        let sandbox = self.sandbox.find(&program, shell)?;
        let mut request = self.request(&program);
        let input = self.input.read(&program.name, Some(&program))?;
        let mut limits = self.limits(program.profile.as_ref(), runner);

        if self.report.is_some() {
            let arguments = self.arguments_for_runner(&program, &limits, sandbox.as_ref());
            return interrupt::guard(|| report(runner, arguments, &input));
        }
        if let Some(found) = &sandbox {
            request.capabilities = Some(found.sandbox.capabilities());
            request.memory_cap = found.sandbox.memory_cap(request.memory_cap);
            limits = found.sandbox.limits(limits.max_output);
        }
        let kept = self.compiled_out.as_ref().map(|path| Request { output: Some(path.clone()), ..request.clone() });
        if runner == Runner::Os {
            // What such a program reads and writes by itself is the caller's standard input and output.
            request.abi = Abi::Attached;
            request.max_output = Some(limits.max_output);
        }

        let progress = Progress::new(shell, &program.name);
        let result = interrupt::guard(|| {
            let kept = kept.map_or(Ok(()), |kept| x07_build::build(&kept, &progress).map(drop));
            let result = kept.and_then(|()| x07_build::build(&request, &progress));
            progress.clear();
            result
        });
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(failure) => return failure::tell(shell, failure, MessageFormat::Human, &program.name),
        };
        show(shell, &outcome.diagnostics, &outcome.sources);

        let environment = match (runner, &sandbox) {
            (Runner::Host, _) => Environment::isolated(),
            (Runner::Os, None) => Environment::os(Folder::Current),
            (Runner::Os, Some(found)) => {
                let folder = found.folder(&program);
                found.sandbox.environment(&outcome.output, folder).map_err(anyhow::Error::msg)?
            }
        };
        if sandbox.is_none() && outcome.native_heads.iter().any(|head| head == READS_STDIN) {
            // Who waits for somebody else is not late. A policy's limit holds all the same.
            limits.wall = None;
        }
        let executable = &outcome.output;
        let (execution, solve) = interrupt::guard(|| match runner {
            Runner::Os => {
                let execution = x07_runner::attach(executable, &input, &limits, &environment)?;
                let solve = judge_attached(&execution, runner);
                Ok((execution, solve))
            }
            Runner::Host => {
                let execution = x07_runner::run(executable, &input, &limits, &environment)?;
                let solve = judge(&execution, &limits, runner);
                Ok::<_, RunError>((execution, solve))
            }
        })?;
        let trap = match runner {
            // Silently, as when this command itself finds that nobody reads on.
            Runner::Os if execution.lost_its_reader() => return Err(io::Error::from(ErrorKind::BrokenPipe).into()),
            Runner::Os => solve.trap.as_deref(),
            Runner::Host => show_framed(&execution, &solve)?,
        };
        if let Some(trap) = trap {
            let texts = ProgramTexts { program: &program, sources: &outcome.sources };
            show(shell, &[trap::explain(trap)], &texts);
        }
        Ok(status(&execution, trap))
    }

    /// Runs an executable of which no more is known than that it has the runners' ABI.
    fn run_artifact(&self, executable: &Path, shell: &Shell) -> Result<u8> {
        let name = executable.file_stem().unwrap_or_default().to_string_lossy();
        let input = self.input.read(&name, None)?;
        let limits = self.limits(None, Runner::Os);
        if self.report.is_some() {
            let mut arguments = vec!["--artifact".into(), executable.into()];
            arguments.extend(limit_arguments(&limits));
            return interrupt::guard(|| report(Runner::Os, arguments, &input));
        }
        let environment = Environment::os(Folder::Current);
        let executable = std::path::absolute(executable)?;
        let run = || x07_runner::run(&executable, &input, &limits, &environment);
        let execution = interrupt::guard(run)?;
        let solve = judge(&execution, &limits, Runner::Os);
        let trap = show_framed(&execution, &solve)?;
        if let Some(trap) = trap {
            show(shell, &[trap::explain(trap)], &Sources::default());
        }
        Ok(status(&execution, trap))
    }

    fn request(&self, program: &Program) -> Request {
        let mut request = program.request();
        self.how.apply(&mut request, program);
        request.abi = Abi::Framed;
        let profile = program.profile.as_ref();
        let fuel = self.solve_fuel.or(profile.and_then(|profile| profile.solve_fuel));
        request.fuel = match fuel.unwrap_or(x07_build::DEFAULT_FUEL) {
            0 => None,
            fuel => Some(fuel),
        };
        request
    }

    fn limits(&self, profile: Option<&Profile>, runner: Runner) -> Limits {
        let cpu = self
            .cpu_time_limit_seconds
            .or(profile.and_then(|profile| profile.cpu_time_limit_seconds))
            .unwrap_or(runner.default_cpu_seconds());
        let output = self
            .max_output_bytes
            .or(profile.and_then(|profile| profile.max_output_bytes))
            .unwrap_or(Limits::DEFAULT_MAX_OUTPUT);
        match runner {
            Runner::Host => Limits::host(cpu, output),
            Runner::Os => Limits::os(cpu, output),
        }
    }

    /// What tells the runner to do all that this command would.
    fn arguments_for_runner(&self, program: &Program, limits: &Limits, sandbox: Option<&Found>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        match &program.target {
            Target::Project(path) => arguments.extend(["--project".into(), path.into()]),
            Target::Program { entry, module_roots } => {
                arguments.extend(["--program".into(), entry.into()]);
                arguments.extend(module_roots.iter().flat_map(|root| ["--module-root".into(), root.into()]));
            }
        }
        let request = self.request(program);
        arguments.extend(["--world".into(), program.world.as_str().into()]);
        arguments.extend(limit_arguments(limits));
        let mut number = |flag: &str, value: u64| arguments.extend([flag.into(), value.to_string().into()]);
        number("--solve-fuel", request.fuel.unwrap_or(u64::MAX));
        number("--max-memory-bytes", request.memory_cap);
        if let Some(bytes) = self.how.max_c_bytes {
            number("--max-c-bytes", bytes);
        }
        if let Some(found) = sandbox {
            arguments.extend(["--policy".into(), found.file.clone().into()]);
            arguments.extend(["--sandbox-backend".into(), found.backend.into()]);
            arguments.extend(found.accepted.then(|| "--i-accept-weaker-isolation".into()));
        }
        if request.debug_borrow {
            arguments.push("--debug-borrow-checks".into());
        }
        if self.how.prefers_size(program) {
            arguments.extend(["--cc-profile".into(), "size".into()]);
        }
        if let Some(path) = &self.compiled_out {
            arguments.extend(["--compiled-out".into(), path.into()]);
        }
        arguments
    }
}

fn limit_arguments(limits: &Limits) -> Vec<OsString> {
    let mut arguments = vec!["--max-output-bytes".into(), limits.max_output.to_string().into()];
    if let Some(seconds) = limits.cpu_seconds {
        arguments.extend(["--cpu-time-limit-seconds".into(), seconds.to_string().into()]);
    }
    arguments
}

/// Lets a runner do it all and prints its report.
fn report(runner: Runner, arguments: Vec<OsString>, input: &[u8]) -> Result<u8> {
    let mut file = tempfile::NamedTempFile::new().context("cannot write a temporary file")?;
    file.write_all(input).context("cannot write a temporary file")?;
    let mut line = vec![OsString::from(runner.command()), "--input".into(), file.path().into()];
    line.extend(arguments);
    let answer = match runner {
        Runner::Host => x07_runner::host::main(line),
        Runner::Os => x07_runner::os::main(line),
    };
    match answer.print("x07") {
        // What the run was worth stays its status when nobody reads the whole report.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        printed => printed.context("cannot write the report")?,
    }
    Ok(answer.exit_code())
}

/// Shows what a framed program wrote, and gives its trap unless it chose its end itself.
fn show_framed<'a>(execution: &Execution, solve: &'a Solve) -> Result<Option<&'a str>> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&solve.output)?;
    stdout.flush()?;
    let trap = solve.trap.as_deref().filter(|trap| !ended_by_itself(execution, solve, trap));
    // A trap counts although its words find no reader.
    let _ = io::stderr().write_all(&program_stderr(execution, trap));
    Ok(trap)
}

/// The runner of a world, as far as this version can run it.
fn runner_of(world: World) -> Result<Runner> {
    match world {
        World::SolvePure => Ok(Runner::Host),
        World::RunOs | World::RunOsSandboxed => Ok(Runner::Os),
        world => bail!("world {world} needs fixtures, which this version of x07 cannot give yet"),
    }
}

impl Input {
    /// The input of a program of this name; one of which nothing is known is taken for one of an OS world.
    fn read(&self, name: &str, program: Option<&Program>) -> Result<Vec<u8>> {
        if let Some(path) = &self.file {
            return read_file(path);
        }
        if let Some(text) = &self.base64 {
            return STANDARD.decode(text.trim()).context("--input-b64 is not base64");
        }
        if !self.words.is_empty() {
            return argv(name, &self.words);
        }
        if self.stdin {
            return read_stdin();
        }
        let Some(program) = program else {
            return argv(name, &[]);
        };
        if let Some(path) = program.profile.as_ref().and_then(|profile| profile.input.as_ref()) {
            return read_file(&program.folder.join(path));
        }
        if program.world.is_os() {
            return argv(name, &[]);
        }
        if io::stdin().is_terminal() { Ok(Vec::new()) } else { read_stdin() }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read the input {}", path.display()))
}

fn read_stdin() -> Result<Vec<u8>> {
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input).context("cannot read standard input")?;
    Ok(input)
}

/// The words as a standalone executable gets them: a count, then each word after its length; the name is word 0.
fn argv(name: &str, words: &[OsString]) -> Result<Vec<u8>> {
    let number = |value: usize| u32::try_from(value).map(u32::to_le_bytes).context("the arguments are too large");
    let mut input = number(words.len() + 1)?.to_vec();
    for word in std::iter::once(name.as_bytes()).chain(words.iter().map(|word| word.as_encoded_bytes())) {
        input.extend(number(word.len())?);
        input.extend(word);
    }
    Ok(input)
}

/// True when the program chose its end, with or without an output: then its exit status says it all, and what the
/// judge took for the text of a trap is something that the program wrote.
fn ended_by_itself(execution: &Execution, solve: &Solve, trap: &str) -> bool {
    let Ending::Exited(status) = execution.ending else {
        return false;
    };
    let has_metrics = solve.metrics.fuel_used.is_some();
    !execution.timed_out && ((status != 0 && has_metrics) || trap.starts_with("process exited with status"))
}

/// What the program itself wrote to standard error: neither the metrics nor the line that tells of a trap.
fn program_stderr(execution: &Execution, trap: Option<&str>) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = execution.stderr.bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let mut drop_last = |is_it: &dyn Fn(&[u8]) -> bool| {
        if let Some(at) = lines.iter().rposition(|line| is_it(line.trim_ascii())) {
            lines.remove(at);
        }
    };
    drop_last(&|line| line.starts_with(b"{\"fuel_used\":"));
    if let Some(trap) = trap {
        drop_last(&|line| line == trap.as_bytes());
    }
    lines.concat()
}

/// The status to exit with: the program's own when it ended by itself, 1 after a trap or at a limit.
fn status(execution: &Execution, trap: Option<&str>) -> u8 {
    match (execution.ending, trap) {
        (Ending::Exited(status), None) => u8::try_from(status).unwrap_or(u8::MAX),
        _ => failure::PROGRAM_AT_FAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_encoded_with_the_name_in_front() {
        let input = argv("echo", &["a".into(), "b c".into(), "".into()]).unwrap();
        let expected = b"\x04\0\0\0\x04\0\0\0echo\x01\0\0\0a\x03\0\0\0b c\0\0\0\0";
        assert_eq!(input, expected);
    }

    #[test]
    fn the_programs_own_end_is_no_trap() {
        use Ending::{Exited, Signalled};
        let metrics = "{\"fuel_used\":1}\n";
        let frame = b"\x01\0\0\0x".as_slice();
        let cases: [(Ending, &[u8], &str, u8, &str); 5] = [
            (Exited(0), frame, metrics, 0, ""),
            (Exited(3), frame, "note\n{\"fuel_used\":1}\n", 3, "note\n"),
            (Exited(4), b"", "bye\n", 1, ""),
            (Exited(4), b"", "", 4, ""),
            (Signalled(4), b"", "note\nfuel exhausted\n", 1, "note\n"),
        ];
        for (ending, stdout, stderr, expected, shown) in cases {
            let captured = |bytes: &[u8]| x07_runner::Captured { bytes: bytes.to_vec(), exceeded: false };
            let (stdout, stderr) = (captured(stdout), captured(stderr.as_bytes()));
            let execution = Execution { ending, timed_out: false, stdout, stderr };
            let solve = judge(&execution, &Limits::host(1, 100), Runner::Host);
            let trap = solve.trap.as_deref().filter(|trap| !ended_by_itself(&execution, &solve, trap));
            assert_eq!(status(&execution, trap), expected, "{ending:?}");
            assert_eq!(String::from_utf8_lossy(&program_stderr(&execution, trap)), shown, "{ending:?}");
        }
    }
}
