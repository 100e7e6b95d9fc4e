//! The command `x07-host-runner`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let answer = x07_runner::host::main(std::env::args_os());
    x07_runner::interrupt::obey();
    answer.finish(x07_runner::Runner::Host.command())
}
