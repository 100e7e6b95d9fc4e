//! What can be wrong with imports, and findings as bytes.

use std::path::PathBuf;

use x07_ast::{Diagnostic, ErrorKind};

use crate::load::Module;
use crate::lookup;
use crate::packages;
use crate::session::Session;
use crate::stdlib;

/// Why there is no module of an id.
#[derive(Debug)]
pub(crate) enum Absent {
    Missing,
    NotAnId,
    Ambiguous(Vec<PathBuf>),
    Unreadable(PathBuf, std::io::Error),
}

/// The finding about an import without a module.
pub(crate) fn absence(session: &Session<'_>, module: &Module, place: usize, import: &str, why: &Absent) -> Diagnostic {
    let searched = lookup::relative_path(import);
    let mut notes = Vec::new();
    let mut help = None;
    let (code, message) =
        match why {
            Absent::Missing if stdlib::is_system_only(import) => {
                help = Some("only the worlds run-os and run-os-sandboxed have it".to_owned());
                ("X07-IMPORT-0001", format!("unknown module: \"{import}\" in world {}", session.project.world))
            }
            Absent::Missing => {
                let options = &session.request.packages;
                let carried = x07_pkg::official_provider(import, options);
                let mut hints = String::new();
                match carried {
                    Some((name, version)) => hints.push_str(&format!("hint: x07 pkg add {name}@{version} --sync\n")),
                    None => {
                        let near = x07_ast::names::near(import, stdlib::modules().map(|(id, _)| *id));
                        help = near.map(|near| format!("did you mean \"{near}\"?"));
                    }
                }
                hints.push_str(&format!("hint: x07 pkg provides {import}"));
                let searched = searched.display();
                ("X07-IMPORT-0001", format!("unknown module: \"{import}\" (searched: {searched})\n\n{hints}"))
            }
            Absent::NotAnId => ("X07-IMPORT-0002", format!("\"{import}\" is not a module id")),
            Absent::Ambiguous(paths) => {
                let roots: Vec<String> = session
                    .project
                    .roots
                    .iter()
                    .filter(|root| paths.iter().any(|path| path.starts_with(root)))
                    .map(|root| root.display().to_string())
                    .collect();
                let owners = paths.iter().filter_map(|path| packages::owner(session.project, path));
                notes.extend(owners.map(|owner| {
                    format!("{} is a root of package {}", owner.module_root.display(), packages::id(owner))
                }));
                ("X07-IMPORT-0003", format!("module \"{import}\" is ambiguous across roots: {roots:?}"))
            }
            Absent::Unreadable(path, error) => {
                ("X07-IMPORT-0004", format!("module \"{import}\" cannot be read: {}: {error}", path.display()))
            }
        };
    let mut finding =
        Diagnostic::error(code, ErrorKind::Parse, message).module(&module.id).at(module.import_pointer(place));
    finding.notes = notes;
    finding.help = help;
    finding
}

/// The finding about a cycle, given as modules with the places of the imports that lead on.
pub(crate) fn cycle_finding(modules: &[Module], cycle: &[(u32, u32)]) -> Diagnostic {
    let step = |(module, place): (u32, u32)| {
        let module = &modules[module as usize];
        (module, module.import_pointer(place as usize))
    };
    let ids: Vec<String> = cycle.iter().map(|(module, _)| format!("\"{}\"", modules[*module as usize].id)).collect();
    let first = cycle.first().copied().unwrap_or_default();
    let (module, pointer) = step(first);
    let mut finding = Diagnostic::error(
        "X07-IMPORT-0005",
        ErrorKind::Parse,
        format!("modules import each other in a cycle: {} -> {}", ids.join(" -> "), ids[0]),
    )
    .module(&module.id)
    .at(pointer)
    .help("move what they share into a module that imports neither");
    for (index, place) in cycle.iter().enumerate() {
        let (module, pointer) = step(*place);
        let next = &ids[(index + 1) % ids.len()];
        finding.notes.push(format!("\"{}\" imports {next} at {pointer}", module.id));
    }
    finding
}

/// Findings as bytes for the database.
pub(crate) fn encode_findings(findings: &[Diagnostic]) -> Vec<u8> {
    if findings.is_empty() { Vec::new() } else { serde_json::to_vec(findings).unwrap_or_default() }
}

/// The reverse of `encode_findings`.
pub(crate) fn decode_findings(bytes: &[u8]) -> Vec<Diagnostic> {
    if bytes.is_empty() { Vec::new() } else { serde_json::from_slice(bytes).unwrap_or_default() }
}
