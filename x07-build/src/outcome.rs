//! What a build comes to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use x07_ast::Diagnostic;

use crate::event::Span;
use crate::libraries;

/// A build that worked.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The file or folder that was asked for.
    pub output: PathBuf,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the modules' texts are, for rendering.
    pub sources: Sources,
    /// Bytes of C text of all units.
    pub c_source_size: u64,
    /// Native heads of reachable functions, sorted.
    pub native_heads: Vec<String>,
    /// The folder with the C text of every unit, if it was to be kept.
    pub kept_c: Option<PathBuf>,
    /// Nothing had changed, so nothing was done.
    pub no_op: bool,
    /// How many actions of which kind there were.
    pub counts: Counts,
    /// When each action ran, for `timings::page`.
    pub spans: Vec<Span>,
    /// What the C compiler said although it succeeded.
    pub compiler_output: Vec<u8>,
}

/// What `check` found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Errors and warnings, in module order.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the modules' texts are, for rendering.
    pub sources: Sources,
    /// Modules looked at, built-in ones included.
    pub modules: usize,
    /// Expression nodes of the program.
    pub nodes: u64,
    /// Native heads of reachable functions, sorted.
    pub native_heads: Vec<String>,
    /// Bytes of C text of all units.
    pub c_source_size: u64,
}

impl CheckReport {
    /// True when nothing stops a build.
    pub fn ok(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// How many actions were run, and how many were answered from the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Modules of the program.
    pub modules: usize,
    /// Modules compiled to C.
    pub compiled: usize,
    /// Units compiled by the C compiler, the runtime's included.
    pub cc: usize,
    /// Links, partial ones included.
    pub linked: usize,
    /// Actions whose result was in the store.
    pub cached: usize,
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Mistakes in the program; at least one is an error.
    #[error("{}", first_error(.0))]
    Diagnostics(Vec<Diagnostic>, Sources),
    /// The project's manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] x07_pkg::Error),
    /// The project's packages are not there or not what they should be.
    #[error(transparent)]
    Packages(#[from] x07_pkg::Problem),
    /// The request itself makes no sense.
    #[error("{0}")]
    Usage(String),
    /// No C compiler.
    #[error("{0}")]
    NoCCompiler(String),
    /// The C compiler refused generated code, which is a bug of the toolchain, or its arguments.
    #[error("{0}")]
    CCompiler(Box<CCompilerFailure>),
    /// A file could not be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A C compiler or linker that ran and failed.
#[derive(Clone, Debug)]
pub struct CCompilerFailure {
    /// Its exit status; 1 when a signal ended it.
    pub status: i32,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What was being made.
    pub step: CCompilerStep,
    /// The command, one argument per item.
    pub command: Vec<String>,
    /// Which of the arguments the user gave.
    pub user_arguments: Vec<String>,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// Where the C text was kept.
    pub kept: Option<PathBuf>,
}

/// The kinds of call of the C compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CCompilerStep {
    /// A module's unit.
    Unit(String),
    /// A source file of the runtime.
    Runtime(String),
    /// A C file of a package.
    Foreign {
        /// Package and file, such as `ext-zlib/ffi/zlib.c`.
        source: String,
        /// The libraries that the package needs.
        libraries: Vec<String>,
    },
    /// The link, and what was found to be missing.
    Link(Missing),
}

/// What a failed link lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// X07 name and C symbol of each `extern` function that no library defines.
    pub externs: Vec<(String, String)>,
    /// Each library that is not installed, and the package that asks for it, if one does.
    pub libraries: Vec<(String, Option<String>)>,
}

impl fmt::Display for CCompilerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C toolchain failed (exit={})", self.status)?;
        match &self.step {
            CCompilerStep::Unit(module) => {
                write!(f, ": the C compiler refused the unit of module \"{module}\"")?;
                if self.user_arguments.is_empty() && self.is_about_our_text() {
                    write!(f, "; this is a bug of x07")?;
                }
            }
            CCompilerStep::Runtime(file) => write!(f, ": the C compiler refused the runtime's {file}")?,
            CCompilerStep::Foreign { source, libraries } => {
                write!(f, ": the C compiler refused {source}")?;
                if self.lacks_a_header() {
                    write!(f, ", which includes a header that is not installed")?;
                    libraries.iter().try_for_each(|library| write_advice(f, library))?;
                }
            }
            CCompilerStep::Link(missing) if !missing.libraries.is_empty() => {
                for (index, (library, package)) in missing.libraries.iter().enumerate() {
                    let comma = if index == 0 { ":" } else { "," };
                    match package {
                        Some(package) => write!(f, "{comma} package {package} needs the C library {library}")?,
                        None => write!(f, "{comma} the link needs the C library {library}")?,
                    }
                    write!(f, ", which is not installed")?;
                    write_advice(f, library)?;
                }
            }
            CCompilerStep::Link(missing) if missing.externs.is_empty() => write!(f, ": the link failed")?,
            CCompilerStep::Link(missing) => {
                write!(f, ": no library defines")?;
                for (index, (name, symbol)) in missing.externs.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma} extern \"{name}\" (C symbol {symbol})")?;
                }
                write!(f, "; name the library in `link` of x07.json or in X07_CC_ARGS")?;
            }
        }
        if !self.user_arguments.is_empty() {
            write!(f, ", with X07_CC_ARGS or the request's arguments {}", self.user_arguments.join(" "))?;
        }
        if let Some(signal) = self.signal {
            write!(f, "; signal {signal} ended it, as it does when memory runs out or somebody kills it")?;
        }
        if let Some(kept) = &self.kept {
            write!(f, "\nthe C text is in {}", kept.display())?;
        }
        let stderr = printable(&self.stderr);
        if !stderr.trim().is_empty() {
            write!(f, "\n{}", stderr.trim_end())?;
        }
        Ok(())
    }
}

impl CCompilerFailure {
    /// The words of gcc and clang.
    fn lacks_a_header(&self) -> bool {
        let said = String::from_utf8_lossy(&self.stderr);
        said.contains("fatal error:") && (said.contains("No such file or directory") || said.contains("file not found"))
    }

    /// True when the compiler complains of the text that it was given, and not of itself or of the machine.
    fn is_about_our_text(&self) -> bool {
        let stderr = String::from_utf8_lossy(&self.stderr);
        stderr.contains("<stdin>") && !stderr.contains("internal compiler error")
    }
}

/// Where a library is had, in parentheses.
fn write_advice(f: &mut fmt::Formatter<'_>, library: &str) -> fmt::Result {
    match libraries::advice(library) {
        Some(advice) => write!(f, " ({library}: {advice})"),
        None => Ok(()),
    }
}

/// What a compiler wrote, as a terminal may show it: no more than anybody reads, and no control characters.
fn printable(bytes: &[u8]) -> String {
    const MOST: usize = 16 << 10;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]);
    let shown = |c: char| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    let mut text: String = text.chars().map(shown).collect();
    if bytes.len() > MOST {
        text.push_str("\n…");
    }
    text
}

fn first_error(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().find(|d| d.is_error()).or(diagnostics.first()).map(Diagnostic::compile_error).unwrap_or_default()
}

/// Where each module's text is.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, Source>,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Builtin { path: String, text: &'static str },
}

impl Sources {
    /// Where the module's file is; a built-in module has a path below `<std>`.
    pub fn path(&self, module: &str) -> Option<&Path> {
        self.files.get(module).map(|source| match source {
            Source::File(path) => path.as_path(),
            Source::Builtin { path, .. } => Path::new(path),
        })
    }

    /// The module's text, read when asked for; `None` when it cannot be read any more.
    pub fn text(&self, module: &str) -> Option<Vec<u8>> {
        match self.files.get(module)? {
            Source::File(path) => fs::read(path).ok(),
            Source::Builtin { text, .. } => Some(text.as_bytes().to_vec()),
        }
    }

    /// The ids of all modules, sorted.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// True for a module of the toolchain itself.
    pub fn is_builtin(&self, module: &str) -> bool {
        matches!(self.files.get(module), Some(Source::Builtin { .. }))
    }

    pub(crate) fn add_file(&mut self, module: &str, path: &Path) {
        self.files.insert(module.to_owned(), Source::File(path.to_owned()));
    }

    pub(crate) fn add_builtin(&mut self, module: &str, text: &'static str) {
        let path = format!("<std>/{}.x07.json", module.replace('.', "/"));
        self.files.insert(module.to_owned(), Source::Builtin { path, text });
    }
}
