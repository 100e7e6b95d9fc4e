//! The native backends of a program: the toolchain's own, else those that are staged below a workspace root.

use std::collections::BTreeSet;
use std::path::PathBuf;

use x07_ast::{Diagnostic, ErrorKind, Stage};
use x07c::builtins::{backend_of, is_in_runtime};

use crate::digest::{Digest, KeyBuilder};
use crate::foreign::Foreign;
use crate::outcome::{Failure, Sources};
use crate::registry;
use crate::request::Environment;
use crate::store::Store;

/// The backends that a program links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Natives {
    backends: Vec<Backend>,
    /// Arguments for the system's libraries that packages ask for.
    system: Vec<String>,
}

/// One backend.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    /// Its archives, and the names they have where people see them.
    pub(crate) archives: Vec<Archive>,
    /// Further arguments of the link.
    pub(crate) arguments: Vec<String>,
    /// Files that decide what is linked and may change: none for the toolchain's own.
    pub(crate) files: Vec<PathBuf>,
}

/// An archive.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) digest: Digest,
}

impl Natives {
    /// Finds the backends of native heads, and those among the libraries that packages ask for; any other library is the
    /// system's.
    pub(crate) fn find(
        heads: &[String],
        foreign: &Foreign,
        environment: &Environment,
        store: &Store,
    ) -> Result<Natives, Failure> {
        let mut ids: BTreeSet<&str> = heads.iter().filter_map(|head| backend_of(head)).collect();
        let mut system = Vec::new();
        for library in foreign.libraries() {
            let archive = format!("lib{library}.a");
            match x07_native::BACKENDS.iter().find(|backend| backend.archive == archive) {
                Some(backend) => drop(ids.insert(backend.id)),
                None => system.push(format!("-l{library}")),
            }
        }
        let is_chosen = registry::is_chosen(environment);
        let backends: Result<Vec<Backend>, Failure> = ids
            .into_iter()
            .filter(|id| is_chosen || !is_in_runtime(id))
            .map(|id| {
                let own = x07_native::find(id).filter(|_| x07_native::TARGET == crate::toolchain::HOST);
                match own.filter(|_| !is_chosen) {
                    Some(own) => own_backend(own, store),
                    None => registry::find(id, environment).map_err(missing),
                }
            })
            .collect();
        Ok(Natives { backends: backends?, system })
    }

    /// The archives in order.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &Archive> {
        self.backends.iter().flat_map(|backend| &backend.archives)
    }

    /// Files outside of the toolchain that decide what is linked.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.backends.iter().flat_map(|backend| &backend.files)
    }

    /// The arguments for libraries, which follow the archives in a link.
    pub(crate) fn libraries(&self) -> Vec<String> {
        self.arguments(true)
    }

    /// What goes to the link after the objects (spec runners 5.2): archives may need each other.
    pub(crate) fn link_inputs(&self) -> Vec<String> {
        let archives: Vec<String> = self.archives().map(|archive| archive.path.display().to_string()).collect();
        if archives.is_empty() {
            return self.libraries();
        }
        let mut inputs = self.arguments(false);
        if cfg!(target_os = "macos") {
            inputs.extend(self.libraries());
            inputs.extend(archives);
        } else {
            inputs.push("-Wl,--start-group".to_owned());
            inputs.extend(archives);
            inputs.push("-Wl,--end-group".to_owned());
            inputs.extend(self.libraries());
        }
        inputs
    }

    /// Everything of this that a link depends on; where the archives lie is not part of it.
    pub(crate) fn add_to_key(&self, key: &mut KeyBuilder) {
        key.list(&self.arguments(false)).list(&self.libraries());
        key.number(self.archives().count() as u64);
        for archive in self.archives() {
            key.digest(&archive.digest);
        }
    }

    /// The backends' arguments that name libraries, or the others; each once.
    fn arguments(&self, libraries: bool) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let all = self.system.iter().chain(self.backends.iter().flat_map(|backend| &backend.arguments));
        all.filter(|argument| argument.starts_with("-l") == libraries)
            .filter(|argument| seen.insert(argument.as_str()))
            .cloned()
            .collect()
    }
}

fn own_backend(own: &x07_native::Backend, store: &Store) -> Result<Backend, Failure> {
    let digest = Digest(own.packed.digest);
    let path = store.supply(&digest, || own.packed.unpack())?;
    let archive = Archive { name: own.archive.to_owned(), path, digest };
    let arguments = own.system_libraries.iter().map(|library| format!("-l{library}")).collect();
    Ok(Backend { archives: vec![archive], arguments, files: Vec::new() })
}

fn missing(message: String) -> Failure {
    let diagnostic = Diagnostic::error("X07-LINK-0003", ErrorKind::Unsupported, message).stage(Stage::Link);
    Failure::Diagnostics(vec![diagnostic], Sources::default())
}
