//! What the native backends share: the values that cross the C boundary, the hooks that the program around them
//! provides, and the end of a panic.
//!
//! A backend is an ordinary library crate, so that tests and lints treat it like any other. `x07-native` builds it a
//! second time with `--cfg x07_backend` as a static library: only then does it end panics itself and leave the hooks
//! to the program. In every other build the hooks are stand-ins that allocate on the Rust heap and panic.

#![cfg_attr(x07_backend, no_std)]
#![allow(unsafe_code, reason = "the values of a C interface")]

mod hooks;
mod values;

pub use hooks::{allocate, note_stderr, trap};
pub use values::{Bytes, ResultBytes, ResultI32};

/// Ends a panic in a backend: a trap with this code. Backends are written without panics, so that this is for mistakes
/// in them.
#[macro_export]
macro_rules! panics_trap {
    ($code:expr) => {
        const _: i32 = $code;

        #[cfg(x07_backend)]
        #[panic_handler]
        fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
            $crate::trap($code)
        }
    };
}
