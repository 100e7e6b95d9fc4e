//! What the crate x07-ast says about a text holds together, whatever the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use x07_ast::{
    Diagnostic, Expected, ExprId, broken_at, canonical, locate, meaning_bytes, parse, pretty,
};

fuzz_target!(|source: &[u8]| {
    for expected in [Expected::Any, Expected::Entry, Expected::Module("lib.num")] {
        let parsed = parse(source, expected);
        assert_eq!(
            parsed.file.is_none(),
            parsed.diagnostics.iter().any(Diagnostic::is_error)
        );
        for diagnostic in parsed.diagnostics.iter().take(5) {
            match &diagnostic.pointer {
                Some(pointer) => assert!(locate(source, pointer).is_some(), "{pointer}"),
                None => {
                    assert!(broken_at(source).is_some() || diagnostic.message.contains("not shown"))
                }
            }
        }
        let Some(file) = parsed.file else { continue };
        let line = canonical(source).expect("what parses has a canonical form");
        assert_eq!(canonical(line.as_bytes()).as_deref(), Ok(line.as_str()));
        let lines = pretty(source).expect("what parses can be formatted");
        let again = parse(lines.as_bytes(), expected);
        assert!(again.file.is_some(), "{lines}");
        assert!(!meaning_bytes(&file).is_empty());
        let last = (file.exprs.len() as u32).checked_sub(1).map(ExprId);
        if let Some(pointer) = last.map(|last| file.exprs.pointer(last)) {
            assert!(locate(source, &pointer).is_some(), "{pointer}");
        }
    }
});
