//! The C runtime of X07 programs, embedded.
//!
//! The sources travel in the toolchain, and so do their objects for the machine that the toolchain was built for, so
//! that nobody waits for a C compiler to compile them again.

use std::ops::Range;

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
    pub archive: &'static [u8],
    /// The source of each object and where in the archive it lies.
    members: &'static [(&'static str, Range<usize>)],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a header or source file.
pub fn file(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The runtime compiled for a code model.
pub fn prebuilt(variant: Variant) -> &'static Prebuilt {
    match variant {
        Variant::Executable => &EXECUTABLE,
        Variant::Pic => &PIC,
    }
}

impl Prebuilt {
    /// The relocatable object that was made of a source, a name of `SOURCES`.
    pub fn object(&self, source: &str) -> Option<&'static [u8]> {
        let (_, range) = self.members.iter().find(|(known, _)| *known == source)?;
        self.archive.get(range.clone())
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
            let archive = prebuilt(variant).archive;
            assert!(archive.starts_with(b"!<arch>\n"));
            let magic = |source: &&str| prebuilt(variant).object(source).and_then(|object| object.first_chunk::<4>());
            let first = magic(&SOURCES[0]);
            assert!(first.is_some() && SOURCES.iter().all(|source| magic(source) == first), "{variant:?}");
        }
        assert!(prebuilt(Variant::Pic).object("nothing.c").is_none());
    }
}
