//! What a package is worth to those who will use it: its archive, unpacked and added to a project of each of its worlds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;
use x07_ast::Diagnostic;
use x07_pkg::{MANIFEST_NAME, Package, Packed, World};
use x07c::Scope;

use crate::event::Silent;
use crate::files::{io_failure, write_atomic};
use crate::outcome::Failure;
use crate::request::{Emit, Request};

/// The folder of the package in the project that it is tried in.
const FOLDER: &str = "package";

/// How the codes of mistakes begin that another world would not have.
const WORLD_CODES: &str = "X07-WORLD-";

/// What is wrong with a package.
#[derive(Clone, Debug, Default)]
pub struct PackageCheck {
    /// Mistakes in its modules, each once.
    pub mistakes: Vec<Diagnostic>,
    /// Worlds that its manifest allows and that none of its modules is made for.
    pub useless_worlds: Vec<World>,
}

impl PackageCheck {
    /// True when nothing speaks against publishing it.
    pub fn ok(&self) -> bool {
        self.mistakes.is_empty() && self.useless_worlds.is_empty()
    }
}

/// Looks at all functions of a package's modules in every world that its manifest allows, with the packages that it
/// requires (spec packages 14.7, step 9), and compiles the C that it brings. A head that a world does not have is a
/// mistake only if the module is no use in any of the worlds.
///
/// # Errors
///
/// A required package that cannot be had, C that does not compile, and whatever keeps a check from running.
pub fn check_package(packed: &Packed, options: &x07_pkg::Options) -> Result<PackageCheck, Failure> {
    let folder = tempfile::tempdir().map_err(io_failure("make a folder in", &std::env::temp_dir()))?;
    let root = fs::canonicalize(folder.path()).map_err(io_failure("find", folder.path()))?;
    for (path, bytes) in packed.unpacked()? {
        write_atomic(&root.join(FOLDER).join(path), &bytes)?;
    }
    let package = &packed.package;
    let worlds = package.worlds_allowed.clone().unwrap_or_else(|| vec![World::SolveFull]);
    let mut found = Vec::new();
    for world in &worlds {
        let findings = look(&root, package, *world, options)?;
        found.extend(findings.into_iter().map(|finding| (*world, finding)));
    }
    Ok(judge(package, &worlds, found))
}

/// The errors in a package's modules when a project of `world` depends on it.
fn look(root: &Path, package: &Package, world: World, options: &x07_pkg::Options) -> Result<Vec<Diagnostic>, Failure> {
    let manifest = json!({
        "schema_version": "x07.project@0.3.0",
        "world": world.as_str(),
        "entry": "main.x07.json",
        "module_roots": ["."],
        "dependencies": [{ "name": package.name, "version": package.version, "path": FOLDER }],
    });
    let entry = json!({
        "schema_version": "x07.x07ast@0.5.0",
        "kind": "entry",
        "module_id": "main",
        "imports": package.modules,
        "decls": [],
        "solve": ["bytes.alloc", 0],
    });
    write_atomic(&root.join(MANIFEST_NAME), manifest.to_string().as_bytes())?;
    write_atomic(&root.join("main.x07.json"), entry.to_string().as_bytes())?;
    let mut request = Request::project(root);
    request.scope = Scope::Library;
    request.packages = x07_pkg::Options { locked: false, ..options.clone() };
    let own: BTreeSet<&str> = package.all_modules().collect();
    let mut findings = match crate::check(&request, &Silent) {
        Ok(report) => report.diagnostics,
        Err(Failure::Diagnostics(findings, _)) => findings,
        Err(failure) => return Err(failure),
    };
    findings.retain(|finding| finding.is_error() && own.contains(finding.module.as_str()));
    if findings.is_empty() && package.is_ffi && world.is_os() {
        compile_native(root, request)?;
    }
    Ok(findings)
}

/// Compiles the C that a package brings, without the libraries that only a link needs.
fn compile_native(root: &Path, mut request: Request) -> Result<(), Failure> {
    request.output = Some(root.join("objects"));
    request.emit = Emit::Obj;
    request.scope = Scope::Program;
    crate::build(&request, &Silent).map(|_| ())
}

fn judge(package: &Package, worlds: &[World], found: Vec<(World, Diagnostic)>) -> PackageCheck {
    let unfit: BTreeSet<(World, &str)> =
        found.iter().map(|(world, finding)| (*world, finding.module.as_str())).collect();
    let is_fit = |world: World, module: &str| !unfit.contains(&(world, module));
    let useless_worlds: Vec<World> =
        worlds.iter().copied().filter(|world| !package.all_modules().any(|module| is_fit(*world, module))).collect();
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    for (_, finding) in &found {
        let of_world = finding.code.starts_with(WORLD_CODES);
        let excused = of_world && worlds.iter().any(|world| is_fit(*world, &finding.module));
        if !excused && !mistakes.contains(finding) {
            mistakes.push(finding.clone());
        }
    }
    PackageCheck { mistakes, useless_worlds }
}
