//! `x07 doc`: what modules, functions and builtins do.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;
use x07_build::{Environment, Store};
use x07_doc::{Answer, Library, Module, Origin, report, text};
use x07_pkg::Manifest;

use crate::files::{self, SOURCE_SUFFIX, shown};
use crate::project;
use crate::shell::Shell;

/// Show what a module, a function or a builtin does
///
/// Without a name the modules are listed: the project's, its packages' and the standard library's.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A module, a function as module.function, or the head of a builtin or of a form
    #[arg(value_name = "NAME")]
    query: Option<String>,
    /// The project's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
    /// A folder whose modules can be asked about too; may be repeated
    #[arg(long, value_name = "FOLDER")]
    module_root: Vec<PathBuf>,
    /// The name is the head of a builtin or of a form
    #[arg(long, requires = "query")]
    builtin: bool,
    /// Write everything as HTML and open it in a browser; the path is printed
    #[arg(long, conflicts_with_all = ["query", "json"])]
    open: bool,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

/// Exit status when there is no such thing.
const NOT_FOUND: u8 = 2;
/// The same, for programs, which read in the answer that their call was right.
const NOT_FOUND_JSON: u8 = 1;

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let (library, manifest) = self.library(shell)?;
        if self.open {
            return open(shell, &library, manifest.as_ref());
        }
        let Some(query) = &self.query else {
            match self.json {
                true => print_json(&report::overview(&library))?,
                false => shell.print(&text::overview(&library))?,
            }
            return Ok(0);
        };
        let answer = if self.builtin { library.find_builtin(query) } else { library.find(query) };
        if self.json {
            print_json(&report::answer(query, &answer, &library))?;
            return Ok(if matches!(answer, Answer::Nothing(_)) { NOT_FOUND_JSON } else { 0 });
        }
        match answer {
            Answer::Module(module) => shell.print(&text::module(module))?,
            Answer::Function(_, function) => shell.print(&text::function(function, &library))?,
            Answer::Builtin(row) => shell.print(&text::builtin(row, &library))?,
            Answer::Form(form) => shell.print(&text::form(&form))?,
            Answer::Nothing(close) => {
                shell.error(&format!("nothing is called {query:?}{}", meant(&close)));
                return Ok(NOT_FOUND);
            }
        }
        Ok(0)
    }

    /// The standard library, and what the project and its packages add.
    fn library(&self, shell: &Shell) -> Result<(Library, Option<Manifest>)> {
        let mut library = Library::std();
        let manifest = match &self.project {
            Some(path) => Some(project::manifest(Some(path))?),
            // Outside a project there is still the standard library to read about.
            None => project::manifest(None).ok(),
        };
        for root in &self.module_root {
            add_root(&mut library, root)?;
        }
        if let Some(manifest) = &manifest {
            let folder = manifest.folder();
            for root in manifest.module_roots.iter().filter(|root| !root.starts_with('$')) {
                add_root(&mut library, &folder.join(root))?;
            }
            let locked = x07_pkg::Options { locked: true, ..x07_pkg::Options::read() };
            match x07_pkg::prepare(manifest, &locked, &x07_pkg::Silent) {
                Ok(set) => {
                    for package in &set.packages {
                        add_package(&mut library, package)?;
                        add_examples(&mut library, &package.folder.join("tests"))?;
                    }
                }
                // Nobody has to mend a project first to read about the rest.
                Err(problem) => shell.warning(&format!("the project's packages are left out: {problem}")),
            }
            add_examples(&mut library, &folder.join("tests"))?;
        }
        Ok((library, manifest))
    }
}

fn add_root(library: &mut Library, root: &Path) -> Result<()> {
    for path in sources(root)? {
        let relative = path.strip_prefix(shown(root)).unwrap_or(&path);
        let id = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, ".");
        add_module(library, id.trim_end_matches(SOURCE_SUFFIX), &path, Origin::Project)?;
    }
    Ok(())
}

/// The modules that a package offers; what else lies in its folder is its own business.
fn add_package(library: &mut Library, package: &x07_pkg::BuildPackage) -> Result<()> {
    for id in &package.modules {
        let path = package.module_root.join(format!("{}{SOURCE_SUFFIX}", id.replace('.', "/")));
        add_module(library, id, &path, Origin::Package)?;
    }
    Ok(())
}

fn add_module(library: &mut Library, id: &str, path: &Path, origin: Origin) -> Result<()> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    // An entry, or a file with mistakes, is no module.
    if let Some(module) = Module::read(id, origin, &text) {
        library.add(module);
    }
    Ok(())
}

fn add_examples(library: &mut Library, folder: &Path) -> Result<()> {
    for path in sources(folder)? {
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        library.add_examples(&text);
    }
    Ok(())
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.is_dir() { files::sources(&[folder.to_owned()]) } else { Ok(Vec::new()) }
}

fn meant(close: &[String]) -> String {
    match close {
        [] => "; `x07 doc` lists the modules, `x07 guide` tells all".to_owned(),
        [one] => format!("; did you mean {one}?"),
        several => format!("; did you mean one of these?\n    {}", several.join("\n    ")),
    }
}

fn print_json(value: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{value}")?;
    stdout.flush()
}

fn open(shell: &Shell, library: &Library, manifest: Option<&Manifest>) -> Result<u8> {
    let (folder, title) = match manifest {
        Some(manifest) => {
            let folder = std::path::absolute(manifest.folder()).context("cannot find the project")?;
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            (folder.join("target").join("doc"), name.unwrap_or_else(|| "X07".to_owned()))
        }
        None => {
            let store = Store::open(Environment::read().cache.as_deref())?;
            (store.root().join("doc"), "X07".to_owned())
        }
    };
    let page = x07_doc::html::write(&folder, &title, library)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    shell.print(&format!("{}\n", page.display()))?;
    if !show_page(&page) {
        shell.note("no program opens it here: neither xdg-open nor open can be run");
    }
    Ok(0)
}

/// Hands the page to whatever opens pages on this machine, and does not wait for it.
fn show_page(page: &Path) -> bool {
    ["xdg-open", "open"].into_iter().any(|program| {
        let mut command = Command::new(program);
        command.arg::<&OsStr>(page.as_os_str()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().is_ok()
    })
}
