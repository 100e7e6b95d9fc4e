//! Builds the backends for the target of this build and embeds them.

#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use x07_packed::pack;

mod archive;
mod cargo;
mod list;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let target = env::var("TARGET")?;
    let workspace = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    for input in ["Cargo.toml", "Cargo.lock", "crates/x07-native-support", "crates/x07-native/build"] {
        println!("cargo::rerun-if-changed={}", workspace.join(input).display());
    }

    let mut hasher = blake3::Hasher::new();
    let mut text = String::from("/// All backends, by id.\npub static BACKENDS: &[Backend] = &[\n");
    for listed in list::LISTED {
        println!("cargo::rerun-if-changed={}", workspace.join("crates").join(listed.package).display());
        let built = cargo::static_library(&workspace, listed.package, &target, &out)?;
        let bytes = archive::reduced(&fs::read(built)?, &format!("{}-", listed.package.replace('-', "_")))?;
        let packed = pack(&bytes, &out.join(format!("{}.packed", listed.archive)))?;
        for part in [listed.id.as_bytes(), listed.archive.as_bytes(), &bytes] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let list::Listed { id, archive, system_libraries, .. } = listed;
        writeln!(
            text,
            "    Backend {{ id: {id:?}, archive: {archive:?}, system_libraries: &{system_libraries:?}, \
             packed: {packed} }},"
        )?;
    }
    text.push_str("];\n\n");
    writeln!(text, "/// The target triple of `BACKENDS`.\npub const TARGET: &str = {target:?};\n")?;
    writeln!(text, "const IDENTITY: [u8; 32] = {:?};", hasher.finalize().as_bytes())?;
    fs::write(out.join("embedded.rs"), text)?;
    Ok(())
}
