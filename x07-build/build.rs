//! Embeds the libraries of the toolchain: for each folder of `stdlib/`, every `*.x07.json` below the `modules` of its newest
//! version is a built-in module.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let libraries = manifest.join("../stdlib");
    println!("cargo::rerun-if-changed={}", libraries.display());
    println!("cargo::rustc-env=X07_HOST={}", env::var("TARGET").unwrap_or_default());

    let mut table = String::from("pub(crate) static LIBRARIES: &[(&str, &[(&str, &str)])] = &[\n");
    let mut hasher = blake3::Hasher::new();
    for library in folders(&libraries)? {
        let Some(version) = newest(&library)? else { continue };
        let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(table, "    ({name:?}, &[").map_err(io::Error::other)?;
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        for (id, file) in modules(&version.join("modules"))? {
            println!("cargo::rerun-if-changed={}", file.display());
            hasher.update(&(id.len() as u64).to_le_bytes()).update(id.as_bytes());
            let text = fs::read(&file)?;
            hasher.update(&(text.len() as u64).to_le_bytes()).update(&text);
            writeln!(table, "        ({id:?}, include_str!({:?})),", file.display().to_string())
                .map_err(io::Error::other)?;
        }
        table.push_str("    ]),\n");
    }
    table.push_str("];\n");
    writeln!(table, "pub(crate) const DIGEST: &str = {:?};", hasher.finalize().to_hex().as_str())
        .map_err(io::Error::other)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("stdlib.rs");
    fs::write(out, table)
}

/// The folders in a folder, sorted by name.
fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The folder of the highest version; versions compare number by number.
fn newest(versions: &Path) -> io::Result<Option<PathBuf>> {
    let mut found = Vec::new();
    for path in folders(versions)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbers: Vec<u64> = name.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        if path.join("modules").is_dir() {
            found.push((numbers, path));
        }
    }
    found.sort();
    Ok(found.pop().map(|(_, path)| path))
}

/// The modules below a root, sorted by id.
fn modules(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let root = root.canonicalize()?;
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let mut modules: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap_or(&file);
        let id = relative.to_string_lossy().replace(['/', '\\'], ".");
        modules.push((id.trim_end_matches(".x07.json").to_owned(), file));
    }
    modules.sort();
    Ok(modules)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.to_string_lossy().ends_with(".x07.json") {
            files.push(path);
        }
    }
    Ok(())
}
