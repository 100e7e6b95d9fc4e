//! Hostile input: the command says what is wrong, exits as it should, and loses nothing.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]
#![allow(clippy::print_stdout, reason = "a test that cannot run here says so")]
#![allow(unreachable_pub, reason = "shared between the modules of this test")]

mod compilers;
mod crowds;
mod disks;
mod files;
mod runs;
mod sandbox;
mod texts;
