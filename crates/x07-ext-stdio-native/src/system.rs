//! The descriptors 0, 1 and 2.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::line::{ERR_IO, Input};

const STDIN: libc::c_int = 0;

/// Where a write goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout = 1,
    Stderr = 2,
}

type Buffered = Input<65536>;

/// Standard input belongs to the process, and so does what has been read ahead of it.
struct Shared {
    taken: AtomicBool,
    input: UnsafeCell<Buffered>,
}

// SAFETY: `input` is only touched while `taken` is held.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared { taken: AtomicBool::new(false), input: UnsafeCell::new(Input::new()) };

/// Runs with standard input; other threads of a program that has any wait.
pub(crate) fn with_input<T>(run: impl FnOnce(&mut Buffered) -> T) -> T {
    while SHARED.taken.swap(true, Ordering::Acquire) {
        // SAFETY: no arguments.
        unsafe { libc::sched_yield() };
    }
    // SAFETY: `taken` is held.
    let result = run(unsafe { &mut *SHARED.input.get() });
    SHARED.taken.store(false, Ordering::Release);
    result
}

/// Reads what there is of standard input, waiting for at least one byte; 0 at the end.
pub(crate) fn read_stdin(buffer: &mut [u8]) -> Result<usize, u32> {
    loop {
        // SAFETY: the buffer is ours for the time of the call.
        let count = unsafe { libc::read(STDIN, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(count) {
            Ok(count) => return Ok(count),
            Err(_) => wait(STDIN, libc::POLLIN)?,
        }
    }
}

/// Writes all of it.
pub(crate) fn write(output: Output, mut data: &[u8]) -> Result<(), u32> {
    let descriptor = output as libc::c_int;
    while !data.is_empty() {
        // SAFETY: the data is ours for the time of the call.
        let count = unsafe { libc::write(descriptor, data.as_ptr().cast(), data.len()) };
        match usize::try_from(count) {
            Ok(0) => return Err(ERR_IO),
            Ok(count) => data = data.get(count..).unwrap_or_default(),
            Err(_) => wait(descriptor, libc::POLLOUT)?,
        }
    }
    Ok(())
}

/// After a failed call: returns when it is worth another try. Whoever started the program may have made its descriptors
/// non-blocking.
fn wait(descriptor: libc::c_int, events: libc::c_short) -> Result<(), u32> {
    match errno() {
        libc::EINTR => Ok(()),
        libc::EAGAIN => {
            let mut poll = libc::pollfd { fd: descriptor, events, revents: 0 };
            // SAFETY: one entry, ours for the time of the call.
            unsafe { libc::poll(&raw mut poll, 1, -1) };
            Ok(())
        }
        _ => Err(ERR_IO),
    }
}

fn errno() -> libc::c_int {
    #[cfg(any(target_os = "linux", target_os = "emscripten"))]
    // SAFETY: the address is that of this thread's own number.
    unsafe {
        *libc::__errno_location()
    }
    #[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
    // SAFETY: the address is that of this thread's own number.
    unsafe {
        *libc::__error()
    }
}
