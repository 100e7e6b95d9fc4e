//! The command `x07-os-runner`.

use std::process::ExitCode;

fn main() -> ExitCode {
    x07_runner::os::main(std::env::args_os()).print(x07_runner::Runner::Os.command())
}
