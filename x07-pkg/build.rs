//! Embeds the official packages: every `packages/ext/FOLDER/VERSION` with a manifest, as its files are. And the names of the
//! built-in modules, which no package can replace.

#[path = "../stdlib/list.rs"]
mod list;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const MANIFEST: &str = "x07-package.json";

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let packages = manifest.join("../packages");
    println!("cargo::rerun-if-changed={}", packages.display());
    let mut table = String::from("pub(crate) static PACKAGES: &[&[(&str, &[u8])]] = &[\n");
    for folder in
        folders(&packages.join("ext"))?.iter().map(|folder| folders(folder)).collect::<io::Result<Vec<_>>>()?.concat()
    {
        if !folder.join(MANIFEST).is_file() {
            continue;
        }
        let folder = folder.canonicalize()?;
        let mut files = vec![folder.join(MANIFEST)];
        for part in ["modules", "ffi"] {
            collect(&folder.join(part), &mut files)?;
        }
        files.sort();
        table.push_str("    &[\n");
        for file in files {
            let relative = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            writeln!(table, "        ({relative:?}, include_bytes!({:?})),", file.display().to_string())
                .map_err(io::Error::other)?;
        }
        table.push_str("    ],\n");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("official.rs"), table)?;
    fs::write(out.join("builtin.rs"), builtin(&manifest.join("../stdlib/std"))?)
}

/// The table of the modules of a library, sorted.
fn builtin(library: &Path) -> io::Result<String> {
    let modules = match list::newest(library)? {
        Some(version) => list::modules(&version.join("modules"))?,
        None => Vec::new(),
    };
    let ids: Vec<String> = modules.into_iter().map(|(id, _)| id).collect();
    Ok(format!("static BUILTIN: &[&str] = &{ids:?};\n"))
}

/// The folders in a folder, sorted; none when it is not there.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if folder.is_dir() { list::folders(folder) } else { Ok(Vec::new()) }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
