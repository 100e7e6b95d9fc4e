//! C names: of functions, so that no two X07 names meet, and of locals, so that a person recognises them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::mir::{self, Body, Callee, Value};

/// Words that C, its preprocessor in GNU mode, the header or the printer itself give a meaning to.
const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "asm",
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "const",
    "constexpr",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "i386",
    "if",
    "inline",
    "int",
    "linux",
    "long",
    "main",
    "nullptr",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "struct",
    "switch",
    "thread_local",
    "true",
    "typedef",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "void",
    "volatile",
    "while", // C and its preprocessor
    "int32_t",
    "int64_t",
    "uint32_t",
    "uint64_t",
    "uint8_t",
    "uintptr_t", // the header
    "frame",
    "fuel",
    "input",
    "returned", // the printer
];

/// The C name of an X07 function: readable, different for different names, and never that of a C library function.
///
/// `.` becomes `__`; everything that C does not allow, or that could be mistaken for the result of this rule, becomes
/// `_` and two hexadecimal digits a byte.
pub fn mangle(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut out = String::with_capacity(name.len() + 4);
    let mut separated = false;
    for (i, &byte) in bytes.iter().enumerate() {
        let next = bytes.get(i + 1).copied();
        let keep = match byte {
            b'.' => {
                // A separator at the very end would look like the mark of a name without any.
                if next.is_some() {
                    out.push_str("__");
                    separated = true;
                    continue;
                }
                false
            }
            b'_' => {
                let starts = i == 0 || bytes[i - 1] == b'.';
                let hex = |at: usize| bytes.get(at).is_some_and(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                !starts && next.is_some_and(|b| b.is_ascii_alphanumeric()) && !(hex(i + 1) && hex(i + 2))
            }
            b'0'..=b'9' => i > 0,
            _ => byte.is_ascii_alphabetic(),
        };
        if keep {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("_{byte:02x}"));
        }
    }
    if !separated {
        out.push_str("__");
    }
    out
}

/// The C names of a body's locals by index: the user's where C allows it, `t1`, `t2` and so on for temporaries. They avoid
/// `symbols`, the names that the body calls.
pub(super) fn local_names<'a>(body: &Body, symbols: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken: FxHashSet<String> = symbols.map(str::to_owned).collect();
    mir::walk(&body.block, &mut |stmt| {
        mir::values(stmt, &mut |value| {
            if let Value::Call(call) = value
                && let Callee::Row(symbol) = &call.callee
            {
                taken.insert(symbol.clone());
            }
        });
        if let mir::Stmt::BudgetEnter { id, .. } = stmt {
            taken.insert(super::print::budget_name(*id));
            taken.insert(super::print::caps_name(*id));
        }
    });

    let mut names = vec![String::new(); body.locals.len()];
    let mut counters: FxHashMap<String, u32> = FxHashMap::default();
    for (local, name) in body.locals.iter().zip(&mut names) {
        let Some(wanted) = &local.name else { continue };
        let wanted = plain(wanted);
        *name = if taken.contains(&wanted) {
            let counter = counters.entry(wanted.clone()).or_insert(1);
            numbered(&taken, counter, |n| format!("{wanted}_{n}"))
        } else {
            wanted
        };
        taken.insert(name.clone());
    }
    let mut counter = 0;
    for (local, name) in body.locals.iter().zip(&mut names) {
        if local.name.is_none() {
            *name = numbered(&taken, &mut counter, |n| format!("t{n}"));
        }
    }
    names
}

/// The next free name of a series; the counter never goes back, which keeps many equal names linear.
fn numbered(taken: &FxHashSet<String>, counter: &mut u32, name: impl Fn(u32) -> String) -> String {
    loop {
        *counter += 1;
        let candidate = name(*counter);
        if !taken.contains(&candidate) {
            return candidate;
        }
    }
}

/// A name as it is, if C and the printer have no other use for it.
fn plain(name: &str) -> String {
    let allowed = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && !name.starts_with("x07_")
        && !name.starts_with("X07_")
        && !name.contains("__")
        && !name.ends_with('_')
        && !RESERVED.contains(&name);
    if allowed {
        return name.to_owned();
    }
    let mut out = String::from("v");
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        out.push('_');
        out.push_str(word);
    }
    out
}
