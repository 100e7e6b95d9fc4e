//! The compiler never panics: whatever parses compiles, with or without diagnostics, and always to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use x07_ast::{Expected, parse};
use x07c::{Capabilities, Interface, Interfaces, Limits, Options, compile};

/// A program without any other module.
struct Alone;

impl Interfaces for Alone {
    fn get(&self, _: &str) -> Option<&Interface> {
        None
    }
}

fuzz_target!(|source: &[u8]| {
    let parsed = parse(source, Expected::Any);
    let Some(file) = parsed.file.or(parsed.remains) else {
        return;
    };
    for allowed in [false, true] {
        let options = Options {
            capabilities: Capabilities {
                fs: allowed,
                rr: allowed,
                kv: allowed,
                os: allowed,
                allow_unsafe: allowed,
                allow_ffi: allowed,
            },
            limits: Limits {
                max_locals: 20_000,
                max_c_bytes: 32 << 20,
            },
            trusted: false,
            inline_across_modules: allowed,
            library: allowed,
        };
        let first = compile(&file, &Alone, &options);
        let second = compile(&file, &Alone, &options);
        assert_eq!(first.c, second.c);
        assert_eq!(first.interface, second.interface);
        assert_eq!(first.summary, second.summary);
    }
});
