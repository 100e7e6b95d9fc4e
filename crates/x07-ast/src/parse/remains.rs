//! What is left of a file with errors when those are taken out.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::locate::segments;
use crate::tree::{Decl, Export, File};

/// The file without what its errors are about, and with gaps in its place; `None` if there are errors that nobody knows
/// the place of.
pub(super) fn without_errors(mut file: File, mut decls: Vec<Option<Decl>>, diagnostics: &[Diagnostic]) -> Option<File> {
    // The keys of each declaration that have errors in them; one without a name stands for the declaration itself.
    let mut damaged: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for error in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        let place = segments(error.pointer.as_deref()?)?;
        let place: Vec<&str> = place.iter().map(String::as_str).collect();
        match place.as_slice() {
            ["decls", index, rest @ ..] => {
                let key = rest.first().copied().unwrap_or_default();
                damaged.entry(index.parse().ok()?).or_default().insert(key.to_owned());
            }
            ["decls"] => file.gaps.exports = true,
            ["imports", ..] => file.gaps.imports = true,
            ["solve", ..] => file.solve = None,
            // About the file at large: it is what it is expected to be all the same.
            _ => {}
        }
    }
    let declared: BTreeSet<String> = decls.iter().flatten().filter_map(name).cloned().collect();
    for (index, keys) in &damaged {
        if let Some(decl) = decls.get_mut(*index) {
            damage(&mut file, decl, keys, &declared);
        }
    }
    file.gaps.exports |= file.gaps.declarations;
    let gap = || Decl::Export(Export { names: Vec::new() });
    file.decls = decls.into_iter().map(|decl| decl.unwrap_or_else(gap)).collect();
    Some(file)
}

fn name(decl: &Decl) -> Option<&String> {
    match decl {
        Decl::Function(function) => Some(&function.name),
        Decl::Extern(function) => Some(&function.name),
        Decl::Export(_) => None,
    }
}

/// Takes out of a declaration what has errors in it, or the declaration if that leaves no signature.
fn damage(file: &mut File, decl: &mut Option<Decl>, keys: &BTreeSet<String>, declared: &BTreeSet<String>) {
    let gaps = &mut file.gaps;
    // Under which name others mean it is not known.
    gaps.declarations |= keys.contains("kind") || keys.contains("name");
    match decl {
        Some(Decl::Export(export)) => {
            gaps.exports = true;
            gaps.functions.extend(export.names.iter().filter(|name| !declared.contains(*name)).cloned());
            return;
        }
        // A generic is made of all of its text again for every use.
        Some(Decl::Function(function)) if function.type_params.is_empty() => {
            let clauses = [
                ("requires", &mut function.requires),
                ("ensures", &mut function.ensures),
                ("invariant", &mut function.invariant),
            ];
            let mut others = keys.len();
            for (key, clauses) in clauses {
                if keys.contains(key) {
                    clauses.clear();
                    others -= 1;
                }
            }
            if keys.contains("body") {
                function.body = file.exprs.add_int(0);
                gaps.bodies.insert(function.name.clone());
                others -= 1;
            }
            if others == 0 {
                return;
            }
        }
        _ => {}
    }
    gaps.functions.extend(decl.as_ref().and_then(name).cloned());
    *decl = None;
}
