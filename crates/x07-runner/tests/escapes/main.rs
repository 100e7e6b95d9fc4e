//! Attempts to get out of run-os-sandboxed: by the heads of the language, by C functions, by started programs and around
//! the policy itself. Every one must fail closed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

mod foreign;
mod heads;
#[allow(unreachable_pub, reason = "shared between the modules of this program")]
mod place;
mod policy;
mod spawned;
mod standalone;
