//! `profiles` of `x07.json`: how a program is run.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::validate::relative_path;
use crate::world::World;

/// One entry of `profiles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// World of the run.
    pub world: World,
    /// The policy of a sandboxed world, project-relative.
    pub policy: Option<PathBuf>,
    /// Input used when no flag gives one, project-relative.
    pub input: Option<PathBuf>,
    /// Which runner: `auto`, `host` or `os`.
    pub runner: String,
    /// Compile the C sources of FFI packages.
    pub auto_ffi: bool,
    /// Fuel of the run.
    pub solve_fuel: Option<u64>,
    /// Processor time.
    pub cpu_time_limit_seconds: Option<u64>,
    /// Arena size.
    pub max_memory_bytes: Option<u64>,
    /// Output size.
    pub max_output_bytes: Option<u64>,
    /// `default` or `size`.
    pub cc_profile: Option<String>,
}

#[derive(Deserialize)]
struct RawProfile {
    world: String,
    policy: Option<String>,
    input: Option<String>,
    runner: Option<String>,
    auto_ffi: Option<bool>,
    solve_fuel: Option<u64>,
    cpu_time_limit_seconds: Option<u64>,
    max_memory_bytes: Option<u64>,
    max_output_bytes: Option<u64>,
    cc_profile: Option<String>,
}

/// Validates a profile.
pub(crate) fn profile(name: &str, value: &Value) -> Result<Profile, String> {
    let raw = RawProfile::deserialize(value).map_err(|error| error.to_string())?;
    let world: World = raw.world.trim().parse().map_err(|error: crate::UnknownWorld| error.to_string())?;
    let sandboxed = world == World::RunOsSandboxed;
    if sandboxed != raw.policy.is_some() {
        return Err(if sandboxed {
            "world run-os-sandboxed needs a policy".to_owned()
        } else {
            format!("a policy belongs to run-os-sandboxed, not to {world}")
        });
    }
    let runner = raw.runner.unwrap_or_else(|| "auto".to_owned());
    match (runner.as_str(), world.is_os()) {
        ("auto", _) | ("host", false) | ("os", true) => {}
        ("host" | "os", _) => return Err(format!("runner {runner:?} does not run world {world}")),
        _ => return Err(format!("unknown runner {runner:?}; one of auto, host, os")),
    }
    if let Some(other) = raw.cc_profile.as_deref().filter(|name| !matches!(*name, "default" | "size")) {
        return Err(format!("unknown cc_profile {other:?}; one of default, size"));
    }
    let path = |text: Option<String>| {
        text.map(|text| relative_path(text.trim()).map_err(|why| format!("path {text:?} {why}"))).transpose()
    };
    Ok(Profile {
        name: name.to_owned(),
        world,
        policy: path(raw.policy)?,
        input: path(raw.input)?,
        runner,
        auto_ffi: raw.auto_ffi.unwrap_or(true),
        solve_fuel: raw.solve_fuel,
        cpu_time_limit_seconds: raw.cpu_time_limit_seconds,
        max_memory_bytes: raw.max_memory_bytes,
        max_output_bytes: raw.max_output_bytes,
        cc_profile: raw.cc_profile,
    })
}
