//! `.x07pkg`: a package as one uncompressed GNU tar, whose bytes are a function of the package's files.

mod pack;
mod unpack;

pub use pack::{Packed, pack};
pub(crate) use pack::{check_for_publishing, pack_files};
pub(crate) use unpack::unpack;

/// The largest archive that anybody accepts.
pub const MAX_ARCHIVE_BYTES: usize = 64 << 20;

/// The most files that an archive may hold.
pub const MAX_ENTRIES: usize = 20_000;

/// The largest file in an archive.
pub const MAX_FILE_BYTES: u64 = 32 << 20;

#[cfg(test)]
mod tests;
