//! The layouts of `ev_bytes`, `ev_result_bytes` and `ev_result_i32` (`x07_abi_v2.h`).

use core::slice;

/// A buffer of the program: lent when it is an argument, given away when it is a result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    ptr: *mut u8,
    len: u32,
}

impl Bytes {
    /// Describes a buffer that the program owns.
    pub const fn new(ptr: *mut u8, len: u32) -> Self {
        Bytes { ptr, len }
    }

    /// A new buffer of the program with these contents. Traps when the program's memory is used up.
    pub fn copied_from(contents: &[u8]) -> Self {
        let buffer = crate::allocate(contents.len() as u32);
        // SAFETY: the program gave exactly that many bytes, and nobody else has them yet.
        unsafe { buffer.ptr.copy_from_nonoverlapping(contents.as_ptr(), contents.len()) };
        buffer
    }

    /// The contents.
    ///
    /// # Safety
    /// Only for an argument of the running call, or a buffer that this call allocated: `'a` ends with the call.
    pub unsafe fn as_slice<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the program lends `len` bytes for the time of the call.
        unsafe { slice::from_raw_parts(self.ptr, self.len as usize) }
    }

    /// The contents of a buffer that this call allocated, to be filled.
    ///
    /// # Safety
    /// Only for a result of `allocate` that has not been given away, through one reference at a time.
    pub unsafe fn as_mut_slice<'a>(self) -> &'a mut [u8] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts_mut(self.ptr, self.len as usize) }
    }
}

const ERR: u32 = 0;
const OK: u32 = 1;

/// A buffer or an error code.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ResultBytes {
    tag: u32,
    payload: BytesPayload,
}

#[repr(C)]
#[derive(Clone, Copy)]
union BytesPayload {
    ok: Bytes,
    err: u32,
}

impl From<Result<Bytes, u32>> for ResultBytes {
    fn from(result: Result<Bytes, u32>) -> Self {
        match result {
            Ok(ok) => ResultBytes { tag: OK, payload: BytesPayload { ok } },
            Err(err) => ResultBytes { tag: ERR, payload: BytesPayload { err } },
        }
    }
}

impl From<ResultBytes> for Result<Bytes, u32> {
    fn from(result: ResultBytes) -> Self {
        // SAFETY: the tag says which member was written.
        unsafe { if result.tag == OK { Ok(result.payload.ok) } else { Err(result.payload.err) } }
    }
}

/// A number or an error code.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultI32 {
    tag: u32,
    payload: u32,
}

impl From<Result<i32, u32>> for ResultI32 {
    fn from(result: Result<i32, u32>) -> Self {
        match result {
            Ok(ok) => ResultI32 { tag: OK, payload: ok as u32 },
            Err(err) => ResultI32 { tag: ERR, payload: err },
        }
    }
}

impl From<ResultI32> for Result<i32, u32> {
    fn from(result: ResultI32) -> Self {
        if result.tag == OK { Ok(result.payload as i32) } else { Err(result.payload) }
    }
}
