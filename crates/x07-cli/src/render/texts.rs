//! Where the renderer finds the text that a diagnostic is about.

use std::path::{Path, PathBuf};

use x07_build::Sources;

use crate::files::shown;
use crate::project::Program;

/// The texts of a program's modules.
pub(crate) trait Texts {
    /// The file of a module as it is shown.
    fn path(&self, module: &str) -> Option<PathBuf>;
    /// Its text.
    fn text(&self, module: &str) -> Option<Vec<u8>>;
}

impl Texts for Sources {
    fn path(&self, module: &str) -> Option<PathBuf> {
        Sources::path(self, module).map(shown)
    }

    fn text(&self, module: &str) -> Option<Vec<u8>> {
        Sources::text(self, module)
    }
}

/// A file that is looked at alone; every diagnostic is about it.
pub(crate) struct OneFile<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a [u8],
}

impl Texts for OneFile<'_> {
    fn path(&self, _: &str) -> Option<PathBuf> {
        Some(self.path.to_owned())
    }

    fn text(&self, _: &str) -> Option<Vec<u8>> {
        Some(self.text.to_vec())
    }
}

/// The files of a program that was not loaded, because nothing in it had changed; a trap may still point into them.
pub(crate) struct ProgramTexts<'a> {
    pub(crate) program: &'a Program,
    pub(crate) sources: &'a Sources,
}

impl Texts for ProgramTexts<'_> {
    fn path(&self, module: &str) -> Option<PathBuf> {
        // A finding about no module, such as the end of the fuel, has no place.
        if module.is_empty() {
            return None;
        }
        Texts::path(self.sources, module)
            .or_else(|| self.program.module_path(module).map(|path| shown(&path)))
            .or_else(|| builtin(module).map(|_| PathBuf::from(format!("<std>/{}", module.replace('.', "/")))))
    }

    fn text(&self, module: &str) -> Option<Vec<u8>> {
        Texts::text(self.sources, module)
            .or_else(|| std::fs::read(self.program.module_path(module)?).ok())
            .or_else(|| builtin(module).map(|text| text.as_bytes().to_vec()))
    }
}

fn builtin(module: &str) -> Option<&'static str> {
    x07_build::stdlib::modules().find(|(id, _)| *id == module).map(|(_, text)| *text)
}
