//! Templates as a person uses them: a project is made of each by the real command, tried, and what it is for is done with
//! it.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod clients;
mod made;
mod mcp;
mod workshop;
