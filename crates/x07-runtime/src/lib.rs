//! The C runtime of X07 programs, embedded.
//!
//! The sources travel in the toolchain, and so do their objects for the machine that the toolchain was built for, so
//! that nobody waits for a C compiler to compile them again.

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

/// A runtime file that is compiled already: release configuration, for `PREBUILT_TARGET`.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// The source it was made of, a name of `SOURCES`.
    pub source: &'static str,
    /// Its code model.
    pub variant: Variant,
    /// A relocatable object file.
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a header or source file.
pub fn file(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The objects to link into an executable, or into a library.
pub fn objects(variant: Variant, library: bool) -> impl Iterator<Item = &'static Object> {
    let other_entry = if library { MAIN } else { EMBED };
    PREBUILT.iter().filter(move |object| object.variant == variant && object.source != other_entry)
}

/// The digest of everything here: files, flags, objects and the compiler that made them.
pub fn identity() -> [u8; 32] {
    IDENTITY
}
