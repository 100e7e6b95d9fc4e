//! The second run of cargo.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, io};

/// Builds a package as a static library, with the profile `native` and as a backend, and gives its path.
pub(crate) fn static_library(
    workspace: &Path,
    package: &str,
    target: &str,
    out: &Path,
) -> Result<PathBuf, Box<dyn Error>> {
    // Shared by all profiles of the outer build, which has the lock of its own folders.
    let folder = out.ancestors().nth(4).unwrap_or(out).join("x07-native");
    // What the outer build has downloaded is usually all, and then no network is asked for anything.
    let mut output = run(workspace, package, target, &folder, true)?;
    if !output.status.success() {
        output = run(workspace, package, target, &folder, false)?;
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the native backend {package} cannot be built:\n{said}").into());
    }
    Ok(folder.join(target).join("native").join(format!("lib{}.a", package.replace('-', "_"))))
}

fn run(workspace: &Path, package: &str, target: &str, folder: &Path, offline: bool) -> io::Result<Output> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace);
    // What the outer build was told, by its user or by a linter around it, is not meant for this one.
    for name in ["RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"] {
        cargo.env_remove(name);
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rustc_flags(workspace).join("\x1f"));
    // CORE-MATH's crate compiles for the processor that it is built on, unless told otherwise; and no C compiler may
    // join a multiplication and an addition where the source does not.
    cargo.env("TARGET_CPU", baseline(target));
    cargo.env(format!("CFLAGS_{}", target.replace('-', "_")), "-ffp-contract=off -ffunction-sections -fdata-sections");
    cargo.args(["rustc", "--quiet", "--locked", "--lib", "--crate-type", "staticlib", "--profile", "native"]);
    cargo.args(["--package", package, "--target", target, "--target-dir"]).arg(folder);
    if offline {
        cargo.arg("--offline");
    }
    cargo.output()
}

fn rustc_flags(workspace: &Path) -> Vec<String> {
    let mut flags = vec!["--cfg".to_owned(), "x07_backend".to_owned()];
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // The system call alone: no device file, which a sandbox may forbid to open.
        flags.extend(["--cfg".to_owned(), "getrandom_backend=\"linux_getrandom\"".to_owned()]);
    }
    // No folder of this machine gets into a backend.
    flags.push(format!("--remap-path-prefix={}=x07", workspace.display()));
    let own = || env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    if let Some(home) = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(own) {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    flags
}

/// The `-march` that every machine of a target has.
fn baseline(target: &str) -> &'static str {
    match target.split('-').next() {
        Some("x86_64") => "x86-64",
        Some("aarch64") => "armv8-a",
        // No compiler knows this one, so that the flag is dropped and the compiler's own choice stays.
        _ => "baseline",
    }
}
