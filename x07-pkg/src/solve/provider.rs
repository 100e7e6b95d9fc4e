//! What the solver may ask.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use pubgrub::{Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics, Ranges};
use semver::Version;

use super::{Chosen, Pinned, Question};
use crate::problem::{Problem, Result};
use crate::requirement::{Requirement, without_build};

/// Somebody with requirements.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node {
    Project,
    Package(Rc<str>),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Project => f.write_str("the project"),
            Node::Package(name) => f.write_str(name),
        }
    }
}

/// The numbers of a version.
type Release = (u64, u64, u64);

/// Answers the solver's questions and remembers who asked for what.
pub(super) struct Provider<'a> {
    question: &'a Question<'a>,
    /// Releases whose pre-releases somebody asked for, by package.
    prereleases: RefCell<BTreeSet<(String, Release)>>,
    /// Who asked for what in which words.
    asked: RefCell<BTreeMap<(Node, Version, String), Vec<String>>>,
}

impl<'a> Provider<'a> {
    pub(super) fn new(question: &'a Question<'a>) -> Provider<'a> {
        Provider { question, prereleases: RefCell::default(), asked: RefCell::default() }
    }

    pub(super) fn question(&self) -> &Question<'a> {
        self.question
    }

    /// Every requirement seen: who, in which version, of what, in which words.
    pub(super) fn asked(&self) -> BTreeMap<(Node, Version, String), Vec<String>> {
        self.asked.borrow().clone()
    }

    /// What became of a package.
    pub(super) fn chosen(&self, name: &str, version: &Version) -> Result<Chosen> {
        if let Some(Pinned::Folder(package)) = self.question.pinned.get(name) {
            return Ok(Chosen { version: package.semver()?, package: Rc::clone(package), candidate: None });
        }
        let candidate = self.question.candidate(name, version)?;
        let package = self.question.sources.package(name, &candidate)?;
        Ok(Chosen { version: candidate.version.clone(), package, candidate: Some(candidate) })
    }

    fn constraints(
        &self,
        who: &Node,
        version: &Version,
        requirements: &[(String, Requirement)],
    ) -> DependencyConstraints<Node, Ranges<Version>> {
        let mut constraints: BTreeMap<&str, Ranges<Version>> = BTreeMap::new();
        for (name, requirement) in requirements {
            let asked_for = requirement.prereleases().iter().map(|release| (name.clone(), *release));
            self.prereleases.borrow_mut().extend(asked_for);
            let key = (who.clone(), version.clone(), name.clone());
            self.asked.borrow_mut().entry(key).or_default().push(requirement.to_string());
            let ranges = match self.question.overridden.contains(name) {
                true => Ranges::full(),
                false => requirement.ranges().clone(),
            };
            constraints.entry(name).and_modify(|known| *known = known.intersection(&ranges)).or_insert(ranges);
        }
        constraints.into_iter().map(|(name, ranges)| (Node::Package(name.into()), ranges)).collect()
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Node;
    type V = Version;
    type VS = Ranges<Version>;
    type M = String;
    type Priority = (u8, u32, Reverse<String>);
    type Err = Problem;

    /// What leaves no choice goes first, then what has led to most conflicts; names break ties, so that the same
    /// question always has the same answer.
    fn prioritize(
        &self,
        node: &Node,
        range: &Ranges<Version>,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let Node::Package(name) = node else {
            return (3, 0, Reverse(String::new()));
        };
        let settled = self.question.pinned.contains_key(&**name) || range.as_singleton().is_some();
        let locked =
            || self.question.locked(name).is_some_and(|locked| range.contains(&without_build(&locked.version)));
        let ease = if settled { 2 } else { u8::from(locked()) };
        (ease, statistics.conflict_count(), Reverse(name.to_string()))
    }

    fn choose_version(&self, node: &Node, range: &Ranges<Version>) -> Result<Option<Version>> {
        let Node::Package(name) = node else {
            return Ok(Some(Version::new(0, 0, 0)));
        };
        let inside = |version: &Version| Some(without_build(version)).filter(|version| range.contains(version));
        match self.question.pinned.get(&**name) {
            Some(Pinned::Folder(package)) => return Ok(inside(&package.semver()?)),
            Some(Pinned::Version(version)) => {
                let candidates = self.question.sources.candidates(name, self.question.lock)?;
                let is_there = candidates.iter().any(|candidate| candidate.version.cmp_precedence(version).is_eq());
                return Ok(inside(version).filter(|_| is_there));
            }
            None => {}
        }
        if let Some(locked) = self.question.locked(name).and_then(|locked| inside(&locked.version)) {
            return Ok(Some(locked));
        }
        let prereleases = self.prereleases.borrow();
        let candidates = self.question.sources.candidates(name, self.question.lock)?;
        let best = candidates.iter().rev().filter(|candidate| candidate.yanked != Some(true)).find_map(|candidate| {
            let version = &candidate.version;
            let release = (name.to_string(), (version.major, version.minor, version.patch));
            inside(version).filter(|version| version.pre.is_empty() || prereleases.contains(&release))
        });
        Ok(best)
    }

    fn get_dependencies(&self, node: &Node, version: &Version) -> Result<Dependencies<Node, Ranges<Version>, String>> {
        let Node::Package(name) = node else {
            return Ok(Dependencies::Available(self.constraints(node, version, &self.question.roots)));
        };
        let package = self.chosen(name, version)?.package;
        let requirements = package.requirements()?;
        if requirements.iter().any(|(required, _)| **required == **name) {
            return Ok(Dependencies::Unavailable("it requires itself".to_owned()));
        }
        Ok(Dependencies::Available(self.constraints(node, version, &requirements)))
    }
}
