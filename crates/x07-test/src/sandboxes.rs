//! The policies of tests in run-os-sandboxed, each read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use x07_runner::os::{accepts_weaker_isolation, enclose};
use x07_runner::sandbox::{Policy, Sandbox};

use crate::manifest::Test;

/// What holds a test, or why nothing would.
pub(crate) type Enclosed = Result<Option<Arc<Sandbox>>, String>;

/// The sandboxes of a manifest's tests.
#[derive(Debug, Default)]
pub(crate) struct Sandboxes {
    by_policy: BTreeMap<String, Result<Arc<Sandbox>, String>>,
}

impl Sandboxes {
    /// Reads the policies that these tests name, relative to the manifest's folder.
    pub(crate) fn read<'a>(tests: impl IntoIterator<Item = &'a Test>, folder: &Path, accepted: bool) -> Sandboxes {
        let mut by_policy = BTreeMap::new();
        for name in tests.into_iter().filter_map(|test| test.policy.as_ref()) {
            by_policy.entry(name.clone()).or_insert_with(|| read(&folder.join(name), accepted).map(Arc::new));
        }
        Sandboxes { by_policy }
    }

    /// The sandbox of a test; none in worlds without one.
    pub(crate) fn of(&self, test: &Test) -> Enclosed {
        match test.policy.as_ref().and_then(|name| self.by_policy.get(name)) {
            Some(Ok(sandbox)) => Ok(Some(sandbox.clone())),
            Some(Err(message)) => Err(message.clone()),
            None => Ok(None),
        }
    }
}

fn read(path: &Path, accepted: bool) -> Result<Sandbox, String> {
    let policy = Policy::read(path).map_err(|error| error.to_string())?;
    let accepted = accepts_weaker_isolation()? || accepted;
    // What a policy sets without effect is told where the policy is made and used, not again for each test.
    enclose(policy, true, accepted).map(|(sandbox, _notes)| sandbox)
}
