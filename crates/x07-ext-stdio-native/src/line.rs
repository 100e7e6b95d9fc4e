//! Lines out of a stream that comes in pieces.

use x07_native_support::Bytes;

use crate::store::Store;

pub(crate) const ERR_IO: u32 = 60115;
pub(crate) const ERR_TOO_LARGE: u32 = 60116;
pub(crate) const ERR_EOF: u32 = 60121;

/// What has been read from a stream and not yet been asked for.
pub(crate) struct Input<const N: usize> {
    buffer: [u8; N],
    start: usize,
    end: usize,
    /// The stream has ended; it is not asked again, even if it is a terminal that would go on.
    ended: bool,
}

impl<const N: usize> Input<N> {
    pub(crate) const fn new() -> Self {
        Input { buffer: [0; N], start: 0, end: 0, ended: false }
    }

    /// The next line without its end. `read` fills a buffer and says how much there was, 0 at the end.
    ///
    /// A line longer than `max` is passed over, in pieces and without keeping it.
    pub(crate) fn line(
        &mut self,
        max: usize,
        mut read: impl FnMut(&mut [u8]) -> Result<usize, u32>,
    ) -> Result<Bytes, u32> {
        let mut before = Store::new();
        let (mut len, mut started) = (0_usize, false);
        loop {
            if self.start == self.end {
                self.fill(&mut read)?;
            }
            let available = self.buffer.get(self.start..self.end).unwrap_or_default();
            if available.is_empty() {
                return match (started, len > max) {
                    (false, _) => Err(ERR_EOF),
                    (true, true) => Err(ERR_TOO_LARGE),
                    (true, false) => Ok(Bytes::copied_from(before.as_slice())),
                };
            }
            started = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            len = len.saturating_add(piece.len());
            self.start += piece.len() + usize::from(end.is_some());
            let fits = len <= max;
            if end.is_some() {
                return if fits { Ok(joined(&mut before, piece)) } else { Err(ERR_TOO_LARGE) };
            }
            if fits { before.extend(piece) } else { before.clear() }
        }
    }

    fn fill(&mut self, read: &mut impl FnMut(&mut [u8]) -> Result<usize, u32>) -> Result<(), u32> {
        (self.start, self.end) = (0, 0);
        if !self.ended {
            self.end = read(&mut self.buffer)?.min(N);
            self.ended = self.end == 0;
        }
        Ok(())
    }
}

/// A whole line: one CR in front of its LF is not part of it.
fn joined(before: &mut Store, piece: &[u8]) -> Bytes {
    let whole = if before.as_slice().is_empty() {
        piece
    } else {
        before.extend(piece);
        before.as_slice()
    };
    Bytes::copied_from(whole.strip_suffix(b"\r").unwrap_or(whole))
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;

    /// Reads lines of at most `max` bytes out of a stream of pieces until the end has been told twice.
    fn lines(max: usize, pieces: &[&str]) -> String {
        let mut pieces = pieces.iter();
        let mut read = |buffer: &mut [u8]| -> Result<usize, u32> {
            match pieces.next() {
                Some(&"ERROR") => Err(ERR_IO),
                Some(piece) => {
                    buffer[..piece.len()].copy_from_slice(piece.as_bytes());
                    Ok(piece.len())
                }
                None => Ok(0),
            }
        };
        let mut input = Input::<4>::new();
        let mut found = Vec::new();
        while found.iter().filter(|line| *line == "60121").count() < 2 {
            found.push(match input.line(max, &mut read) {
                // SAFETY: the buffer was allocated by the call.
                Ok(line) => format!("{:?}", String::from_utf8_lossy(unsafe { line.as_slice() })),
                Err(code) => format!("{code}"),
            });
        }
        found.join(" ")
    }

    #[test]
    fn a_stream_is_cut_into_lines() {
        let cases: [(usize, &[&str], &str); 14] = [
            (9, &[], "60121 60121"),
            (9, &["a\nb"], r#""a" "b" 60121 60121"#),
            (9, &["a\n", "\n"], r#""a" "" 60121 60121"#),
            (9, &["a\r\n"], r#""a" 60121 60121"#),
            (9, &["a\r", "\n"], r#""a" 60121 60121"#),
            (9, &["a\r\r\n"], r#""a\r" 60121 60121"#),
            (9, &["abcd", "efg\n", "h"], r#""abcdefg" "h" 60121 60121"#),
            (9, &["abc\r"], r#""abc\r" 60121 60121"#),
            (3, &["abcd", "\nxy", "z\n"], r#"60116 "xyz" 60121 60121"#),
            (3, &["abc\r", "\nab\r", "\n"], r#"60116 "ab" 60121 60121"#),
            (3, &["abcd", "ef"], "60116 60121 60121"),
            (3, &["abcd", "ef", "\nx"], r#"60116 "x" 60121 60121"#),
            (0, &["\na\n"], r#""" 60116 60121 60121"#),
            (9, &["ab", "ERROR", "c\n"], r#"60115 "c" 60121 60121"#),
        ];
        for (max, pieces, expected) in cases {
            assert_eq!(lines(max, pieces), expected, "max {max}, {pieces:?}");
        }
    }
}
