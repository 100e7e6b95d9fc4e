//! Prints the checksum of standard input, computed by the X07 program in `x07/`.

use std::io::{self, Read};
use std::slice;

/// `ev_bytes_v2_t` of `x07_abi_v2.h`.
#[repr(C)]
struct Bytes {
    ptr: *const u8,
    len: u32,
}

unsafe extern "C" {
    fn x07_solve_v2(arena: *mut u8, arena_cap: u32, input: *const u8, input_len: u32) -> Bytes;
}

/// Bytes that the X07 program may allocate.
const ARENA: usize = 1 << 20;

fn checksum(input: &[u8]) -> Vec<u8> {
    let mut arena = vec![0u128; ARENA / 16];
    let input_len = u32::try_from(input.len()).expect("an input below 4 GiB");
    // SAFETY: the arena and the input are valid for their lengths during the call, and the arena is aligned to 16;
    // the result lies in the arena, which lives until the copy is made.
    unsafe {
        let result = x07_solve_v2(
            arena.as_mut_ptr().cast(),
            ARENA as u32,
            input.as_ptr(),
            input_len,
        );
        slice::from_raw_parts(result.ptr, result.len as usize).to_vec()
    }
}

fn main() -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    println!("{}", String::from_utf8_lossy(&checksum(&input)));
    Ok(())
}
