//! The capability profiles that a program is built for.

use std::fmt;
use std::str::FromStr;

/// What a program may reach: nothing but its input, fixtures, or the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum World {
    /// Pure computation.
    SolvePure,
    /// With a read-only fixture file system.
    SolveFs,
    /// With request-response cassettes.
    SolveRr,
    /// With a seeded key-value store.
    SolveKv,
    /// All fixtures at once.
    SolveFull,
    /// The real operating system.
    RunOs,
    /// The real operating system behind a policy.
    RunOsSandboxed,
}

impl World {
    /// Every world, in the order in which they are documented.
    pub const ALL: [World; 7] = [
        World::SolvePure,
        World::SolveFs,
        World::SolveRr,
        World::SolveKv,
        World::SolveFull,
        World::RunOs,
        World::RunOsSandboxed,
    ];

    /// The id used in manifests, flags and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            World::SolvePure => "solve-pure",
            World::SolveFs => "solve-fs",
            World::SolveRr => "solve-rr",
            World::SolveKv => "solve-kv",
            World::SolveFull => "solve-full",
            World::RunOs => "run-os",
            World::RunOsSandboxed => "run-os-sandboxed",
        }
    }

    /// True for the worlds that reach the operating system.
    pub fn is_os(self) -> bool {
        matches!(self, World::RunOs | World::RunOsSandboxed)
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown world: {0}")]
pub struct UnknownWorld(pub String);

impl FromStr for World {
    type Err = UnknownWorld;

    fn from_str(text: &str) -> Result<Self, UnknownWorld> {
        World::ALL.into_iter().find(|world| world.as_str() == text).ok_or_else(|| UnknownWorld(text.to_owned()))
    }
}
