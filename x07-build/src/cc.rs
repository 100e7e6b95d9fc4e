//! Calls of the C compiler.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::files::io_failure;
use crate::outcome::{CCompilerFailure, CCompilerStep, Failure, Missing};
use crate::passes::Passes;
use crate::store::Store;
use crate::toolchain::{Family, Toolchain};

/// Compiles a C text to an object, with the passes of the same call of the compiler if they are known. The text goes
/// through a pipe, so that no file name of this machine gets in.
pub(crate) fn compile(
    toolchain: &Toolchain,
    flags: &[String],
    include: &Path,
    passes: Option<&Passes>,
    text: &str,
    step: impl Fn() -> CCompilerStep,
    store: &Store,
) -> Result<(tempfile::TempPath, Vec<u8>), Failure> {
    let object = store.scratch(".o")?;
    if passes.is_some_and(|passes| passes.run(text, &object)) {
        return Ok((object, Vec::new()));
    }
    let mut command = compile_command(toolchain, flags, include, &object);
    let output = run(&mut command, Some(text))?;
    let messages = finish_file(&command, output, &object, step)?;
    Ok((object, messages))
}

/// The call that compiles standard input to an object.
pub(crate) fn compile_command(toolchain: &Toolchain, flags: &[String], include: &Path, object: &Path) -> Command {
    let mut command = toolchain.command();
    command.args(flags).arg("-I").arg(include).arg("-c");
    if toolchain.family == Family::Gcc {
        command.arg("-pipe");
    }
    command.arg(prefix_map(include)).args(["-x", "c", "-", "-o"]).arg(object);
    command
}

/// Debug information and assertions must not name folders of this machine.
fn prefix_map(include: &Path) -> String {
    format!("-ffile-prefix-map={}=x07", include.display())
}

/// Links objects, fully or with `partial` into one object.
pub(crate) fn link(
    toolchain: &Toolchain,
    flags: &[String],
    objects: &[PathBuf],
    inputs: &[String],
    partial: bool,
    store: &Store,
) -> Result<(tempfile::TempPath, Vec<u8>), Failure> {
    let output = store.scratch(if partial { ".o" } else { "" })?;
    let mut command = toolchain.command();
    if partial {
        command.args(["-r", "-nostdlib", "-Wl,--build-id=none"]);
        if toolchain.family == Family::Gcc {
            command.arg("-fno-use-linker-plugin");
        }
    }
    command.args(flags).arg("-o").arg(&output);
    // A response file has no limit of length.
    let response = if objects.len() > 200 {
        let file = store.scratch(".rsp")?;
        let text: String = objects.iter().map(|path| format!("{}\n", quoted(path))).collect();
        std::fs::write(&file, text).map_err(io_failure("write", &file))?;
        command.arg(format!("@{}", file.display()));
        Some(file)
    } else {
        command.args(objects);
        None
    };
    command.args(inputs);
    let result = run(&mut command, None)?;
    let step = || CCompilerStep::Link(Missing::default());
    let messages = finish_file(&command, result, &output, step)?;
    drop(response);
    Ok((output, messages))
}

/// Links objects into one that keeps only what the symbols in `roots` need and has one section of each kind. The link
/// of an executable takes most of its time by the section.
pub(crate) fn link_group(
    toolchain: &Toolchain,
    objects: &[PathBuf],
    roots: &[String],
    store: &Store,
) -> Result<tempfile::TempPath, Failure> {
    let script = store.scratch(".ld")?;
    let mut text = String::new();
    for root in roots {
        text.push_str(&format!("EXTERN({root})\n"));
    }
    text.push_str("SECTIONS {\n");
    for section in [".text", ".rodata", ".data", ".bss"] {
        text.push_str(&format!("  {section} 0 : {{ *({section} {section}.*) }}\n"));
    }
    text.push_str("}\n");
    std::fs::write(&script, text).map_err(io_failure("write", &script))?;
    let flags = ["-Wl,--gc-sections".to_owned(), "-T".to_owned(), script.display().to_string()];
    // Linkers other than GNU's may not know scripts of partial links; without one the result is larger and not wrong.
    let linked =
        link(toolchain, &flags, objects, &[], true, store).or_else(|_| link(toolchain, &[], objects, &[], true, store));
    linked.map(|(object, _)| object)
}

/// A path as a response file may hold it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, input: Option<&str>) -> Result<Output, Failure> {
    let program = PathBuf::from(command.get_program());
    let mut doing = || -> io::Result<Output> {
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(text) = input {
            feed(&mut child, text)?;
        }
        child.wait_with_output()
    };
    doing().map_err(io_failure("run", &program))
}

/// Writes a text to a program's standard input and closes it.
pub(crate) fn feed(child: &mut Child, text: &str) -> io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else { return Ok(()) };
    match stdin.write_all(text.as_bytes()) {
        // A compiler that gives up early closes the pipe; its own message then says why.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn signal(status: &std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(status)
}

#[cfg(not(unix))]
fn signal(_: &std::process::ExitStatus) -> Option<i32> {
    None
}

/// As `finish`, and refuses a compiler that reports success and has written nothing.
fn finish_file(
    command: &Command,
    mut output: Output,
    file: &Path,
    step: impl FnOnce() -> CCompilerStep,
) -> Result<Vec<u8>, Failure> {
    if output.status.success() && std::fs::metadata(file).map_or(0, |metadata| metadata.len()) == 0 {
        output.stderr.extend_from_slice(b"it reports success, but it has written no output");
        return Err(failure(command, output, step()));
    }
    finish(command, output, step)
}

pub(crate) fn finish(
    command: &Command,
    output: Output,
    step: impl FnOnce() -> CCompilerStep,
) -> Result<Vec<u8>, Failure> {
    if output.status.success() {
        let mut messages = output.stdout;
        messages.extend_from_slice(&output.stderr);
        return Ok(messages);
    }
    Err(failure(command, output, step()))
}

fn failure(command: &Command, output: Output, step: CCompilerStep) -> Failure {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    Failure::CCompiler(Box::new(CCompilerFailure {
        status: output.status.code().unwrap_or(1),
        signal: signal(&output.status),
        step,
        command: words,
        user_arguments: Vec::new(),
        stdout: output.stdout,
        stderr: output.stderr,
        kept: None,
        c_source_size: 0,
    }))
}
