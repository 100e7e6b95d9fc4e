//! What packages allow: which of their modules others may import, and in which worlds.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use x07_ast::{Diagnostic, ErrorKind};
use x07_pkg::BuildPackage;

use crate::context::Project;
use crate::load::{ENTRY, Module, Origin};

/// The package that a file belongs to.
pub(crate) fn owner<'a>(project: &'a Project, path: &Path) -> Option<&'a BuildPackage> {
    project.packages.iter().find(|package| path.starts_with(&package.module_root))
}

/// `name@version`.
pub(crate) fn id(package: &BuildPackage) -> String {
    format!("{}@{}", package.name, package.version)
}

/// The imports that packages do not allow.
pub(crate) fn findings(project: &Project, modules: &[Module]) -> Vec<Diagnostic> {
    if project.packages.is_empty() {
        return Vec::new();
    }
    let owner_of = |module: &Module| match &module.origin {
        Origin::File(file) if module.id != ENTRY => owner(project, &file.path),
        _ => None,
    };
    let owners: HashMap<&str, &BuildPackage> =
        modules.iter().filter_map(|module| Some((module.id.as_str(), owner_of(module)?))).collect();
    let mut findings = Vec::new();
    for module in modules {
        let own = owners.get(module.id.as_str());
        for (place, import) in module.import_ids.iter().enumerate() {
            let Some(package) = owners.get(import.as_str()) else {
                continue;
            };
            let foreign = own.is_none_or(|own| own.folder != package.folder);
            if let Some(finding) = refused(project, package, import, foreign) {
                let way = way_to(modules, &module.id);
                findings.push(finding.module(&module.id).at(module.import_pointer(place)).with_way(&way, import));
            }
        }
    }
    findings
}

/// Why a package does not give a module, to somebody else or at all.
fn refused(project: &Project, package: &BuildPackage, import: &str, foreign: bool) -> Option<Diagnostic> {
    let id = id(package);
    let error = |code: &str, message: String| Diagnostic::error(code, ErrorKind::Unsupported, message);
    let is_public = package.modules.contains(import);
    if !is_public && !package.private_modules.contains(import) {
        let message = format!("module \"{import}\" lies in package {id}, whose manifest does not list it");
        return Some(error("X07-PACKAGE-0001", message).help("list it in `modules` or `private_modules` there"));
    }
    if !is_public && foreign {
        let message = format!("module \"{import}\" is private to package {id}");
        let public: Vec<&str> = package.modules.iter().map(String::as_str).collect();
        return Some(error("X07-PACKAGE-0002", message).help(format!("{id} offers {}", public.join(", "))));
    }
    let allowed = package.worlds_allowed.as_ref()?;
    if !foreign || allowed.contains(&project.world) {
        return None;
    }
    let message = format!("module \"{import}\" of package {id} is not made for world {}", project.world);
    let names: Vec<&str> = allowed.iter().map(|world| world.as_str()).collect();
    Some(error("X07-PACKAGE-0003", message).help(match names.as_slice() {
        [] => format!("{id} allows none of the worlds that this toolchain knows"),
        names => format!("{id} allows {}", names.join(", ")),
    }))
}

/// The shortest chain of imports from the entry to a module.
fn way_to<'a>(modules: &'a [Module], end: &'a str) -> Vec<&'a str> {
    let imports: HashMap<&str, &[String]> =
        modules.iter().map(|module| (module.id.as_str(), module.import_ids.as_slice())).collect();
    let mut before: HashMap<&str, &str> = HashMap::new();
    let mut open = VecDeque::from([ENTRY]);
    while let Some(at) = open.pop_front() {
        for import in imports.get(at).copied().unwrap_or_default() {
            if import != ENTRY && !before.contains_key(import.as_str()) {
                before.insert(import, at);
                open.push_back(import);
            }
        }
    }
    let mut way = vec![end];
    while let Some(previous) = before.get(way[way.len() - 1]) {
        way.push(previous);
    }
    way.reverse();
    way
}

/// Adds how the program comes to an import.
trait WithWay {
    fn with_way(self, way: &[&str], import: &str) -> Self;
}

impl WithWay for Diagnostic {
    fn with_way(self, way: &[&str], import: &str) -> Diagnostic {
        match way {
            [] | [_] => self,
            way => self.note(format!("the program reaches it by {} -> {import}", way.join(" -> "))),
        }
    }
}
