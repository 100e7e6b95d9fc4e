//! Building an X07 program from the `build.rs` of a Rust crate.

use std::env;
use std::path::{Path, PathBuf};

use crate::event::Silent;
use crate::outcome::Failure;
use crate::request::{Emit, Profile, Request};

/// Compiles an X07 project to a static library and tells cargo to link it.
///
/// ```no_run
/// x07_build::Build::new("x07/").compile("word_count");
/// ```
///
/// The crate then calls `x07_solve_v2`, which the header `x07_embed.h` beside the library describes.
#[derive(Clone, Debug)]
pub struct Build {
    request: Request,
}

impl Build {
    /// A build of the project in a folder of the crate, or of a project's manifest.
    pub fn new(project: impl AsRef<Path>) -> Build {
        let base = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let mut request = Request::project(base.join(project));
        request.emit = Emit::StaticLib;
        // A dependency's X07 code is built for speed when the crate is.
        let optimised = env::var("OPT_LEVEL").is_ok_and(|level| level != "0");
        request.profile = if optimised { Profile::Release } else { Profile::Dev };
        Build { request }
    }

    /// The request behind it, to change what has no method of its own.
    pub fn request(&mut self) -> &mut Request {
        &mut self.request
    }

    /// Builds `lib<name>.a` in cargo's output folder and prints the directives that link it. A failure ends the build
    /// script with its message.
    pub fn compile(&mut self, name: &str) {
        match self.try_compile(name) {
            Ok(directives) => emit(&directives),
            Err(failure) => stop(&failure),
        }
    }

    /// Like `compile`, but gives the directives, or the failure, to the caller.
    pub fn try_compile(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let out = env::var_os("OUT_DIR")
            .map(PathBuf::from)
            .ok_or_else(|| Failure::Usage("OUT_DIR is not set: Build is for build scripts".to_owned()))?;
        self.request.output = Some(out.join(format!("lib{name}.a")));
        self.request.name = Some(name.to_owned());
        let outcome = crate::build(&self.request, &Silent)?;
        let mut directives = vec![
            format!("cargo::rustc-link-search=native={}", out.display()),
            format!("cargo::rustc-link-lib=static={name}"),
            format!("cargo::metadata=include={}", out.display()),
        ];
        directives.extend(outcome.libraries.iter().map(|argument| match argument.strip_prefix("-l") {
            Some(library) => format!("cargo::rustc-link-lib={library}"),
            None => format!("cargo::rustc-link-arg={argument}"),
        }));
        for variable in ["X07_CC", "X07_CC_ARGS", "X07_CACHE_DIR"] {
            directives.push(format!("cargo::rerun-if-env-changed={variable}"));
        }
        if let crate::Target::Project(project) = &self.request.target {
            directives.push(format!("cargo::rerun-if-changed={}", project.display()));
        }
        for module in outcome.sources.modules().filter(|module| !outcome.sources.is_builtin(module)) {
            if let Some(path) = outcome.sources.path(module) {
                directives.push(format!("cargo::rerun-if-changed={}", path.display()));
            }
        }
        for warning in &outcome.diagnostics {
            directives.push(format!("cargo::warning={}", warning.compile_error().replace('\n', " ")));
        }
        Ok(directives)
    }
}

#[allow(clippy::print_stdout, reason = "directives to cargo go to standard output")]
fn emit(directives: &[String]) {
    for directive in directives {
        println!("{directive}");
    }
}

fn stop(failure: &Failure) -> ! {
    eprintln!("error: {failure}");
    if let Failure::Diagnostics(diagnostics, sources) = failure {
        for diagnostic in diagnostics {
            let path = sources.path(&diagnostic.module).map(|path| path.display().to_string()).unwrap_or_default();
            eprintln!("{path}: {}", diagnostic.compile_error());
        }
    }
    std::process::exit(1)
}
