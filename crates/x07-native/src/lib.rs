//! The native backends that the toolchain carries: static archives for the platform that it was built for.
//!
//! Cargo cannot give one crate the static library of another on stable Rust, so the build script of this crate runs
//! cargo once more for each backend and keeps of its archive what the C functions need.

use x07_packed::Packed;

/// The major version of the C interface of all backends.
pub const ABI_MAJOR: u32 = 1;

/// A backend, ready to be linked.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// Its id in `native_requires`, such as `x07.math`.
    pub id: &'static str,
    /// The file name of the archive.
    pub archive: &'static str,
    /// The archive.
    pub packed: Packed,
    /// The system libraries to be linked after it.
    pub system_libraries: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The backend of an id.
pub fn find(id: &str) -> Option<&'static Backend> {
    BACKENDS.iter().find(|backend| backend.id == id)
}

/// The digest of everything here.
pub fn identity() -> [u8; 32] {
    IDENTITY
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_backends_are_embedded_and_small() {
        let embedded: Vec<_> = crate::BACKENDS.iter().map(|backend| backend.id).collect();
        assert_eq!(embedded, ["x07.ext.rand", "x07.ext.stdio", "x07.math"]);
        let bytes: usize = crate::BACKENDS.iter().map(|backend| backend.packed.unpack().len()).sum();
        assert!(bytes < 1 << 20, "{bytes} bytes");
    }
}
