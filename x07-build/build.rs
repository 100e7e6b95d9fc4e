//! Embeds the libraries of the toolchain: for each folder of `stdlib/`, every `*.x07.json` below the `modules` of its newest
//! version is a built-in module.

#[path = "../stdlib/list.rs"]
mod list;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

use list::{folders, modules, newest};

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
