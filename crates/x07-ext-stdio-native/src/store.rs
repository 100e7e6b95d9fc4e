//! Bytes that grow. They live outside of the program's heap, which has no way to give back what a backend took.

use core::slice;

use x07_native_support::trap;

/// A growing buffer on the C heap.
pub(crate) struct Store {
    data: *mut u8,
    len: usize,
    room: usize,
}

impl Store {
    pub(crate) const fn new() -> Self {
        Store { data: core::ptr::null_mut(), len: 0, room: 0 }
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let len = self.len + bytes.len();
        if len > self.room {
            let room = len.max(2 * self.room);
            // SAFETY: `data` is null or came from here.
            let data = unsafe { libc::realloc(self.data.cast(), room) }.cast::<u8>();
            if data.is_null() {
                trap(crate::abi::TRAP_INTERNAL);
            }
            (self.data, self.room) = (data, room);
        }
        if !bytes.is_empty() {
            // SAFETY: there is room for `len` bytes, and what is lent does not lie in this buffer.
            unsafe { self.data.add(self.len).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        self.len = len;
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the first `len` bytes have been written.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: `data` is null or came from `realloc`.
        unsafe { libc::free(self.data.cast()) };
    }
}
