//! The built-in modules.

include!(concat!(env!("OUT_DIR"), "/stdlib.rs"));

/// The text of a built-in module.
pub(crate) fn text(module: &str) -> Option<&'static str> {
    MODULES.binary_search_by(|(id, _)| (*id).cmp(module)).ok().map(|index| MODULES[index].1)
}

/// The ids and texts of all built-in modules, sorted by id.
pub fn modules() -> &'static [(&'static str, &'static str)] {
    MODULES
}
