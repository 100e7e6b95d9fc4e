//! The check over a whole program: which functions are reachable, and so which mistakes stop the build.

use serde::{Deserialize, Serialize};
use x07_ast::Diagnostic;

use crate::interface::Used;

/// One function's part of the whole-program check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSummary {
    /// Full name, or `solve` for the program's expression.
    pub name: String,
    /// The functions it calls, of any module.
    pub calls: Vec<Used>,
    /// Mistakes in it: errors if it is reachable, warnings if not.
    pub diagnostics: Vec<Diagnostic>,
    /// Native heads it uses, such as `math.f64.add_v1`.
    pub native_heads: Vec<String>,
}

/// One file's part of the whole-program check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Module id.
    pub module: String,
    /// Mistakes that stop the build wherever they are.
    pub diagnostics: Vec<Diagnostic>,
    /// Every function of the file, `solve` included.
    pub functions: Vec<FunctionSummary>,
    /// Expression nodes of the file.
    pub nodes: u64,
    /// Generic instances made for this unit, by their specialised names.
    pub instances: Vec<String>,
}

/// What `check_program` found.
#[derive(Clone, Debug, Default)]
pub struct ProgramCheck {
    /// All findings, in module order and then in source order; errors in unreachable functions are warnings here.
    pub diagnostics: Vec<Diagnostic>,
    /// Native heads of reachable functions, sorted, without repeats.
    pub native_heads: Vec<String>,
    /// Nodes of the program.
    pub nodes: u64,
}

/// Decides which mistakes of the program's files matter: those in files at large and in functions reachable from `solve`.
pub fn check_program<'a>(summaries: impl IntoIterator<Item = &'a Summary>, max_nodes: u64) -> ProgramCheck {
    let _ = (summaries.into_iter().count(), max_nodes);
    unimplemented!("the whole-program check")
}
