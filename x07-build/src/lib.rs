//! The X07 build system: project in, executable out.
//!
//! `build` goes down this list and stops as soon as nothing is left to do:
//!
//! 1. `database`: the last build's record, one file read at once. If the stamps of all files named there are the same,
//!    that was all; a file that was only touched or reformatted is read and its stamp renewed.
//! 2. `load`: the modules from the entry over all imports; only changed files are read and parsed. `graph` orders them.
//! 3. `units`: each module to C, given the interfaces of its imports. A result is taken from the last build or from the
//!    store if every function that it used looks from outside as it did then, which is what stops a change from
//!    spreading.
//! 4. `objects`: the units that the program calls into through the C compiler; one whose functions were all inlined or
//!    that nobody calls is checked and no more. Many objects are linked in groups first, so that a change costs one
//!    group and a link of few files.
//! 5. `emit`: the executable or whatever else was asked for.
//! 6. `record`: the database for the next build.
//!
//! What holds everywhere:
//!
//! - An action's key covers all that it reads, and nothing else: no path, no time, no environment. So equal keys give
//!   equal bytes on every machine, and outputs do not depend on folders, users or the number of workers.
//! - The store is never trusted: what is read from it is checked by its hash, and what is damaged or gone is made again.
//! - Files appear complete under their final name or not at all. Nothing that this crate did not write is removed.
//! - No step knows a builtin, a type or any other meaning of the language; that is `x07c`'s.

mod actions;
mod alone;
mod cargo;
mod cc;
mod context;
mod database;
mod digest;
mod driver;
mod emit;
mod event;
mod files;
mod flags;
mod foreign;
mod front;
mod graph;
mod imports;
mod libraries;
mod load;
mod lookup;
mod native;
mod objects;
mod outcome;
mod package_check;
mod packages;
mod passes;
mod pool;
mod record;
mod registry;
mod request;
mod runtime;
mod session;
pub mod stdlib;
pub mod store;
pub mod timings;
mod toolchain;
mod units;

pub use alone::check_alone;
pub use cargo::Build;
pub use context::folder_name;
pub use digest::Digest;
pub use event::{ActionKind, Event, Observer, Silent, Span};
pub use outcome::{CCompilerFailure, CCompilerStep, CheckReport, Counts, Failure, Missing, Outcome, Sources};
pub use package_check::{PackageCheck, check_package};
pub use request::{
    Abi, DEFAULT_FUEL, DEFAULT_MEMORY_CAP, Emit, Environment, Limits, Profile, Request, Target, World, capabilities_of,
};
pub use store::Store;
pub use x07c::builtins::backend_of;
pub use x07c::{Capabilities, Scope};

/// Builds what the request asks for.
pub fn build(request: &Request, observer: &dyn Observer) -> Result<Outcome, Failure> {
    driver::build(request, observer)
}

/// Parses and checks every module without the C compiler.
pub fn check(request: &Request, observer: &dyn Observer) -> Result<CheckReport, Failure> {
    driver::check(request, observer)
}

/// The C compiler that a build would use.
#[derive(Clone, Debug)]
pub struct CCompiler {
    /// The program.
    pub program: std::path::PathBuf,
    /// The first line of what it says about itself.
    pub version: String,
}

/// Finds the C compiler as a build does.
pub fn c_compiler(environment: &Environment) -> Result<CCompiler, Failure> {
    let store = Store::open(environment.cache.as_deref())?;
    let found = toolchain::find(environment, &store)?;
    Ok(CCompiler { program: found.program, version: found.version })
}
