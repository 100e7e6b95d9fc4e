//! Packages as a person uses them: the real command in temporary folders, registries that are folders or on loopback.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod bench;
mod builds;
mod folders;
mod locks;
mod projects;
mod publishing;
mod registries;
mod server;
mod tls;
