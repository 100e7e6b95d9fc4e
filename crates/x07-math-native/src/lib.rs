//! The native backend `x07.math`: binary64 values as 8 little-endian bytes (seed math v1).
//!
//! Every result is the one correctly rounded result, so it is the same on every machine: the four operations and the
//! square root by IEEE 754, conversion from and to text by exact algorithms, and the elementary functions by CORE-MATH.
//! A result that is not a number is always the canonical NaN.

#![no_std]

#[cfg(test)]
extern crate std;

pub mod abi;
mod functions;
mod text;

x07_native_support::panics_trap!(abi::TRAP_INTERNAL);
