//! The native backend `x07.ext.rand`: random bytes of the operating system (seed rand v1). When the system has none to
//! give, that is an error; there is no generator to fall back on.

#![no_std]
#![allow(unsafe_code, reason = "the C interface of the backend")]

#[cfg(test)]
extern crate std;

use x07_native_support::{Bytes, ResultBytes, allocate};

const TRAP_INTERNAL: i32 = 9700;

const ERR_BAD_CAPS: u32 = 60204;
const ERR_BAD_ARG: u32 = 60205;
const ERR_IO: u32 = 60215;

/// The largest number of bytes of one call; caps can only lower it.
const MAX_BYTES_PER_CALL: u32 = 65536;

x07_native_support::panics_trap!(TRAP_INTERNAL);

/// `RandCapsV1`.
struct Caps {
    max_bytes_per_call: u32,
    flags: u32,
}

impl Caps {
    fn read(caps: &[u8]) -> Result<Caps, u32> {
        let caps: &[u8; 12] = caps.try_into().map_err(|_| ERR_BAD_CAPS)?;
        let [version, max_bytes_per_call, flags] =
            [0, 4, 8].map(|at| u32::from_le_bytes([caps[at], caps[at + 1], caps[at + 2], caps[at + 3]]));
        if version == 1 { Ok(Caps { max_bytes_per_call, flags }) } else { Err(ERR_BAD_CAPS) }
    }

    fn max_bytes(&self) -> u32 {
        match self.max_bytes_per_call {
            0 => MAX_BYTES_PER_CALL,
            max => max.min(MAX_BYTES_PER_CALL),
        }
    }
}

/// The checks in the order that the package defines (spec native-packages 3.2).
fn checked_length(n: i32, caps: &[u8]) -> Result<u32, u32> {
    let caps = Caps::read(caps)?;
    let n = u32::try_from(n).map_err(|_| ERR_BAD_ARG)?;
    if caps.flags != 0 {
        return Err(ERR_BAD_CAPS);
    }
    if n <= caps.max_bytes() { Ok(n) } else { Err(ERR_BAD_ARG) }
}

fn draw(n: i32, caps: Bytes) -> Result<Bytes, u32> {
    // SAFETY: the caps are an argument of the call that is running.
    let n = checked_length(n, unsafe { caps.as_slice() })?;
    let buffer = allocate(n);
    // SAFETY: the buffer is new and nobody else has it.
    getrandom::fill(unsafe { buffer.as_mut_slice() }).map_err(|_| ERR_IO)?;
    Ok(buffer)
}

/// Exactly `n` random bytes.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_rand_bytes_v1(n: i32, caps: Bytes) -> ResultBytes {
    draw(n, caps).into()
}

/// 8 random bytes.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_rand_u64_v1(caps: Bytes) -> ResultBytes {
    draw(8, caps).into()
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn caps(version: u32, max: u32, flags: u32) -> Vec<u8> {
        [version, max, flags].iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn caps_and_lengths_are_checked_in_order() {
        let cases: [(i32, Vec<u8>, Result<u32, u32>); 11] = [
            (8, caps(1, 65536, 0), Ok(8)),
            (0, caps(1, 1, 0), Ok(0)),
            (65536, caps(1, 0, 0), Ok(65536)),
            (65536, caps(1, u32::MAX, 0), Ok(65536)),
            (65537, caps(1, u32::MAX, 0), Err(ERR_BAD_ARG)),
            (9, caps(1, 8, 0), Err(ERR_BAD_ARG)),
            (-1, caps(1, 8, 0), Err(ERR_BAD_ARG)),
            (-1, caps(2, 8, 0), Err(ERR_BAD_CAPS)),
            (-1, caps(1, 8, 1), Err(ERR_BAD_ARG)),
            (1, caps(1, 8, 1), Err(ERR_BAD_CAPS)),
            (1, caps(1, 8, 0)[..11].to_vec(), Err(ERR_BAD_CAPS)),
        ];
        for (n, caps, expected) in cases {
            assert_eq!(checked_length(n, &caps), expected, "{n} of {caps:?}");
        }
    }

    #[test]
    fn draws_have_their_length_and_differ() {
        let draw = |n| {
            let mut caps = caps(1, 0, 0);
            let lent = Bytes::new(caps.as_mut_ptr(), caps.len() as u32);
            let drawn: Result<Bytes, u32> = x07_ext_rand_bytes_v1(n, lent).into();
            // SAFETY: the buffer was allocated by the call.
            unsafe { drawn.unwrap().as_slice() }
        };
        assert_eq!(draw(0), b"");
        assert_eq!(draw(65536).len(), 65536);
        assert_ne!(draw(32), draw(32));
    }
}
