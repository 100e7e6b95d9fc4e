//! Imports, heads and signatures that the world does not allow.

use serde_json::json;
use x07_ast::{ErrorKind, Extern, Function, TypeExpr};

use super::Lint;
use super::walk::Node;
use crate::Capabilities;
use crate::builtins::{Needs, find};

/// A family of modules and heads, what allows it, and the codes of an import and of a head without that.
struct Family {
    modules: &'static str,
    heads: &'static str,
    is_allowed: fn(&Capabilities) -> bool,
    import_code: &'static str,
    head_code: &'static str,
    worlds: &'static str,
}

const FAMILIES: &[Family] = &[
    Family {
        modules: "std.fs",
        heads: "fs.",
        is_allowed: |capabilities| capabilities.fs,
        import_code: "X07-WORLD-0001",
        head_code: "X07-WORLD-FS-0001",
        worlds: "solve-fs, solve-full and the OS worlds",
    },
    Family {
        modules: "std.rr",
        heads: "rr.",
        is_allowed: |capabilities| capabilities.rr,
        import_code: "X07-WORLD-0001",
        head_code: "X07-WORLD-RR-0001",
        worlds: "solve-rr, solve-full and the OS worlds",
    },
    Family {
        modules: "std.kv",
        heads: "kv.",
        is_allowed: |capabilities| capabilities.kv,
        import_code: "X07-WORLD-0001",
        head_code: "X07-WORLD-KV-0001",
        worlds: "solve-kv and solve-full",
    },
    Family {
        modules: "std.os",
        heads: "os.",
        is_allowed: |capabilities| capabilities.os,
        import_code: "X07-WORLD-OS-0001",
        head_code: "X07-WORLD-OS-0002",
        worlds: "run-os and run-os-sandboxed",
    },
];

pub(super) fn imports(lint: &mut Lint<'_>) {
    for (index, import) in lint.file.imports.iter().enumerate() {
        let is_inside =
            |module: &str| import.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let Some(family) = FAMILIES.iter().find(|family| is_inside(family.modules)) else {
            continue;
        };
        if (family.is_allowed)(lint.capabilities) {
            continue;
        }
        let pointer = lint.file.import_pointer(index);
        let found = lint
            .error(family.import_code, ErrorKind::Unsupported, format!("this world has no `{import}`"))
            .help(format!("only {} have it", family.worlds))
            .fix("drop the import", json!([{ "op": "remove", "path": pointer }]))
            .at(pointer);
        lint.report(found);
    }
}

pub(super) fn head<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    let needs_unsafe = node.head == "unsafe"
        || find(node.head).is_some_and(|row| matches!(row.needs, Needs::Unsafe | Needs::UnsafeBlock));
    if needs_unsafe && !lint.capabilities.allow_unsafe {
        let found = lint
            .error(
                "X07-WORLD-UNSAFE-0001",
                ErrorKind::Unsupported,
                format!("this world does not allow `{}`", node.head),
            )
            .at(lint.pointer(node.id))
            .help("raw pointers need world run-os");
        lint.report(found);
        return;
    }
    let Some(family) = FAMILIES.iter().find(|family| node.head.starts_with(family.heads)) else {
        return;
    };
    // A project may have a module of that name.
    let module = node.head.rsplit_once('.').map_or("", |(module, _)| module);
    let is_own = module == lint.file.module_id || lint.file.imports.iter().any(|import| import == module);
    if is_own || (family.is_allowed)(lint.capabilities) {
        return;
    }
    let found = lint
        .error(family.head_code, ErrorKind::Unsupported, format!("this world has no `{}`", node.head))
        .at(lint.pointer(node.id))
        .help(format!("only {} have it", family.worlds));
    lint.report(found);
}

pub(super) fn signature(lint: &mut Lint<'_>, function: &Function, pointer: &str) {
    if lint.capabilities.allow_unsafe {
        return;
    }
    let params = function.params.iter().enumerate();
    let types = params
        .map(|(index, param)| (&param.ty, format!("{pointer}/params/{index}/ty")))
        .chain([(&function.result, format!("{pointer}/result"))]);
    for (ty, place) in types {
        let TypeExpr::Name(name) = ty else { continue };
        if name.starts_with("ptr_") {
            let message =
                format!("this world does not allow the raw pointer `{name}` in the signature of `{}`", function.name);
            let found = lint
                .error("X07-WORLD-UNSAFE-0002", ErrorKind::Unsupported, message)
                .at(place)
                .help("raw pointers need world run-os");
            lint.report(found);
        }
    }
}

pub(super) fn declared_extern(lint: &mut Lint<'_>, declared: &Extern, pointer: &str) {
    if lint.capabilities.allow_ffi {
        return;
    }
    let found = lint
        .error(
            "X07-WORLD-FFI-0001",
            ErrorKind::Unsupported,
            format!("this world does not allow the extern `{}`", declared.name),
        )
        .at(pointer)
        .help("C functions need world run-os");
    lint.report(found);
}
