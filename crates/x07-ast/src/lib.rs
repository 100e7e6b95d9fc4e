//! x07AST: the text of an X07 source file and its tree.
//!
//! This crate knows the shape of a file and nothing of its meaning: no builtin, no type, no module resolution.

pub mod canonical;
pub mod codes;
pub mod diagnostic;
pub mod locate;
pub mod meaning;
pub mod names;
pub mod parse;
pub mod patch;
pub mod places;
pub mod pretty;
mod text;
pub mod tree;

pub use canonical::{canonical, canonical_value, write_sorted};
pub use diagnostic::{Diagnostic, ErrorKind, Fix, Label, Severity, Stage};
pub use locate::{Located, Position, broken_at, locate, position};
pub use meaning::meaning_bytes;
pub use parse::{Expected, Parsed, parse};
pub use patch::{apply_fixes, apply_patch};
pub use places::CanonicalPlaces;
pub use pretty::pretty;
pub use text::MAX_NESTING;
pub use tree::{
    Clause, Decl, Export, Expr, ExprId, Extern, File, FileKind, Function, Gaps, Param, SchemaVersion, Sym, TypeExpr,
    TypeParam,
};
