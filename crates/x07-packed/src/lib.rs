//! Contents that the toolchain carries compressed, because a command that starts reads most of its executable from the
//! disk: build scripts pack, and whoever needs a content unpacks it.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// A compressed content of the executable.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    /// The BLAKE3 of the content, so that who has it already need not unpack it.
    pub digest: [u8; 32],
    /// Bytes of the content.
    pub size: usize,
    /// The content as a raw DEFLATE stream.
    pub deflated: &'static [u8],
}

impl Packed {
    /// The content.
    ///
    /// # Panics
    ///
    /// When the executable itself is damaged.
    pub fn unpack(&self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.size);
        let end = DeflateDecoder::new(self.deflated).read_to_end(&mut content);
        assert!(end.is_ok() && content.len() == self.size, "a part of this executable is damaged");
        content
    }
}

/// For build scripts: writes the compressed content to `path` and returns the Rust expression of type `Packed` for it.
pub fn pack(content: &[u8], path: &Path) -> io::Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    std::fs::write(path, encoder.finish()?)?;
    let (digest, size) = (blake3::hash(content), content.len());
    let mut expression = String::new();
    write!(
        expression,
        "x07_packed::Packed {{ digest: {:?}, size: {size}, deflated: include_bytes!({:?}) }}",
        digest.as_bytes(),
        path.display().to_string()
    )
    .map_err(io::Error::other)?;
    Ok(expression)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failure of the test itself")]
mod tests {
    use proptest::prelude::*;

    use super::{Packed, pack};

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(content in prop::collection::vec(any::<u8>(), 0..5000), times in 1usize..20) {
            let content = content.repeat(times);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("packed");
            let expression = pack(&content, &path).unwrap();
            let deflated: &'static [u8] = std::fs::read(&path).unwrap().leak();
            let (digest, size) = (*blake3::hash(&content).as_bytes(), content.len());
            let described = expression.contains(&format!("{digest:?}, size: {size},"));
            prop_assert!(described, "{}", expression);
            prop_assert_eq!(Packed { digest, size, deflated }.unpack(), content);
        }
    }
}
