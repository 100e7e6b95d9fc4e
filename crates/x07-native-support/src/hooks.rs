//! What the program around a backend provides.

use crate::Bytes;

#[cfg(x07_backend)]
mod program {
    use crate::Bytes;

    unsafe extern "C" {
        fn ev_bytes_alloc(len: u32) -> Bytes;
        fn ev_trap(code: i32) -> !;
        fn x07_rt_note_stderr_v1(data: *const u8, len: u32);
    }

    pub(super) fn allocate(len: u32) -> Bytes {
        // SAFETY: the hook takes any length.
        unsafe { ev_bytes_alloc(len) }
    }

    pub(super) fn trap(code: i32) -> ! {
        // SAFETY: the hook takes any code.
        unsafe { ev_trap(code) }
    }

    pub(super) fn note_stderr(written: &[u8]) {
        // SAFETY: the hook reads the bytes during the call alone.
        unsafe { x07_rt_note_stderr_v1(written.as_ptr(), written.len() as u32) }
    }
}

/// The stand-ins of tests: buffers are leaked, a trap is a panic that tells the code.
#[cfg(not(x07_backend))]
mod program {
    use crate::Bytes;

    pub(super) fn allocate(len: u32) -> Bytes {
        Bytes::new(vec![0_u8; len as usize].leak().as_mut_ptr(), len)
    }

    pub(super) fn trap(code: i32) -> ! {
        panic!("trap {code}")
    }

    pub(super) fn note_stderr(_: &[u8]) {}
}

/// A buffer on the program's heap, zeroed. Traps when it does not fit.
pub fn allocate(len: u32) -> Bytes {
    program::allocate(len)
}

/// Ends the program with a code of the backend (spec native-packages 1.1).
pub fn trap(code: i32) -> ! {
    program::trap(code)
}

/// Tells the program what has been written to standard error, so that its own messages start on a line of their own.
pub fn note_stderr(written: &[u8]) {
    program::note_stderr(written);
}
