//! The command `x07-host-runner`.

use std::process::ExitCode;

fn main() -> ExitCode {
    x07_runner::host::main(std::env::args_os()).print(x07_runner::Runner::Host.command())
}
