//! Projects made in a temporary folder, with a home and a cache of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, str};

use tempfile::TempDir;

/// A folder of projects.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub(crate) fn new() -> Workshop {
        Workshop { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The command `x07`, to be run in a folder of the workshop.
    pub(crate) fn x07(&self, folder: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_x07"));
        // Packages come from the toolchain alone: there is no network in a test, and nobody's settings.
        for name in ["X07_PKG_HOME", "X07_PKG_INDEX_URL", "X07_REPO_ROOT", "X07_WORKSPACE_ROOT"] {
            command.env_remove(name);
        }
        command
            .current_dir(self.path(folder))
            .env("HOME", self.path("home"))
            .env("X07_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates-cache"))
            .env("NO_COLOR", "1");
        command
    }

    /// Runs `x07` with words and gives its standard output; it must succeed.
    pub(crate) fn run(&self, folder: &str, words: &[&str]) -> String {
        let output = self.x07(folder).args(words).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "x07 {}\n{}", words.join(" "), told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `x07` with words; it must fail. Gives the exit status and what was told.
    pub(crate) fn fail(&self, folder: &str, words: &[&str]) -> (i32, String) {
        let output = self.x07(folder).args(words).stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success(), "x07 {}\n{}", words.join(" "), told(&output));
        (output.status.code().unwrap_or(-1), told(&output))
    }

    /// The text of a file.
    pub(crate) fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap()
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", str::from_utf8(&output.stdout).unwrap_or("?"), str::from_utf8(&output.stderr).unwrap_or("?"))
}
