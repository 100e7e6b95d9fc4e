//! The native backend `x07.ext.stdio`: lines of standard input, writes to standard output and standard error (seed
//! stdio v1).
//!
//! Input is buffered in the process. Output is not: what a program has written is out before the call returns, however
//! the program ends afterwards and whatever else writes to the same descriptor.

#![no_std]
#![allow(unsafe_code, reason = "a C interface, and system calls without the standard library")]

#[cfg(test)]
extern crate std;

pub mod abi;
mod caps;
mod line;
mod store;
mod system;

x07_native_support::panics_trap!(abi::TRAP_INTERNAL);
