//! The documentation of modules and builtins.
//!
//! `module` reads a source file's exports, `library` holds the modules that can be asked about and finds them by name,
//! `examples` takes examples from test modules. `text`, `report` and `html` show what was found. `guide` is the language on
//! one page. Everything is read from sources and from the compiler's own table, so that nothing can fall out of step.

mod examples;
pub mod guide;
pub mod html;
mod library;
mod module;
pub mod report;
mod signature;
pub mod text;

pub use examples::{Example, Examples, Gives};
pub use library::{Answer, Library};
pub use module::{Clause, Function, Module, Origin};
