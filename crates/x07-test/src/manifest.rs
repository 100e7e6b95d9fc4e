//! `tests.json`: which tests there are and what is expected of them.

mod fields;
mod property;
mod read;

use std::path::{Path, PathBuf};

use serde::Serialize;
pub use x07_pkg::World;

pub use self::property::{BudgetScope, CaseBudget, Generator, Parameter, Property};
pub use self::read::read;

/// A manifest without mistakes.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file, as it was named.
    pub path: PathBuf,
    /// The tests, sorted by id.
    pub tests: Vec<Test>,
    /// Names that mean nothing and are probably misspelt.
    pub warnings: Vec<Finding>,
}

impl Manifest {
    /// The folder that paths in the manifest are relative to.
    pub fn folder(&self) -> &Path {
        x07_files::parent(&self.path)
    }
}

/// One test.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name, unique in the manifest.
    pub id: String,
    /// What the program may reach.
    pub world: World,
    /// The function, `module.symbol`.
    pub entry: String,
    /// What counts as good.
    pub expect: Expect,
    /// What the function returns.
    pub returns: Returns,
    /// Time of the run.
    pub timeout_ms: Option<u64>,
    /// The program's input.
    pub input: Vec<u8>,
    /// The folder with the fixtures, as written.
    pub fixture_root: Option<String>,
    /// The sandbox policy, as written.
    pub policy: Option<String>,
    /// With `expect` fail: the run must end in a trap whose text contains this.
    pub trap: Option<String>,
    /// The rest of a property test.
    pub property: Option<Property>,
}

impl Test {
    /// The module of the entry.
    pub fn module(&self) -> &str {
        self.entry.rsplit_once('.').map_or("", |(module, _)| module)
    }
}

/// What counts as good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// The test passes.
    #[default]
    Pass,
    /// The test fails.
    Fail,
    /// The test is not run.
    Skip,
}

impl Expect {
    /// `pass`, `fail` or `skip`.
    pub fn as_str(self) -> &'static str {
        match self {
            Expect::Pass => "pass",
            Expect::Fail => "fail",
            Expect::Skip => "skip",
        }
    }
}

/// What a test function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Returns {
    /// `result_i32`: ok passes, err fails with its code.
    ResultI32,
    /// `bytes`: an encoded status.
    BytesStatusV1,
}

/// Something wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// JSON pointer into the manifest, or the manifest's path when it cannot be read.
    pub path: String,
    /// A stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({})", self.code, self.message, self.path)
    }
}
