//! Embeds the runtime's sources and compiles them for the target of this build.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::{env, fs};

use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};
use object::read::archive::ArchiveFile;
use x07_packed::pack;

#[path = "src/list.rs"]
#[allow(dead_code, unreachable_pub, reason = "the script needs only part of the list, and exports nothing")]
mod list;
#[path = "src/time_zones.rs"]
#[allow(unreachable_pub, reason = "the script exports nothing")]
mod time_zones;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let public = here.join("../x07c/include");
    let target = env::var("TARGET")?;

    fs::write(out.join(list::TIME_ZONES), time_zones::c_text())?;

    let mut hasher = blake3::Hasher::new();
    let (mut headers, mut sources) = (String::new(), String::new());
    for name in list::HEADERS.iter().chain(list::SOURCES) {
        let path = find(&here, &public, &out, name).ok_or_else(|| format!("runtime file {name} is missing"))?;
        println!("cargo::rerun-if-changed={}", path.display());
        let content = fs::read(&path)?;
        absorb(&mut hasher, name.as_bytes());
        absorb(&mut hasher, &content);
        if list::HEADERS.contains(name) {
            writeln!(headers, "    ({name:?}, include_str!({path:?})),")?;
        } else {
            writeln!(sources, "    ({name:?}, {}),", pack(&content, &out.join(format!("{name}.packed")))?)?;
        }
    }
    let mut text = format!(
        "static HEADER_TEXTS: &[(&str, &str)] = &[\n{headers}];\n\n\
         static SOURCE_TEXTS: &[(&str, x07_packed::Packed)] = &[\n{sources}];\n\n"
    );
    for flag in list::FLAGS.iter().chain(list::PIC_FLAGS) {
        absorb(&mut hasher, flag.as_bytes());
    }

    for (name, flags) in [("EXECUTABLE", ["-fPIE"].as_slice()), ("PIC", list::PIC_FLAGS)] {
        let dir = out.join(name);
        fs::create_dir_all(&dir)?;
        let objects = build(&here, &public, &out, &dir, flags).try_compile_intermediates()?;
        let archive = archive(&objects)?;
        absorb(&mut hasher, &archive);
        let packed = pack(&archive, &dir.join("runtime.a.packed"))?;
        writeln!(text, "static {name}: Prebuilt = Prebuilt {{ archive: {packed}, members: &[")?;
        for (source, member) in list::SOURCES.iter().zip(ArchiveFile::parse(&*archive)?.members()) {
            let member = member?;
            let ((start, size), digest) = (member.file_range(), blake3::hash(member.data(&*archive)?));
            let (end, digest) = (start + size, digest.as_bytes());
            writeln!(text, "    Member {{ source: {source:?}, digest: {digest:?}, range: {start}..{end} }},")?;
        }
        text.push_str("] };\n\n");
    }

    let compiler = compiler_version(&build(&here, &public, &out, &out, &[]))?;
    absorb(&mut hasher, compiler.as_bytes());
    absorb(&mut hasher, target.as_bytes());
    writeln!(
        text,
        "/// The compiler that made what is prebuilt.\npub const PREBUILT_COMPILER: &str = {compiler:?};\n"
    )?;
    writeln!(text, "/// The target triple of what is prebuilt.\npub const PREBUILT_TARGET: &str = {target:?};\n")?;
    writeln!(text, "const IDENTITY: [u8; 32] = {:?};", hasher.finalize().as_bytes())?;
    fs::write(out.join("embedded.rs"), text)?;
    println!("cargo::rerun-if-changed=src/list.rs");
    Ok(())
}

/// A file of the runtime: written by hand, or by this script.
fn find(here: &Path, public: &Path, out: &Path, name: &str) -> Option<PathBuf> {
    [public, &here.join("c"), out].into_iter().map(|folder| folder.join(name)).find(|path| path.exists())
}

/// Length first, so that no two sequences of parts hash alike.
fn absorb(hasher: &mut blake3::Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

fn build(here: &Path, public: &Path, sources: &Path, out: &Path, flags: &[&str]) -> cc::Build {
    let mut build = cc::Build::new();
    build
        .out_dir(out)
        .include(here.join("c"))
        .include(public)
        .files(list::SOURCES.iter().filter_map(|name| find(here, public, sources, name)))
        .opt_level(2)
        .debug(false)
        .pic(false)
        .warnings(true)
        .extra_warnings(true);
    for flag in list::FLAGS.iter().chain(flags) {
        build.flag(flag);
    }
    build
}

/// A static library of the objects, `SOURCES` in order.
fn archive(objects: &[PathBuf]) -> Result<Vec<u8>, Box<dyn Error>> {
    let texts = objects.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let members: Vec<NewArchiveMember<'_>> = list::SOURCES
        .iter()
        .zip(&texts)
        .map(|(source, text)| NewArchiveMember::new(text, &DEFAULT_OBJECT_READER, source.replace(".c", ".o")))
        .collect();
    let kind = if env::var("CARGO_CFG_TARGET_VENDOR")? == "apple" { ArchiveKind::Darwin } else { ArchiveKind::Gnu };
    let mut written = Cursor::new(Vec::new());
    write_archive_to_stream(&mut written, &members, kind, false, None)?;
    Ok(written.into_inner())
}

fn compiler_version(build: &cc::Build) -> Result<String, Box<dyn Error>> {
    let output = build.try_get_compiler()?.to_command().arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
