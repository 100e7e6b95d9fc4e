//! What the solver may ask.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use pubgrub::{Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics, Ranges};
use semver::Version;

use super::{Chosen, Pinned, Question};
use crate::problem::{Problem, Result};
use crate::requirement::{Rank, Requirement};

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

/// Answers the solver's questions and remembers who asked for what.
pub(super) struct Provider<'a> {
    question: &'a Question<'a>,
    /// Who asked for what in which words.
    asked: RefCell<BTreeMap<(Node, Rank, String), Vec<String>>>,
}

impl<'a> Provider<'a> {
    pub(super) fn new(question: &'a Question<'a>) -> Provider<'a> {
        Provider { question, asked: RefCell::default() }
    }

    pub(super) fn question(&self) -> &Question<'a> {
        self.question
    }

    /// Every requirement seen: who, in which version, of what, in which words.
    pub(super) fn asked(&self) -> BTreeMap<(Node, Rank, String), Vec<String>> {
        self.asked.borrow().clone()
    }

    /// What became of a package.
    pub(super) fn chosen(&self, name: &str, version: &Rank) -> Result<Chosen> {
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
        version: &Rank,
        requirements: &[(String, Requirement)],
    ) -> DependencyConstraints<Node, Ranges<Rank>> {
        let mut constraints: BTreeMap<&str, Ranges<Rank>> = BTreeMap::new();
        for (name, requirement) in requirements {
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
    type V = Rank;
    type VS = Ranges<Rank>;
    type M = String;
    type Priority = (u8, u32, Reverse<String>);
    type Err = Problem;

    /// What leaves no choice goes first, then what has led to most conflicts; names break ties, so that the same
    /// question always has the same answer.
    fn prioritize(
        &self,
        node: &Node,
        range: &Ranges<Rank>,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let Node::Package(name) = node else {
            return (3, 0, Reverse(String::new()));
        };
        let settled = self.question.pinned.contains_key(&**name) || range.as_singleton().is_some();
        let locked = || self.question.locked(name).is_some_and(|locked| range.contains(&Rank::of(&locked.version)));
        let ease = if settled { 2 } else { u8::from(locked()) };
        (ease, statistics.conflict_count(), Reverse(name.to_string()))
    }

    fn choose_version(&self, node: &Node, range: &Ranges<Rank>) -> Result<Option<Rank>> {
        let Node::Package(name) = node else {
            return Ok(Some(Rank::of(&Version::new(0, 0, 0))));
        };
        let inside = |version: &Version| Some(Rank::of(version)).filter(|version| range.contains(version));
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
        let candidates = self.question.sources.candidates(name, self.question.lock)?;
        let usable = candidates.iter().rev().filter(|candidate| candidate.yanked != Some(true));
        Ok(usable.map(|candidate| &candidate.version).find_map(inside))
    }

    fn get_dependencies(&self, node: &Node, version: &Rank) -> Result<Dependencies<Node, Ranges<Rank>, String>> {
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
