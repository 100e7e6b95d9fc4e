//! Long chains of small functions: each is compiled once, and few of them are copied.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

mod common;

use std::fmt::Write;

use common::Form;
use x07c::{Interface, Interfaces, Scope, Unit, check_program};

/// The module that `main` imports.
struct Imported(Option<Interface>);

impl Interfaces for Imported {
    fn get(&self, module: &str) -> Option<&Interface> {
        self.0.as_ref().filter(|interface| interface.module == module)
    }
}

fn compile(text: &str, imported: Option<Interface>) -> Unit {
    common::compile(text, &Imported(imported), Form { library: false, release: true })
}

/// `m.f0` calls `m.f1`, and so on; the last has this body.
fn chain(length: usize, last: &str) -> Unit {
    let mut declarations = String::new();
    for index in 0..length {
        let body = if index + 1 < length { format!(r#"["+",1,["m.f{}"]]"#, index + 1) } else { last.to_string() };
        let function = format!(r#"{{"kind":"defn","name":"m.f{index}","params":[],"result":"i32","body":{body}}}"#);
        write!(declarations, ",{function}").unwrap();
    }
    let text = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"m","imports":[],"decls":[{{"kind":"export","names":["m.f0"]}}{declarations}]}}"#
    );
    compile(&text, None)
}

fn caller(module: &Unit) -> Unit {
    let text = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["m"],"decls":[],"solve":["bytes1",["m.f0"]]}"#;
    compile(text, Some(module.interface.clone()))
}

#[test]
fn a_caller_gets_copies_of_few() {
    let copies = |length| {
        let main = caller(&chain(length, "1"));
        assert_eq!(main.links, ["m"], "{}", main.c);
        main.c.matches("(void) {").count() - 1
    };
    // Where the copies end depends on the length, how many there can be does not.
    let counted: Vec<usize> = (200..250).map(copies).collect();
    assert!(counted.iter().all(|count| *count <= 40), "{counted:?}");
    assert!(counted.iter().any(|count| *count > 2), "{counted:?}");
}

#[test]
fn a_chain_that_is_short_enough_is_copied_whole() {
    let main = caller(&chain(3, "1"));
    assert!(main.c.contains("m__f2(void) {"), "{}", main.c);
    assert!(main.links.is_empty());
}

/// Work that grows with the square of the length would make this the longest test by far.
#[test]
fn each_function_is_looked_at_once() {
    const LENGTH: usize = 20_000;
    let sound = chain(LENGTH, "1");
    assert_eq!(sound.summary.functions.len(), LENGTH);
    assert!(sound.c.contains(&format!("m__f{}(", LENGTH - 1)));
    let broken = chain(LENGTH, r#"["bytes.lit","x"]"#);
    assert!(!broken.c.contains("m__f0("), "a function is there that calls one with a mistake");
    let check = check_program([&sound.summary, &caller(&sound).summary], 1 << 24, Scope::Program);
    assert_eq!(check.diagnostics, []);
}
