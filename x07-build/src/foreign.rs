//! Packages that bring C of their own (spec packages 4.3): their sources, compiled like everything else, and the
//! libraries that they need.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use x07_pkg::{BuildPackage, FFI_FOLDER, IGNORE_FILES, PACKAGE_MANIFEST_NAME};

use crate::cc;
use crate::digest::{Digest, KeyBuilder};
use crate::files::io_failure;
use crate::flags::Flags;
use crate::outcome::{CCompilerStep, Failure};
use crate::session::Session;
use crate::store::Store;
use crate::toolchain::Toolchain;

/// What the FFI packages of a program bring.
#[derive(Clone, Debug, Default)]
pub(crate) struct Foreign {
    /// The packages, in the order of the module roots.
    pub(crate) packages: Vec<Package>,
}

/// A package whose functions are written in C.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// Its files below `ffi/`, relative to the folder: what is packed and locked, and all that is compiled.
    pub(crate) files: BTreeSet<String>,
    /// The C files directly in `ffi/`, sorted.
    pub(crate) sources: Vec<PathBuf>,
    /// `meta.ffi_libs`.
    pub(crate) libraries: Vec<String>,
}

/// One C file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) package: &'a Package,
    pub(crate) path: &'a Path,
}

impl Foreign {
    /// The FFI packages among the module roots of an OS world.
    pub(crate) fn find(session: &Session<'_>) -> Result<Foreign, Failure> {
        let mut foreign = Foreign::default();
        if !session.request.auto_ffi || !session.project.world.is_os() {
            return Ok(foreign);
        }
        let mut seen = BTreeSet::new();
        for root in &session.project.roots {
            let known = session.project.packages.iter().find(|package| package.module_root == *root);
            if let Some(package) = Package::around(root, known)?.filter(|found| seen.insert(found.folder.clone())) {
                foreign.packages.push(package);
            }
        }
        Ok(foreign)
    }

    /// All C files in order.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Source<'_>> {
        self.packages.iter().flat_map(|package| package.sources.iter().map(move |path| Source { package, path }))
    }

    /// The libraries of all packages, each once.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        let all = self.packages.iter().flat_map(|package| package.libraries.iter().map(String::as_str));
        all.filter(move |library| seen.insert(*library))
    }

    /// The package that asks for a library.
    pub(crate) fn asking_for(&self, library: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.libraries.iter().any(|name| name == library))
    }

    /// What decides which files there are.
    pub(crate) fn watched(&self) -> impl Iterator<Item = PathBuf> {
        self.packages.iter().flat_map(|package| {
            let manifest = package.folder.join(PACKAGE_MANIFEST_NAME);
            places(&package.folder, &package.files).into_iter().chain([manifest])
        })
    }
}

/// What decides which files below `ffi/` belong to the package in `folder`: the folders that they lie in, and the
/// ignore files beside `ffi/`. Those below it are among `files`.
pub(crate) fn places(folder: &Path, files: &BTreeSet<String>) -> BTreeSet<PathBuf> {
    let folders = files.iter().map(Path::new).filter_map(Path::parent);
    let fixed = IGNORE_FILES.into_iter().chain([FFI_FOLDER]).map(Path::new);
    folders.chain(fixed).map(|path| folder.join(path)).collect()
}

impl Package {
    /// The package that a module root belongs to, if its functions are written in C, with the files that are `known` of
    /// it.
    fn around(root: &Path, known: Option<&BuildPackage>) -> Result<Option<Package>, Failure> {
        let folders = [Some(root), root.parent()].into_iter().flatten();
        let mut manifests = folders.map(|folder| (folder, folder.join(PACKAGE_MANIFEST_NAME)));
        let Some((folder, path)) = manifests.find(|(_, path)| path.is_file()) else {
            return Ok(None);
        };
        let text = fs::read(&path).map_err(io_failure("read", &path))?;
        let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&text) else {
            // Whoever depends on the package is told by the one who reads the manifest for its sake.
            return Ok(None);
        };
        let meta = &manifest["meta"];
        if meta["import_mode"].as_str() != Some("ffi") {
            return Ok(None);
        }
        let name = manifest["name"].as_str().unwrap_or_default().to_owned();
        let mut libraries = Vec::new();
        for library in meta["ffi_libs"].as_array().into_iter().flatten() {
            match library.as_str().filter(|library| x07_pkg::is_library_name(library)) {
                Some(library) => libraries.push(library.to_owned()),
                None => {
                    return Err(Failure::Usage(format!("FFI package {name}: {library} is not the name of a library")));
                }
            }
        }
        let files = match known {
            Some(package) => package.native_files.clone(),
            None => x07_pkg::native_files(folder)?,
        };
        let sources: Vec<PathBuf> =
            files.iter().filter(|path| x07_pkg::is_c_source(path)).map(|path| folder.join(path)).collect();
        if sources.is_empty() {
            let what = format!("FFI package {name} has no C source in {}", folder.join(FFI_FOLDER).display());
            return Err(Failure::Usage(what));
        }
        Ok(Some(Package { name, folder: folder.to_owned(), files, sources, libraries }))
    }

    /// The first of some files that lies in the package's folder and is none of its files.
    fn stranger(&self, files: &[PathBuf]) -> Option<PathBuf> {
        let folder = fs::canonicalize(&self.folder).ok()?;
        files.iter().find_map(|file| {
            let file = fs::canonicalize(file).ok()?;
            let inside = file.strip_prefix(&folder).ok()?;
            let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
            let is_own = parts.is_some_and(|parts| self.files.contains(&parts.join("/")));
            (!is_own).then(|| inside.to_owned())
        })
    }
}

impl Source<'_> {
    /// The name that people see: package and file.
    pub(crate) fn name(&self) -> String {
        format!("{}/{FFI_FOLDER}/{}", self.package.name, self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    pub(crate) fn step(&self) -> CCompilerStep {
        CCompilerStep::Foreign { source: self.name(), libraries: self.package.libraries.clone() }
    }
}

/// What a C file comes to when all that it includes is put in its place: the text that decides its object, and the files
/// that it was made of.
pub(crate) struct Preprocessed {
    pub(crate) key: Digest,
    pub(crate) files: Vec<PathBuf>,
}

/// Preprocesses a C file.
pub(crate) fn preprocess(
    source: Source<'_>,
    toolchain: &Toolchain,
    flags: &Flags,
    include: &Path,
    store: &Store,
) -> Result<Preprocessed, Failure> {
    let dependencies = store.scratch(".d")?;
    let mut command = toolchain.command();
    command.args(&flags.foreign).args(&flags.defines).arg(prefix_map(source)).arg("-I").arg(include);
    command.args(["-E", "-P", "-MD", "-MF"]).arg(&dependencies).args(["-MT", "x"]).arg(source.path);
    let output = cc::run(&mut command, None)?;
    let text = output.stdout.clone();
    cc::finish(&command, output, || source.step())?;
    let mut key = KeyBuilder::new("foreign");
    let name = source.name();
    key.bytes(&text).text(&name).digest(&toolchain.identity).list(&flags.foreign);
    let listed = fs::read(&dependencies).map_err(io_failure("read", &dependencies))?;
    let files = dependencies_in(&String::from_utf8_lossy(&listed));
    // The headers of the toolchain lie in the store and belong to the toolchain's own identity.
    let files: Vec<PathBuf> = files.into_iter().filter(|file| !file.starts_with(include)).collect();
    if let Some(stranger) = source.package.stranger(&files) {
        return Err(Failure::Usage(format!(
            "{name} includes {}, which does not belong to the package: what depends on it would not have the file. \
             Packages hold what lies below ffi/ and is not named in an ignore file",
            stranger.display()
        )));
    }
    Ok(Preprocessed { key: key.finish(), files })
}

/// Compiles a C file to an object.
pub(crate) fn compile(
    source: Source<'_>,
    toolchain: &Toolchain,
    flags: &Flags,
    include: &Path,
    store: &Store,
) -> Result<(tempfile::TempPath, Vec<u8>), Failure> {
    let object = store.scratch(".o")?;
    let mut command = toolchain.command();
    command
        .args(&flags.foreign)
        .args(&flags.defines)
        .arg(prefix_map(source))
        .arg("-I")
        .arg(include)
        .arg("-c")
        .arg(source.path)
        .arg("-o")
        .arg(&object);
    let output = cc::run(&mut command, None)?;
    let messages = cc::finish(&command, output, || source.step())?;
    Ok((object, messages))
}

/// An object must not name folders of this machine.
fn prefix_map(source: Source<'_>) -> String {
    format!("-ffile-prefix-map={}={}", source.package.folder.display(), source.package.name)
}

/// The prerequisites in a make rule as C compilers write it.
pub(crate) fn dependencies_in(rule: &str) -> Vec<PathBuf> {
    let (_, list) = rule.split_once(':').unwrap_or_default();
    let mut files = Vec::new();
    let mut word = String::new();
    let mut characters = list.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some('\n')) => {
                characters.next();
                files.push(std::mem::take(&mut word));
            }
            ('\\', Some(next @ (' ' | '#' | '\\'))) => {
                word.push(*next);
                characters.next();
            }
            ('$', Some('$')) => {
                word.push('$');
                characters.next();
            }
            (c, _) if c.is_whitespace() => files.push(std::mem::take(&mut word)),
            (c, _) => word.push(c),
        }
    }
    files.push(word);
    files.into_iter().filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn make_rules_are_read() {
        let cases = [
            ("x: a.c /usr/include/z.h", vec!["a.c", "/usr/include/z.h"]),
            ("x: a.c \\\n b\\ c.h \\\n  d$$.h\n", vec!["a.c", "b c.h", "d$.h"]),
            ("x:", vec![]),
        ];
        for (rule, expected) in cases {
            assert_eq!(dependencies_in(rule), expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{rule}");
        }
    }
}
