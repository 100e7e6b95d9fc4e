//! The X07 compiler: one parsed file in, its interface and its C unit out.
//!
//! Everything here is a pure function of its arguments: no file, no clock, no environment, no map whose order shows.

pub mod builtins;
mod elsewhere;
pub mod emit;
pub mod fuel;
pub mod heads;
pub mod interface;
pub mod lint;
mod lower;
pub mod mir;
pub mod mono;
pub mod program;
mod source;
mod stack;
pub mod types;
mod unit;

pub use interface::{FunctionInterface, Interface, Used};
pub use program::{C_TOO_LARGE, FunctionSummary, Scope, Summary, c_too_large, check_program};

use x07_ast::File;

/// What the language may do, by world (spec runners 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// `fs.*` heads.
    pub fs: bool,
    /// `rr.*` heads.
    pub rr: bool,
    /// `kv.*` heads.
    pub kv: bool,
    /// `os.*` heads.
    pub os: bool,
    /// `unsafe` blocks, pointer heads, raw pointer signatures.
    pub allow_unsafe: bool,
    /// Calls of `extern` functions.
    pub allow_ffi: bool,
}

/// Compile limits; each function or unit is held to them on its own (spec language 16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Locals and temporaries of one function.
    pub max_locals: usize,
    /// Bytes of C text of one unit.
    pub max_c_bytes: usize,
}

/// Everything besides the sources that a unit's text depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// What the world allows.
    pub capabilities: Capabilities,
    /// Compile limits.
    pub limits: Limits,
    /// The file is part of the toolchain's own library, so it may use internal heads.
    pub trusted: bool,
    /// Copy small exported functions into the units that call them: faster programs, wider rebuilds.
    pub inline_across_modules: bool,
    /// The program is called by others, on their stacks and without a handler of signals: functions look at the stack
    /// themselves.
    pub library: bool,
}

/// The interfaces of all modules compiled before this one, by module id.
pub trait Interfaces {
    /// The interface of a module that the program has loaded.
    fn get(&self, module: &str) -> Option<&Interface>;

    /// True for a module that is imported and of which nothing can be known. What it may export is taken as it is used.
    fn is_unknown(&self, _module: &str) -> bool {
        false
    }
}

/// A compiled file.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What other modules may know of it.
    pub interface: Interface,
    /// The C text; its only include is `x07.h`.
    pub c: String,
    /// The functions of other modules whose interfaces went into this unit, sorted and without repeats.
    pub used: Vec<Used>,
    /// The modules whose objects this unit's object calls into, sorted.
    pub links: Vec<String>,
    /// What the whole-program check needs to know.
    pub summary: Summary,
    /// The file refers to something unknown, so that the unit is good for its findings and its interface, and only for as
    /// long as that is unknown. No function that does has C text.
    pub has_unknown: bool,
}

/// The identity of this compiler, part of every action key: two compilers of one identity produce equal bytes.
pub const COMPILER_ID: &str =
    concat!("x07c ", env!("CARGO_PKG_VERSION"), " language x07-core@0.2.0 ", env!("X07C_SOURCE_DIGEST"));

/// Enough for the deepest file that the parser accepts, in every pass. Only what is used of it costs memory.
const STACK: usize = 64 << 20;

/// The interface of a file as far as its declarations tell it: there is nothing in it that follows from bodies.
///
/// It stands for a module that cannot be compiled before those that import it. Calls checked against it get no finding
/// that they would not get otherwise.
pub fn declared(file: &File, options: &Options) -> Interface {
    stacker::maybe_grow(STACK / 2, STACK, || unit::declared(file, options))
}

/// Compiles one file against the interfaces of its imports.
///
/// Never fails: mistakes are in `Unit::summary`, and a function with mistakes is left out of the C text.
/// `check_program` tells which of them matter for a program.
pub fn compile(file: &File, interfaces: &dyn Interfaces, options: &Options) -> Unit {
    // Passes recurse as deep as expressions are nested, which may be deeper than a thread's usual stack holds.
    stacker::maybe_grow(STACK / 2, STACK, || unit::compile(file, interfaces, options))
}
