//! One file without its program: what the compiler says when nothing but the toolchain's library is known.

use std::cell::OnceCell;
use std::collections::HashMap;

use x07_ast::{Diagnostic, File, FileKind};
use x07_pkg::World;
use x07c::{Interface, Interfaces};

use crate::front;
use crate::request::{Limits, capabilities_of};
use crate::stdlib;

/// Every mistake of types, names and moves in a file that can be known without the files it imports. Calls into modules
/// that are not the toolchain's are taken as they stand.
pub fn check_alone(file: &File, world: World) -> Vec<Diagnostic> {
    let library = Library::new(world);
    let options = front::options(capabilities_of(world), &Limits::from_environment(), false, false);
    let unit = x07c::compile(file, &library, &options);
    let module = if file.kind == FileKind::Entry { crate::load::ENTRY } else { &file.module_id };
    let functions = unit.summary.functions.into_iter().flat_map(|function| function.diagnostics);
    let found = unit.summary.diagnostics.into_iter().chain(functions);
    found.map(|finding| finding.module(module)).collect()
}

/// The interfaces of the toolchain's modules, each made when it is asked for.
struct Library {
    world: World,
    modules: HashMap<&'static str, (&'static str, OnceCell<Option<Interface>>)>,
}

impl Library {
    fn new(world: World) -> Library {
        let known = stdlib::modules().filter(|(id, _)| world.is_os() || !stdlib::is_system_only(id));
        Library { world, modules: known.map(|(id, text)| (*id, (*text, OnceCell::new()))).collect() }
    }

    fn make(&self, id: &str, text: &str) -> Option<Interface> {
        let file = front::parse(id, false, text.as_bytes()).file?;
        let options = front::options(capabilities_of(self.world), &Limits::default(), true, false);
        Some(x07c::compile(&file, self, &options).interface)
    }
}

impl Interfaces for Library {
    fn get(&self, module: &str) -> Option<&Interface> {
        let (id, (text, interface)) = self.modules.get_key_value(module)?;
        interface.get_or_init(|| self.make(id, text)).as_ref()
    }

    fn is_unknown(&self, module: &str) -> bool {
        self.get(module).is_none()
    }
}
