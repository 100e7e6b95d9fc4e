//! From what is asked for to one version of every package.

mod explain;
mod provider;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pubgrub::PubGrubError;
use semver::Version;

use self::provider::{Node, Provider};
use crate::builtin::is_builtin;
use crate::lockfile::{Lock, Source};
use crate::package::Package;
use crate::problem::{Code, Problem, Result};
use crate::requirement::{Rank, Requirement};
use crate::sources::{Candidate, Sources};

/// A package whose version is not a matter of choice.
#[derive(Clone, Debug)]
pub(crate) enum Pinned {
    /// It lies in a folder.
    Folder(Rc<Package>),
    /// `patch` says so.
    Version(Version),
}

/// What is to be solved.
pub(crate) struct Question<'a> {
    pub(crate) sources: &'a Sources<'a>,
    /// What the project asks for.
    pub(crate) roots: Vec<(String, Requirement)>,
    pub(crate) pinned: BTreeMap<String, Pinned>,
    /// Names for which every requirement counts as met, because `patch` decides.
    pub(crate) overridden: BTreeSet<String>,
    pub(crate) lock: Option<&'a Lock>,
    /// Locked packages that may get another version.
    pub(crate) unlocked: Unlocked,
}

/// Which locked versions are given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unlocked {
    /// Only those that no longer fit.
    None,
    /// These too.
    Names(BTreeSet<String>),
    /// Every one.
    All,
}

impl Unlocked {
    pub(crate) fn holds(&self, name: &str) -> bool {
        match self {
            Unlocked::None => false,
            Unlocked::Names(names) => names.contains(name),
            Unlocked::All => true,
        }
    }
}

/// A package that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) version: Version,
    pub(crate) package: Rc<Package>,
    /// `None` for one that lies in a folder.
    pub(crate) candidate: Option<Candidate>,
}

impl Question<'_> {
    /// The version that the lock holds of a package, unless it is given up.
    pub(crate) fn locked(&self, name: &str) -> Option<Candidate> {
        if self.unlocked.holds(name) {
            return None;
        }
        let locked = self.lock?.get(name)?;
        // One that lies in a folder is there as it is; one of a lock without sources has to be looked for.
        locked.source.as_ref().filter(|source| **source != Source::Path)?;
        Some(Candidate::of_lock(locked, locked.archive_sha256.clone()?))
    }

    /// One version of every package that is needed, by name.
    pub(crate) fn solve(&self) -> Result<BTreeMap<String, Chosen>> {
        let provider = Provider::new(self);
        let root = Rank::of(&Version::new(0, 0, 0));
        let solution = pubgrub::resolve(&provider, Node::Project, root).map_err(|error| match error {
            PubGrubError::NoSolution(tree) => explain::conflict(&provider, &tree),
            PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorInShouldCancel(source) => source,
        })?;
        let mut chosen = BTreeMap::new();
        for (node, version) in solution {
            if let Node::Package(name) = node {
                let choice = provider.chosen(&name, &version)?;
                chosen.insert(name.to_string(), choice);
            }
        }
        check_modules(&chosen)?;
        Ok(chosen)
    }

    /// The candidate of a version, as the solver calls it.
    fn candidate(&self, name: &str, version: &Rank) -> Result<Candidate> {
        let is_it = |candidate: &Candidate| Rank::of(&candidate.version) == *version;
        if let Some(locked) = self.locked(name).filter(is_it) {
            return Ok(locked);
        }
        let candidates = self.sources.candidates(name, self.lock)?;
        candidates
            .iter()
            .find(|candidate| is_it(candidate))
            .cloned()
            .ok_or_else(|| Problem::new(Code::IndexNoMatch, format!("there is no {name}@{version}")))
    }
}

/// No two packages may offer a module of the same id: an import would not say which.
fn check_modules(chosen: &BTreeMap<String, Chosen>) -> Result<()> {
    let mut owners: BTreeMap<&str, &Package> = BTreeMap::new();
    for choice in chosen.values() {
        for module in choice.package.all_modules() {
            if is_builtin(module) {
                let what = format!("{} has the module {module}, which is a built-in one", choice.package.id());
                return Err(Problem::new(Code::ModuleConflict, what)
                    .help("an import always means the built-in module; the package has to call its own another name"));
            }
            if let Some(other) = owners.insert(module, &choice.package) {
                let what = format!("{} and {} both have the module {module}", other.id(), choice.package.id());
                return Err(Problem::new(Code::ModuleConflict, what)
                    .help("a program can use only one of them; an import could mean either"));
            }
        }
    }
    Ok(())
}
