//! Which tests of a manifest are meant.

use crate::manifest::{Manifest, Test, World};

/// Which kind of test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Tests of single cases.
    #[default]
    Units,
    /// Property tests.
    Properties,
    /// Both.
    All,
}

/// What tests are asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Their kind.
    pub kind: Kind,
    /// Text that their id contains.
    pub filter: Option<String>,
    /// The filter is the whole id.
    pub exact: bool,
    /// Their world.
    pub world: Option<World>,
}

impl Selection {
    /// True when the test is meant.
    pub fn includes(&self, test: &Test) -> bool {
        let kind = match self.kind {
            Kind::Units => test.property.is_none(),
            Kind::Properties => test.property.is_some(),
            Kind::All => true,
        };
        kind && self.includes_but_for_kind(test)
    }

    fn includes_but_for_kind(&self, test: &Test) -> bool {
        let named = match &self.filter {
            None => true,
            Some(filter) if self.exact => test.id == *filter,
            Some(filter) => test.id.contains(filter.as_str()),
        };
        named && self.world.is_none_or(|world| world == test.world)
    }

    /// How many property tests are left out for no other reason than their kind.
    pub fn properties_left_out(&self, manifest: &Manifest) -> usize {
        let is_left_out = |test: &&Test| test.property.is_some() && self.includes_but_for_kind(test);
        if self.kind == Kind::Units { manifest.tests.iter().filter(is_left_out).count() } else { 0 }
    }

    /// Why nothing of the manifest is meant; `None` when something is.
    pub fn explain_empty(&self, manifest: &Manifest) -> Option<String> {
        if manifest.tests.iter().any(|test| self.includes(test)) {
            return None;
        }
        let mut text = match (&self.filter, self.exact) {
            (None, _) => "no test is of the kind asked for".to_owned(),
            (Some(filter), true) => format!("no test has the id \"{filter}\""),
            (Some(filter), false) => format!("no test has \"{filter}\" in its id"),
        };
        let others = manifest.tests.iter().filter(|test| self.includes_but_for_kind(test)).count();
        let close = self.filter.as_ref().and_then(|filter| {
            let distance = |test: &Test| {
                let own = test.id.rsplit('/').next().unwrap_or_default();
                let distance = [own, &test.id].map(|name| strsim::damerau_levenshtein(filter, name));
                (distance[0].min(distance[1]), test.id.clone())
            };
            manifest.tests.iter().map(distance).min().filter(|(distance, _)| *distance <= 2)
        });
        if others > 0 {
            let (what, flag) = match self.kind {
                Kind::Properties => ("tests that are no property tests do", "leave --pbt away"),
                _ => ("property tests do", "--pbt or --all includes them"),
            };
            text.push_str(&format!("; {what}: {flag}"));
        } else if let Some((_, id)) = close {
            text.push_str(&format!("; there is \"{id}\""));
        }
        Some(text)
    }
}
