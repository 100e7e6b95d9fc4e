//! The C runtime's part in a build: headers for the units, objects for the link, the program's configuration.

use std::cell::OnceCell;
use std::path::PathBuf;

use x07_pkg::World;
use x07_runtime::{HEADERS, SOURCES, Variant};

use crate::context::Place;
use crate::digest::{Digest, KeyBuilder};
use crate::files::write_if_changed;
use crate::outcome::Failure;
use crate::request::{Abi, Emit, Request};
use crate::store::Store;

/// The digest of everything in the runtime.
pub(crate) fn identity() -> Digest {
    Digest(x07_runtime::identity())
}

/// The digest of the headers that units read.
pub(crate) fn header_digest() -> Digest {
    let mut key = KeyBuilder::new("runtime headers");
    for name in HEADERS {
        key.text(name).text(x07_runtime::header(name).unwrap_or_default());
    }
    key.finish()
}

/// The folder with the headers, unpacked into the store.
pub(crate) fn include_folder(store: &Store) -> Result<PathBuf, Failure> {
    let folder = store.room("include").join(&header_digest().to_hex()[..16]);
    for name in HEADERS {
        write_if_changed(&folder.join(name), x07_runtime::header(name).unwrap_or_default().as_bytes())?;
    }
    Ok(folder)
}

/// The runtime's sources that a build links.
pub(crate) fn sources(emit: Emit) -> impl Iterator<Item = &'static str> {
    let other_entry = if emit == Emit::StaticLib { x07_runtime::MAIN } else { x07_runtime::EMBED };
    SOURCES.iter().copied().filter(move |name| *name != other_entry)
}

/// What of the runtime a link takes: objects, and for an executable an archive of the rest.
pub(crate) struct Inputs {
    pub(crate) objects: Vec<PathBuf>,
    /// To be linked after everything that may call into it. One file is placed and opened faster than thirty.
    pub(crate) archive: Option<PathBuf>,
}

/// The runtime that comes with the toolchain, put into the store. An executable's `main` is an object, so that no
/// library can bring another.
pub(crate) fn prebuilt(emit: Emit, store: &Store) -> Result<Inputs, Failure> {
    let variant = if emit == Emit::StaticLib { Variant::Pic } else { Variant::Executable };
    let prebuilt = x07_runtime::prebuilt(variant);
    let unpacked = OnceCell::new();
    let unpack = || unpacked.get_or_init(|| prebuilt.archive.unpack()).as_slice();
    let archive = (emit == Emit::Exe).then(|| store.supply(&Digest(prebuilt.archive.digest), unpack)).transpose()?;
    let is_alone = |source: &&str| archive.is_none() || *source == x07_runtime::MAIN;
    let objects = sources(emit)
        .filter(is_alone)
        .filter_map(|source| prebuilt.member(source))
        .map(|member| store.supply(&Digest(member.digest), || member.object(unpack())));
    Ok(Inputs { objects: objects.collect::<Result<_, _>>()?, archive })
}

/// The C text that configures a program; it ends the entry's unit.
pub(crate) fn program_config(request: &Request, place: &Place, world: World) -> String {
    let abi = match (request.emit, request.abi) {
        (Emit::StaticLib, _) | (_, Abi::Raw) => "X07_ABI_RAW",
        (_, Abi::Framed) => "X07_ABI_FRAMED",
        (_, Abi::Argv) => "X07_ABI_ARGV",
        (_, Abi::Attached) => "X07_ABI_ATTACHED",
    };
    // Only `argv_v1` tells the program its name; without it one text serves every output.
    let name = if request.abi == Abi::Argv { place.name.as_str() } else { "" };
    // The counter is signed and a program cannot use up even half of its range.
    let fuel = request.fuel.unwrap_or(u64::MAX).min(i64::MAX as u64);
    format!(
        "\nconst x07_program x07_program_config = {{\n  .fuel = {fuel}ull,\n  .memory_cap = {}ull,\n  .max_output = {}ull,\n  \
         .name = {},\n  .abi = {abi},\n  .cpu_seconds = {}u,\n  .record_assertions = {}u,\n  .sandboxed = {},\n  .policy = {},\n{}}};\n",
        request.memory_cap,
        request.max_output.unwrap_or(0),
        c_string(name),
        request.cpu_seconds.unwrap_or(0),
        u32::from(request.record_assertions),
        u32::from(world == World::RunOsSandboxed),
        policy_text(request),
        confinement_text(request),
    )
}

/// The variables of the policy, each ended by NUL; the literal's own NUL is the empty item at the end.
fn policy_text(request: &Request) -> String {
    let Some(variables) = &request.embedded_policy else {
        return "0".to_owned();
    };
    let items: String = variables.iter().map(|(name, value)| format!("{name}={value}\0")).collect();
    c_string(&items)
}

/// How the program confines itself, if it is to.
fn confinement_text(request: &Request) -> String {
    let Some(rules) = &request.confinement else {
        return String::new();
    };
    format!("  .confine = x07_os_confine,\n  .rules = {},\n  .rules_len = {}u,\n", c_bytes(rules), rules.len())
}

/// A C string literal of any text.
fn c_string(text: &str) -> String {
    c_bytes(text.as_bytes())
}

/// A C string literal of any bytes.
fn c_bytes(bytes: &[u8]) -> String {
    let mut literal = String::from("\"");
    for byte in bytes.iter().copied() {
        match byte {
            // Three octal digits always, so that a following digit cannot join; `?` could begin a trigraph.
            b'"' | b'\\' | b'?' | 0..=31 | 127.. => literal.push_str(&format!("\\{byte:03o}")),
            _ => literal.push(byte as char),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::c_string;

    #[test]
    fn any_text_is_a_c_string() {
        let cases = [("app", r#""app""#), ("a\"b\\", r#""a\042b\134""#), ("naïve\n1", r#""na\303\257ve\0121""#)];
        for (text, expected) in cases {
            assert_eq!(c_string(text), expected);
        }
    }
}
