//! The sources that come with the toolchain, as examples of how one writes.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

use std::path::Path;
use std::process::Command;

#[test]
fn nothing_can_be_said_against_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (command, verdict) in [(&["lint"] as &[&str], "nothing found"), (&["fmt", "--check"], "")] {
        for folder in ["examples", "templates", "packages"] {
            let mut call = Command::new(env!("CARGO_BIN_EXE_x07"));
            let output = call.args(command).arg(folder).current_dir(&root).env("NO_COLOR", "1").output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && said.contains(verdict), "{command:?} {folder}: {said}");
        }
    }
}
