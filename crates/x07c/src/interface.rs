//! What a module tells the modules that import it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use x07_ast::Gaps;

use crate::emit::Parts;
use crate::fuel::Fuel;
use crate::types::Ty;

/// A function of another module that a unit depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Used {
    /// Module id.
    pub module: String,
    /// Full function name.
    pub function: String,
}

/// The interface of one module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Module id.
    pub module: String,
    /// Direct imports.
    pub imports: Vec<String>,
    /// The modules that who imports this one may name as if it had imported them too.
    pub reexports: BTreeSet<String>,
    /// Every function that another unit may need, by full name: exports, and what exported bodies refer to.
    pub functions: BTreeMap<String, FunctionInterface>,
    /// What could not be read of it.
    pub gaps: Gaps,
}

/// Where a returned view comes from (spec language 9.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ViewSource {
    /// Static data or the input: no owner.
    #[default]
    Free,
    /// The parameter of this index.
    Param(usize),
}

/// A parameter as callers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamInterface {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// The brand it requires.
    pub brand: Option<String>,
}

/// The source of a generic function, for the units that instantiate it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// A module file with this declaration as its second, after an export.
    pub source: String,
    /// Index of the declaration in its own file.
    pub index: usize,
    /// May use internal heads, as its module may.
    pub trusted: bool,
    /// Type parameters with their bounds.
    pub type_params: Vec<(String, Option<String>)>,
}

/// What a caller may know of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionInterface {
    /// May be named by other modules.
    pub exported: bool,
    /// A call makes a task.
    pub is_async: bool,
    /// A C function: calls need an `unsafe` block.
    pub is_extern: bool,
    /// Set for a generic; the signature below is then that of no instance.
    pub template: Option<Template>,
    /// Parameters in order.
    pub params: Vec<ParamInterface>,
    /// What a call yields; for `is_async` the awaited type.
    pub result: Ty,
    /// Brand of the result.
    pub result_brand: Option<String>,
    /// Where a returned view comes from.
    pub source: ViewSource,
    /// The parameters, by index, whose views it puts into containers: their owners must never end.
    pub stored: Vec<usize>,
    /// What a call costs.
    pub fuel: Fuel,
    /// Of a library: what a call takes of the stack, in bytes, before somebody makes sure that there is more.
    pub stack: u32,
    /// C symbol.
    pub symbol: String,
    /// C text that makes the symbol usable in another unit: a prototype or an inline definition.
    pub declaration: String,
    /// What of `x07.h` the declaration needs.
    pub parts: Parts,
    /// The declaration is the whole function: no symbol of its module is needed.
    pub inline: bool,
    /// Statements and values of all bodies that a unit copies with the declaration.
    pub copied: usize,
    /// Functions whose declarations come before this one's.
    pub needs: Vec<Used>,
}

impl Interface {
    /// The digest of everything another unit can see of one function, or that a module is exported under this name;
    /// `None` when there is neither here.
    ///
    /// Two equal digests mean that a unit using the function compiles to the same bytes.
    pub fn digest(&self, function: &str) -> Option<[u8; 32]> {
        if self.reexports.contains(function) {
            return Some(*blake3::hash(b"re-export").as_bytes());
        }
        let function = self.functions.get(function)?;
        let bytes = postcard::to_stdvec(function).ok()?;
        Some(*blake3::hash(&bytes).as_bytes())
    }
}
