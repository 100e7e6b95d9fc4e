//! Embeds the tests of the standard library, which examples are taken from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let versions = manifest.join("../../stdlib/std").canonicalize()?;
    println!("cargo::rerun-if-changed={}", versions.display());
    let mut files = Vec::new();
    for version in entries(&versions)? {
        let tests = version.join("tests");
        println!("cargo::rerun-if-changed={}", tests.display());
        let sources = entries(&tests).unwrap_or_default();
        files.extend(sources.into_iter().filter(|path| path.to_string_lossy().ends_with(".x07.json")));
    }
    let mut table = String::from("pub(crate) static TESTS: &[&str] = &[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        writeln!(table, "    include_str!({:?}),", file.display().to_string()).map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("tests.rs"), table)
}

/// What a folder holds, sorted.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
