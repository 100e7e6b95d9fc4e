//! What a module tells the modules that import it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// Every function that another unit may need, by full name: exports, and what exported bodies refer to.
    pub functions: BTreeMap<String, FunctionInterface>,
}

/// What a caller may know of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionInterface {
    /// May be named by other modules.
    pub exported: bool,
}

impl Interface {
    /// The digest of everything another unit can see of one function; `None` when there is no such function here.
    ///
    /// Two equal digests mean that a unit using the function compiles to the same bytes.
    pub fn digest(&self, function: &str) -> Option<[u8; 32]> {
        let function = self.functions.get(function)?;
        let bytes = postcard::to_stdvec(function).ok()?;
        Some(*blake3::hash(&bytes).as_bytes())
    }
}
