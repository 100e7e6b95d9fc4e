//! The built-in modules.

use x07_pkg::World;

include!(concat!(env!("OUT_DIR"), "/stdlib.rs"));

/// The library that every world has.
const STANDARD: &str = "std";
/// The library of the OS worlds: `std.os.*` and the `std.world.*` that go to the operating system.
const SYSTEM: &str = "os";

fn in_library(library: &str, module: &str) -> Option<&'static str> {
    let (_, modules) = LIBRARIES.iter().find(|(name, _)| *name == library)?;
    modules.binary_search_by(|(id, _)| (*id).cmp(module)).ok().map(|index| modules[index].1)
}

/// The text of a module that no module root can replace.
pub(crate) fn text(module: &str, world: World) -> Option<&'static str> {
    if is_adapter(module, world) { None } else { in_library(STANDARD, module) }
}

/// The text of a module that is used when no module root has one of its name.
pub(crate) fn fallback(module: &str, world: World) -> Option<&'static str> {
    if world.is_os() { in_library(SYSTEM, module) } else { None }
}

/// The text of a built-in module, whichever library has it.
pub(crate) fn any_text(module: &str) -> Option<&'static str> {
    in_library(STANDARD, module).or_else(|| in_library(SYSTEM, module))
}

/// True for a module that a program may bring itself: what stands between it and the operating system.
pub(crate) fn is_adapter(module: &str, world: World) -> bool {
    world.is_os() && (module.starts_with("std.world.") || module.starts_with("std.os."))
}

/// True for a module that only the OS worlds have.
pub fn is_system_only(module: &str) -> bool {
    in_library(STANDARD, module).is_none() && in_library(SYSTEM, module).is_some()
}

/// The ids and texts of all built-in modules, library by library and sorted by id.
pub fn modules() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    LIBRARIES.iter().rev().flat_map(|(_, modules)| modules.iter())
}
