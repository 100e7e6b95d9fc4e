//! `StdioCapsV1`: the limits that a program sets for one call.

pub(crate) const ERR_BAD_CAPS: u32 = 60104;

/// The most that one call reads or writes; caps can only lower it.
const MAX_BYTES: u32 = 16 << 20;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Caps {
    pub(crate) max_read: usize,
    pub(crate) max_write: usize,
}

impl Caps {
    pub(crate) fn read(caps: &[u8]) -> Result<Caps, u32> {
        let caps: &[u8; 16] = caps.try_into().map_err(|_| ERR_BAD_CAPS)?;
        let [version, max_read, max_write, flags] =
            [0, 4, 8, 12].map(|at| u32::from_le_bytes([caps[at], caps[at + 1], caps[at + 2], caps[at + 3]]));
        if version != 1 || flags != 0 {
            return Err(ERR_BAD_CAPS);
        }
        let effective = |max: u32| if max == 0 { MAX_BYTES } else { max.min(MAX_BYTES) } as usize;
        Ok(Caps { max_read: effective(max_read), max_write: effective(max_write) })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn caps_are_exact_and_clamped() {
        let full = MAX_BYTES as usize;
        let cases = [
            ([1, 0, 0, 0], Ok((full, full))),
            ([1, 3, u32::MAX, 0], Ok((3, full))),
            ([2, 1, 1, 0], Err(ERR_BAD_CAPS)),
            ([1, 1, 1, 1], Err(ERR_BAD_CAPS)),
        ];
        for (words, expected) in cases {
            let bytes: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
            let expected = expected.map(|(max_read, max_write)| Caps { max_read, max_write });
            assert_eq!(Caps::read(&bytes), expected, "{words:?}");
            assert_eq!(Caps::read(&bytes[..15]), Err(ERR_BAD_CAPS), "a byte too few");
        }
    }
}
