//! Compiles one text of a program that may do nothing special.

use x07_ast::{Expected, parse};
use x07c::{Capabilities, Interfaces, Limits, Options, Unit};

/// What a unit is compiled for.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) library: bool,
    pub(crate) release: bool,
}

pub(crate) fn compile(text: &str, interfaces: &dyn Interfaces, form: Form) -> Unit {
    let parsed = parse(text.as_bytes(), Expected::Any);
    let file = parsed.file.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    let (fs, rr, kv, os, allow_unsafe, allow_ffi) = (false, false, false, false, false, false);
    let options = Options {
        capabilities: Capabilities { fs, rr, kv, os, allow_unsafe, allow_ffi },
        limits: Limits { max_locals: 20_000, max_c_bytes: 64 << 20 },
        trusted: false,
        inline_across_modules: form.release,
        library: form.library,
    };
    x07c::compile(&file, interfaces, &options)
}
