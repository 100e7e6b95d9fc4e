//! The C functions (`x07_ext_stdio_abi_v1.h`).

use x07_native_support::{Bytes, ResultBytes, ResultI32, note_stderr};

use crate::caps::Caps;
use crate::line::ERR_TOO_LARGE;
use crate::system::{self, Output};

pub(crate) const TRAP_INTERNAL: i32 = 9600;

/// The next line of standard input without its end.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_stdio_read_line_v1(caps: Bytes) -> ResultBytes {
    // SAFETY: the caps are an argument of the call that is running.
    let caps = Caps::read(unsafe { caps.as_slice() });
    caps.and_then(|caps| system::with_input(|input| input.line(caps.max_read, system::read_stdin))).into()
}

/// Writes all of `data` to standard output.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_stdio_write_stdout_v1(data: Bytes, caps: Bytes) -> ResultI32 {
    write(Output::Stdout, data, caps).into()
}

/// Writes all of `data` to standard error.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_stdio_write_stderr_v1(data: Bytes, caps: Bytes) -> ResultI32 {
    write(Output::Stderr, data, caps).into()
}

/// Nothing is ever held back.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_stdio_flush_stdout_v1() -> ResultI32 {
    Ok(0).into()
}

/// Nothing is ever held back.
#[unsafe(no_mangle)]
pub extern "C" fn x07_ext_stdio_flush_stderr_v1() -> ResultI32 {
    Ok(0).into()
}

fn write(output: Output, data: Bytes, caps: Bytes) -> Result<i32, u32> {
    // SAFETY: both are arguments of the call that is running.
    let (data, caps) = unsafe { (data.as_slice(), Caps::read(caps.as_slice())?) };
    if data.len() > caps.max_write {
        return Err(ERR_TOO_LARGE);
    }
    let done = system::write(output, data);
    if output == Output::Stderr {
        note_stderr(data);
    }
    done.map(|()| data.len() as i32)
}
