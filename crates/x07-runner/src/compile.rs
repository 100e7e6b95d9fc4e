//! A build through `x07-build`, told as the `compile` part of a report.

use std::fs;
use std::path::PathBuf;

use x07_ast::{Diagnostic, ErrorKind};
use x07_build::{Abi, CCompilerFailure, Failure, Limits, Outcome, Profile, Request, Silent, Target, World};

use crate::flags::{CcProfile, Common};
use crate::native::Requirements;
use crate::report::{CompileReport, LANG_ID, base64};
use crate::sandbox::Sandbox;

/// What the compiler spends of a fuel that it does not count.
const COMPILER_FUEL: u64 = 0;

/// A build's report, and the executable if there is one.
pub(crate) struct Built {
    pub(crate) report: CompileReport,
    pub(crate) executable: Option<PathBuf>,
}

/// Builds a framed executable; an error is one of those that leave no report.
pub(crate) fn compile(
    common: &Common,
    target: Target,
    world: World,
    auto_ffi: bool,
    sandbox: Option<&Sandbox>,
) -> Result<Built, String> {
    let mut request = request(common, target, world, auto_ffi);
    if let Some(sandbox) = sandbox {
        request.capabilities = Some(sandbox.capabilities());
        request.memory_cap = sandbox.memory_cap(request.memory_cap);
    }
    match x07_build::build(&request, &Silent) {
        Ok(outcome) => {
            // A copy is reported by the name that the caller gave it.
            let reported = common.compiled_out.as_deref().unwrap_or(&outcome.output).display().to_string();
            let report = CompileReport { compiled_exe: Some(reported), ..success(&outcome, world) };
            Ok(Built { report, executable: Some(outcome.output) })
        }
        Err(failure) => Ok(Built { report: failed(failure, world)?, executable: None }),
    }
}

fn request(common: &Common, target: Target, world: World, auto_ffi: bool) -> Request {
    let mut request = Request::new(target);
    request.world = Some(world);
    request.profile = Profile::Release;
    request.abi = Abi::Framed;
    request.output = common.compiled_out.clone();
    request.fuel = Some(common.solve_fuel);
    request.memory_cap = common.max_memory_bytes;
    request.debug_borrow = common.debug_borrow_checks;
    request.auto_ffi = auto_ffi;
    request.limits = Limits::LANGUAGE.with_environment();
    if let Some(bytes) = common.max_c_bytes {
        request.limits.max_c_bytes = bytes;
    }
    if common.cc_profile == CcProfile::Size {
        request.prefer_size();
    }
    request
}

fn success(outcome: &Outcome, world: World) -> CompileReport {
    CompileReport {
        ok: true,
        exit_status: 0,
        native_requires: Requirements::new(world.as_str(), &outcome.native_heads),
        c_source_size: outcome.c_source_size,
        compiled_exe_size: fs::metadata(&outcome.output).ok().map(|metadata| metadata.len()),
        fuel_used: Some(COMPILER_FUEL),
        stderr_b64: base64(&outcome.compiler_output),
        ..nothing_built(world)
    }
}

/// The report of a failed build; an error when the call itself was at fault.
fn failed(failure: Failure, world: World) -> Result<CompileReport, String> {
    let report = match failure {
        Failure::Diagnostics(diagnostics, _) => {
            CompileReport { compile_error: Some(compile_error(&diagnostics)), ..nothing_built(world) }
        }
        Failure::NoCCompiler(message) => CompileReport {
            compile_error: Some(message.clone()),
            stderr_b64: base64(message.as_bytes()),
            ..nothing_built(world)
        },
        Failure::CCompiler(failure) => CompileReport {
            exit_status: failure.status,
            c_source_size: failure.c_source_size,
            compile_error: failure.to_string().lines().next().map(str::to_owned),
            stdout_b64: base64(&failure.stdout),
            stderr_b64: base64(&invocation(&failure)),
            fuel_used: Some(COMPILER_FUEL),
            ..nothing_built(world)
        },
        other @ (Failure::Manifest(_) | Failure::Packages(_) | Failure::Usage(_) | Failure::Io { .. }) => {
            return Err(other.to_string());
        }
    };
    Ok(report)
}

/// The command of the failed C compiler and what it said.
fn invocation(failure: &CCompilerFailure) -> Vec<u8> {
    let mut text = String::from("invocation:\n");
    for word in &failure.command {
        text.push_str(&format!("  {word}\n"));
    }
    if let Ok(arguments) = std::env::var("X07_CC_ARGS") {
        text.push_str(&format!("X07_CC_ARGS: {arguments}\n"));
    }
    if let Some(kept) = &failure.kept {
        text.push_str(&format!("C text: {}\n", kept.display()));
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&failure.stderr);
    bytes
}

/// The first error, the others below it, hints last. What keeps the program from being read comes before what is wrong
/// with the rest of it, as the stages do (spec language 16.1).
fn compile_error(diagnostics: &[Diagnostic]) -> String {
    let mut errors = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    let mut found: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    found.sort_by_key(|error| error.kind != ErrorKind::Parse);
    for diagnostic in found {
        // A hint inside the message would end up in front of the place.
        let (message, hint) = diagnostic.message.split_once("\n\n").unwrap_or((&diagnostic.message, ""));
        errors.push(Diagnostic { message: message.to_owned(), ..diagnostic.clone() }.compile_error());
        let hint = hint.lines().chain(diagnostic.help.iter().flat_map(|help| help.lines()));
        for line in hint.filter(|line| line.starts_with("hint: ")) {
            if !hints.iter().any(|known| known == line) {
                hints.push(line.to_owned());
            }
        }
    }
    let mut text = errors.join("\n");
    if !hints.is_empty() {
        text.push_str("\n\n");
        text.push_str(&hints.join("\n"));
    }
    text
}

fn nothing_built(world: World) -> CompileReport {
    CompileReport {
        ok: false,
        exit_status: 1,
        lang_id: LANG_ID,
        native_requires: Requirements::new(world.as_str(), &[]),
        c_source_size: 0,
        compiled_exe: None,
        compiled_exe_size: None,
        compile_error: None,
        stdout_b64: String::new(),
        stderr_b64: String::new(),
        fuel_used: None,
        trap: None,
    }
}

/// The report of a sandbox backend that is not there: the program was not even compiled.
pub(crate) fn backend_failure(world: World, message: &str) -> CompileReport {
    CompileReport {
        lang_id: "",
        stderr_b64: base64(message.as_bytes()),
        trap: Some(format!("vm backend failure: {message}")),
        ..nothing_built(world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_told_and_hints_come_last() {
        let error = |message: &str| Diagnostic::error("X07-IMPORT-0001", ErrorKind::Parse, message);
        let found = [
            Diagnostic::error("X07-TYPE-0001", ErrorKind::Typing, "of a type").module("main"),
            error("unknown module: \"a.b\"\n\nhint: x07 pkg provides a.b").module("main").help("hint: look again"),
            error("a warning").warning(),
            error("another").at("/solve/1"),
        ];
        let expected = "Parse: unknown module: \"a.b\" (module=main)\nParse: another (ptr=/solve/1)\n\
                        Typing: of a type (module=main)\n\n\
                        hint: x07 pkg provides a.b\nhint: look again";
        assert_eq!(compile_error(&found), expected);
    }
}
