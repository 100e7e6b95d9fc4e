//! Everything that must hold for a program, whatever it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use x07_ast::{Diagnostic, Expected, File, Gaps};
use x07c::{Capabilities, Interface, Interfaces, Limits, Options, Scope, Unit, check_program};

use crate::corpus::{library, workspace};

/// The modules of a program, each compiled after those that it imports.
#[derive(Default)]
struct Loaded {
    interfaces: BTreeMap<String, Arc<Interface>>,
    /// Modules whose files are too broken for one.
    unknown: BTreeSet<String>,
}

impl Interfaces for Loaded {
    fn get(&self, module: &str) -> Option<&Interface> {
        self.interfaces.get(module).map(Arc::as_ref)
    }

    fn is_unknown(&self, module: &str) -> bool {
        self.unknown.contains(module)
    }
}

/// The texts of a program's files by module id.
pub type Texts = BTreeMap<String, Vec<u8>>;

/// What is known of a module of the library.
type LibraryModule = (Arc<Interface>, x07c::Summary);

/// Compiles programs, and has a C compiler look at a sample of what comes out.
pub struct Examiner {
    /// One of so many accepted programs goes to the C compiler.
    one_in: u32,
    pub accepted: u32,
    pub compiled: u32,
    folder: TempDir,
    /// The library's modules by id, for dev and for release; `None` while one is being made or when there is none.
    library: BTreeMap<(String, bool), Option<LibraryModule>>,
}

impl Examiner {
    pub fn new(one_in: u32) -> Examiner {
        let folder = tempfile::tempdir().unwrap();
        Examiner { one_in, accepted: 0, compiled: 0, folder, library: BTreeMap::new() }
    }

    /// What does not hold for the program, if anything.
    pub fn examine(&mut self, program: &Texts) -> Result<(), String> {
        let mut accepted = Vec::new();
        for (all_allowed, release) in [(false, false), (true, true)] {
            let options = options(all_allowed, release, false);
            if let Some(units) = self.compile(program, &options)? {
                accepted.extend(units);
            }
        }
        if accepted.is_empty() {
            return Ok(());
        }
        self.accepted += 1;
        if self.accepted.is_multiple_of(self.one_in) {
            for c in accepted {
                self.compiled += 1;
                self.c_compiler(&c)?;
            }
        }
        Ok(())
    }

    /// The C texts of the program's own files, or nothing if there are errors.
    fn compile(&mut self, program: &Texts, options: &Options) -> Result<Option<Vec<String>>, String> {
        let mut build = Build { loaded: Loaded::default(), summaries: Vec::new(), units: Vec::new(), errors: 0 };
        let mut sources = BTreeMap::new();
        for (id, source) in program {
            let source = source.clone();
            let expected = if id == "main" { Expected::Entry } else { Expected::Module(id) };
            let parsed = x07_ast::parse(&source, expected);
            build.judge(&parsed.diagnostics, &source)?;
            if parsed.file.is_none() && build.errors == 0 {
                return Err(format!("no tree of \"{id}\" and no error"));
            }
            // What is left of a broken file is examined like a whole one.
            match parsed.file.or(parsed.remains) {
                Some(file) => drop(sources.insert(id.clone(), (source, file))),
                None => drop(build.loaded.unknown.insert(id.clone())),
            }
        }
        for id in sources.keys() {
            self.module(id, &sources, &mut build, options, &mut Vec::new())?;
        }
        let check = check_program(&build.summaries, 1 << 24, Scope::Program);
        for diagnostic in &check.diagnostics {
            let source = sources.get(&diagnostic.module).map(|(source, _)| source.as_slice());
            build.judge_one(diagnostic, source)?;
        }
        Ok((build.errors == 0).then_some(build.units))
    }

    /// Compiles a module after what it imports; on a cycle, without what is not there yet.
    fn module(
        &mut self,
        id: &str,
        sources: &BTreeMap<String, (Vec<u8>, File)>,
        build: &mut Build,
        options: &Options,
        open: &mut Vec<String>,
    ) -> Result<(), String> {
        if build.loaded.interfaces.contains_key(id) || open.iter().any(|other| other == id) {
            return Ok(());
        }
        let Some((source, file)) = sources.get(id) else {
            if let Some((interface, summary)) = self.library(id, options.inline_across_modules) {
                for import in interface.imports.clone() {
                    self.module(&import, sources, build, options, open)?;
                }
                build.loaded.interfaces.insert(id.to_owned(), interface);
                build.summaries.push(summary);
            }
            return Ok(());
        };
        open.push(id.to_owned());
        for import in imports(file) {
            self.module(&import, sources, build, options, open)?;
        }
        open.pop();
        if file.gaps == Gaps::default() {
            build.judge(&x07c::lint::lint(file, &options.capabilities), source)?;
        }
        let unit = x07c::compile(file, &build.loaded, options);
        let again = x07c::compile(file, &build.loaded, options);
        if unit.c != again.c || unit.interface != again.interface || unit.summary != again.summary {
            return Err("compiled twice, the results differ".to_owned());
        }
        let Unit { interface, c, summary, .. } = unit;
        build.loaded.interfaces.insert(id.to_owned(), Arc::new(interface));
        build.summaries.push(summary);
        build.units.push(c);
        Ok(())
    }

    fn library(&mut self, id: &str, release: bool) -> Option<LibraryModule> {
        let key = (id.to_owned(), release);
        if let Some(known) = self.library.get(&key) {
            return known.clone();
        }
        self.library.insert(key.clone(), None);
        let file = x07_ast::parse(&library(id)?, Expected::Module(id)).file?;
        let mut loaded = Loaded::default();
        for import in imports(&file) {
            self.library(&import, release);
        }
        for ((id, profile), module) in &self.library {
            if let Some((interface, _)) = module
                && *profile == release
            {
                loaded.interfaces.insert(id.clone(), interface.clone());
            }
        }
        let unit = x07c::compile(&file, &loaded, &options(true, release, true));
        let made = (Arc::new(unit.interface), unit.summary);
        self.library.insert(key, Some(made.clone()));
        Some(made)
    }

    /// Gives a unit to the C compiler, which must accept it, and must have nothing to say about it unless its program
    /// handles pointers: then it may see that the program itself is wrong.
    fn c_compiler(&self, c: &str) -> Result<(), String> {
        let unit = self.folder.path().join("unit.c");
        fs::write(&unit, c).unwrap();
        let output = Command::new("cc")
            .args(["-std=c11", "-Wall", "-Wextra", "-O1", "-c", "-o"])
            .arg(self.folder.path().join("unit.o"))
            .arg("-I")
            .arg(workspace().join("crates/x07-runtime/c"))
            .arg("-I")
            .arg(workspace().join("crates/x07c/include"))
            .arg(&unit)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let warns = !output.stderr.is_empty() && !c.contains("#define X07_WITH_POINTERS");
        if output.status.success() && !warns {
            return Ok(());
        }
        Err(format!("the C compiler fails:\n{}\n{c}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// One program on its way.
struct Build {
    loaded: Loaded,
    summaries: Vec<x07c::Summary>,
    units: Vec<String>,
    errors: usize,
}

impl Build {
    /// Diagnostics and lint findings of a file. Fixes must leave something that can be read.
    fn judge(&mut self, diagnostics: &[Diagnostic], source: &[u8]) -> Result<(), String> {
        for diagnostic in diagnostics {
            self.judge_one(diagnostic, Some(source))?;
        }
        // Each alone: two fixes of one place need not fit together.
        for fix in diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
            match x07_ast::apply_fixes(source, [fix]) {
                Ok(fixed) => drop(x07_ast::parse(fixed.as_bytes(), Expected::Any)),
                Err(problem) if problem.message.contains("too deeply nested") => {}
                Err(problem) => return Err(format!("a fix: {}", problem.message)),
            }
        }
        Ok(())
    }

    fn judge_one(&mut self, diagnostic: &Diagnostic, source: Option<&[u8]>) -> Result<(), String> {
        self.errors += usize::from(diagnostic.is_error());
        let Diagnostic { code, message, .. } = diagnostic;
        if !code.starts_with("X07-") || code.contains("INTERNAL") {
            return Err(format!("a diagnostic with the code {code}: {message}"));
        }
        let said = format!("{message} {}", diagnostic.help.as_deref().unwrap_or_default());
        for word in ["got unknown", "type unknown", "ExprId", "Sym(", "x07_", "panicked"] {
            if said.contains(word) && source.is_some_and(|source| !String::from_utf8_lossy(source).contains(word)) {
                return Err(format!("{code} speaks of the compiler's own affairs: {said}"));
            }
        }
        let places = diagnostic.pointer.iter().chain(diagnostic.labels.iter().map(|label| &label.pointer));
        for pointer in places {
            if source.is_some_and(|source| x07_ast::locate(source, pointer).is_none()) {
                return Err(format!("{code} points at {pointer}, which is not there: {message}"));
            }
        }
        Ok(())
    }
}

/// What the build system would load before a file: its imports, and what its heads stand for (spec language 3.2).
fn imports(file: &File) -> Vec<String> {
    let implied = [("ty.read_le_at", "std.u32"), ("ty.write_le_at", "std.u32"), ("ty.push_le", "std.u32")];
    let implied = implied.into_iter().chain([("ty.hash32", "std.hash")]);
    let implied = implied.filter(|(head, _)| file.exprs.find_name(head).is_some()).map(|(_, module)| module.to_owned());
    file.imports.iter().cloned().chain(implied).collect()
}

fn options(all_allowed: bool, release: bool, trusted: bool) -> Options {
    let capabilities = Capabilities {
        fs: all_allowed,
        rr: all_allowed,
        kv: all_allowed,
        os: all_allowed,
        allow_unsafe: all_allowed,
        allow_ffi: all_allowed,
    };
    let limits = Limits { max_locals: 20_000, max_c_bytes: 32 << 20 };
    // The text of a library has all that an executable's has.
    Options { capabilities, limits, trusted, inline_across_modules: release, library: release }
}
