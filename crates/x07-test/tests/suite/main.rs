//! Manifests, what tests come to, and the standard library's own tests.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod examples;
mod manifest;
mod run;
mod sandbox;
mod stdlib;
mod support;
