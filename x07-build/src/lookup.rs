//! From a module id to its text: a built-in module, or the one file below the module roots.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use x07_pkg::World;

use crate::stdlib;

/// What a module id stands for.
#[derive(Debug)]
pub(crate) enum Found {
    /// A module of the toolchain.
    Builtin(&'static str),
    /// The one file, with its metadata.
    File(PathBuf, Metadata),
    /// Several roots hold it.
    Ambiguous(Vec<PathBuf>),
    /// No root holds it.
    Missing,
    /// A root cannot be looked into.
    Unreadable(PathBuf, io::Error),
    /// The text is no module id at all.
    NotAnId,
}

/// The file of a module below a root.
pub(crate) fn relative_path(module: &str) -> PathBuf {
    PathBuf::from(format!("{}.x07.json", module.replace('.', "/")))
}

/// Looks a module up (spec language 3.1).
pub(crate) fn find(module: &str, roots: &[PathBuf], world: World) -> Found {
    if !x07_pkg::is_module_id(module) {
        return Found::NotAnId;
    }
    if let Some(text) = stdlib::text(module, world) {
        return Found::Builtin(text);
    }
    let relative = relative_path(module);
    let mut hits = Vec::new();
    for root in roots {
        let path = root.join(&relative);
        match path.metadata() {
            Ok(metadata) => hits.push((path, metadata)),
            Err(error) if is_absence(&error) => {}
            Err(error) => return Found::Unreadable(path, error),
        }
    }
    match hits.len() {
        0 => stdlib::fallback(module, world).map_or(Found::Missing, Found::Builtin),
        1 => {
            let (path, metadata) = hits.swap_remove(0);
            Found::File(path, metadata)
        }
        _ => Found::Ambiguous(hits.into_iter().map(|(path, _)| path).collect()),
    }
}

/// A path that leads nowhere, also because a file stands where a folder should.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// What must stay absent for a module to stay the one that it is: for each other root, the first part of the way to a
/// file of its name that is not there. Many modules share one.
pub(crate) fn absences<'a>(module: &str, roots: &'a [PathBuf], holder: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    let relative = relative_path(module);
    roots.iter().map(move |root| root.join(&relative)).filter(move |path| path != holder).map(|path| {
        let missing = path.ancestors().take_while(|part| part.symlink_metadata().is_err()).last();
        missing.unwrap_or(&path).to_owned()
    })
}
