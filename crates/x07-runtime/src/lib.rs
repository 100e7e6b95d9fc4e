//! The C runtime of X07 programs, embedded.
//!
//! The sources travel in the toolchain, and so do their objects for the machine that the toolchain was built for, so
//! that nobody waits for a C compiler to compile them again. All but the headers, which every build looks at, is packed.

use std::borrow::Cow;
use std::ops::Range;

use x07_packed::Packed;

mod list;

pub use list::{DEBUG_BORROW_FLAG, EMBED, FLAGS, HEADERS, MAIN, PIC_FLAGS, SOURCES, TIME_ZONES};

/// Code model of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// For executables: position independent, thread-local state at a fixed offset.
    Executable,
    /// For anything that may end up in a shared object.
    Pic,
}

/// The runtime compiled for one code model: release configuration, for `PREBUILT_TARGET`.
#[derive(Debug)]
pub struct Prebuilt {
    /// A static library of all objects, of which a linker takes what a program needs.
    pub archive: Packed,
    members: &'static [Member],
}

/// A relocatable object of a prebuilt archive.
#[derive(Debug)]
pub struct Member {
    /// The source that it was made of, a name of `SOURCES`.
    pub source: &'static str,
    /// The BLAKE3 of the object.
    pub digest: [u8; 32],
    range: Range<usize>,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a header or source file.
pub fn file(name: &str) -> Option<Cow<'static, str>> {
    let source = || {
        let (_, packed) = SOURCE_TEXTS.iter().find(|(known, _)| *known == name)?;
        String::from_utf8(packed.unpack()).ok().map(Cow::Owned)
    };
    header(name).map(Cow::Borrowed).or_else(source)
}

/// The text of a header.
pub fn header(name: &str) -> Option<&'static str> {
    HEADER_TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The runtime compiled for a code model.
pub fn prebuilt(variant: Variant) -> &'static Prebuilt {
    match variant {
        Variant::Executable => &EXECUTABLE,
        Variant::Pic => &PIC,
    }
}

impl Prebuilt {
    /// The object that was made of a source, a name of `SOURCES`.
    pub fn member(&self, source: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.source == source)
    }
}

impl Member {
    /// The object, from its archive unpacked.
    pub fn object<'a>(&self, archive: &'a [u8]) -> &'a [u8] {
        archive.get(self.range.clone()).unwrap_or_default()
    }
}

/// The digest of everything here: files, flags, objects and the compiler that made them.
pub fn identity() -> [u8; 32] {
    IDENTITY
}

#[cfg(test)]
mod tests {
    use super::{SOURCES, Variant, prebuilt};

    #[test]
    fn every_source_has_its_object_in_the_archive() {
        for variant in [Variant::Executable, Variant::Pic] {
            let archive = prebuilt(variant).archive.unpack();
            assert!(archive.starts_with(b"!<arch>\n"));
            let object = |source: &str| prebuilt(variant).member(source).map(|member| member.object(&archive));
            let magic = |source: &&str| object(source).and_then(|object| object.first_chunk::<4>());
            let first = magic(&SOURCES[0]);
            assert!(first.is_some() && SOURCES.iter().all(|source| magic(source) == first), "{variant:?}");
        }
        assert!(prebuilt(Variant::Pic).member("nothing.c").is_none());
    }
}
