//! From a package's folder to the bytes of its archive, and the checks that a registry makes too.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use tar::{Builder, EntryType, Header};
use x07_ast::Expected;

use super::{MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_FILE_BYTES};
use crate::builtin::is_builtin;
use crate::content;
use crate::digest::{Files, sha256};
use crate::name::check_own_name;
use crate::package::{PACKAGE_MANIFEST_NAME, Package};
use crate::problem::{Code, Problem, Result};
use crate::requirement::Requirement;

/// A packed package.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its manifest.
    pub package: Package,
    /// The archive.
    pub bytes: Vec<u8>,
    /// The archive's SHA-256.
    pub sha256: String,
    /// What is in it, in order.
    pub files: Vec<String>,
}

impl Packed {
    /// The paths and contents that whoever gets the archive will have.
    pub fn unpacked(&self) -> Result<Vec<(String, Vec<u8>)>> {
        super::unpack(&self.bytes).map(|(_, files)| files.into_iter().collect())
    }
}

/// Packs the package in `folder` after checking it.
pub fn pack(folder: &Path) -> Result<Packed> {
    let (package, files) = content::read(folder)?;
    check(&package, &files)?;
    let bytes = pack_files(&files)?;
    Ok(Packed { sha256: sha256(&bytes), bytes, files: files.into_keys().collect(), package })
}

/// The archive of some files.
pub(crate) fn pack_files(files: &Files) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        builder
            .append_data(&mut header, path, content.as_slice())
            .map_err(|error| Problem::new(Code::PackFailed, format!("cannot pack {path:?}: {error}")))?;
    }
    builder.into_inner().map_err(|error| Problem::new(Code::PackFailed, format!("cannot pack: {error}")))
}

/// Tells everything that makes a package unfit, at once.
fn check(package: &Package, files: &Files) -> Result<()> {
    let mut wrong = Vec::new();
    if let Err(problem) = check_own_name(&package.name) {
        wrong.push(format!("name {}", problem.message));
    }
    if let Err(problem) = package.semver() {
        wrong.push(problem.message);
    }
    if let Err(problem) = package.requirements() {
        wrong.push(problem.message);
    }
    if package.modules.is_empty() {
        wrong.push("`modules` is empty: nobody could use the package".to_owned());
    }
    let mut seen = BTreeSet::new();
    for module in package.modules.iter().chain(&package.private_modules) {
        if !seen.insert(module) {
            wrong.push(format!("module {module} is listed twice"));
        }
        if is_builtin(module) {
            wrong.push(format!("module {module} is a built-in one, which an import would always mean"));
        }
    }
    if package.is_ffi && !files.keys().any(|path| content::is_c_source(path)) {
        wrong.push("`import_mode` is \"ffi\", but there is no C source in ffi/".to_owned());
    }
    let total: usize = files.values().map(Vec::len).sum();
    if total > MAX_ARCHIVE_BYTES || files.len() > MAX_ENTRIES {
        wrong.push(format!("{} files with {total} bytes are more than a package may have", files.len()));
    }
    for (path, content) in files {
        if content.len() as u64 > MAX_FILE_BYTES {
            wrong.push(format!("{path} is larger than {MAX_FILE_BYTES} bytes"));
        }
    }
    for module in package.all_modules() {
        if let Some(text) = files.get(&package.module_file(module)) {
            wrong.extend(module_mistakes(package, module, text));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let what = format!("package {} cannot be packed:\n  {}", package.id(), wrong.join("\n  "));
    Err(Problem::new(Code::PackFailed, what))
}

fn module_mistakes(package: &Package, module: &str, text: &[u8]) -> Vec<String> {
    let file = package.module_file(module);
    let mut wrong: Vec<String> = x07_ast::parse(text, Expected::Module(module))
        .diagnostics
        .iter()
        .filter(|finding| finding.is_error())
        .map(|finding| format!("{file}: {}", finding.message))
        .collect();
    let own: BTreeSet<&str> = package.all_modules().collect();
    for import in imports(text).iter().filter(|import| !own.contains(import.as_str())) {
        // A module of the same family that is not listed was forgotten: it would be missing in the archive.
        let family = own.iter().any(|own| import.strip_prefix(own).is_some_and(|rest| rest.starts_with('.')));
        if family {
            wrong.push(format!("{file} imports {import}, which is not in `modules` or `private_modules`"));
        }
    }
    wrong
}

/// The ids that a module imports.
fn imports(text: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Imports {
        #[serde(default)]
        imports: Vec<String>,
    }
    serde_json::from_slice::<Imports>(text).map(|module| module.imports).unwrap_or_default()
}

/// What a registry demands of a manifest beyond what packing does.
pub(crate) fn check_for_publishing(packed: &Packed) -> Result<()> {
    let package = &packed.package;
    let mut wrong = Vec::new();
    for (field, text) in [("description", &package.description), ("docs", &package.docs), ("license", &package.license)]
    {
        if text.trim().is_empty() {
            wrong.push(format!("`{field}` is missing in {PACKAGE_MANIFEST_NAME}"));
        }
    }
    match &package.x07c_compat {
        None => wrong.push(format!(
            "`meta.x07c_compat` is missing in {PACKAGE_MANIFEST_NAME}: the versions of x07 that it works with, such as \
             \">=0.1.0 <0.2.0\""
        )),
        Some(text) => wrong.extend(Requirement::parse(text).err().map(|why| {
            format!("`meta.x07c_compat` {text:?} in {PACKAGE_MANIFEST_NAME} is no requirement: {}", why.message)
        })),
    }
    for (name, _) in package.requirements()? {
        if name == package.name {
            wrong.push(format!("`meta.requires_packages` in {PACKAGE_MANIFEST_NAME} names the package itself"));
        }
    }
    if packed.bytes.len() > MAX_ARCHIVE_BYTES {
        wrong.push(format!("the archive has {} bytes; registries take {MAX_ARCHIVE_BYTES}", packed.bytes.len()));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let what = format!("package {} cannot be published:\n  {}", package.id(), wrong.join("\n  "));
    Err(Problem::new(Code::PublishFailed, what))
}
