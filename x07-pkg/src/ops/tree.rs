//! `tree` and `why`: what the lock says of who needs whom.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use serde::Serialize;

use super::lock::unknown_dependency;
use crate::lockfile::{Lock, LockedPackage, PROJECT, Source};
use crate::name::canonical_name;
use crate::options::Options;
use crate::problem::{Code, Problem, Result};
use crate::project::Project;

/// Who needs whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreeReport {
    /// Always `x07.pkg.tree.report@0.1.0`.
    pub schema_version: &'static str,
    /// The project and its packages.
    pub nodes: Vec<Node>,
    /// Who needs whom.
    pub edges: Vec<Edge>,
    /// Why the lock is not one for the manifest; `None` when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
}

/// The project or a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// `project` or `package`.
    pub kind: &'static str,
    /// `x07.json` or `name@version`.
    pub id: String,
    /// Where a package came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Withdrawn by its owner.
    pub yanked: bool,
}

/// That one needs the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// Who needs.
    pub from: String,
    /// What.
    pub to: String,
}

/// Chains of packages that lead from the project to one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The package as `name@version`.
    pub package: String,
    /// The shortest chain for each of those that need it directly; each begins with `x07.json`.
    pub chains: Vec<Vec<String>>,
}

fn read(manifest: &Path, options: &Options) -> Result<(Lock, TreeReport)> {
    let project = Project::open(manifest, options)?;
    let path = project.lockfile();
    let Some(lock) = Lock::read(&path)? else {
        if project.manifest.dependencies.is_empty() {
            return Ok((Lock::default(), report(&Lock::default())));
        }
        let what = format!("there is no lockfile {}", path.display());
        return Err(Problem::new(Code::LockMissing, what).help("`x07 lock` writes one"));
    };
    let mut report = report(&lock);
    // A manifest that cannot be judged is the matter of those who build from it.
    report.stale = project.staleness(&lock).ok().flatten();
    Ok((lock, report))
}

fn report(lock: &Lock) -> TreeReport {
    let mut nodes = vec![Node { kind: "project", id: PROJECT.to_owned(), source: None, yanked: false }];
    let mut edges = BTreeSet::new();
    for locked in &lock.packages {
        nodes.push(Node {
            kind: "package",
            id: locked.id(),
            source: locked.source.clone(),
            yanked: locked.yanked == Some(true),
        });
        let project = [PROJECT.to_owned()];
        let who: &[String] = if locked.required_by.is_empty() { &project } else { &locked.required_by };
        edges.extend(who.iter().map(|from| Edge { from: from.clone(), to: locked.id() }));
    }
    TreeReport { schema_version: "x07.pkg.tree.report@0.1.0", nodes, edges: edges.into_iter().collect(), stale: None }
}

/// The packages of a project and who needs them.
pub fn tree(manifest: &Path, options: &Options) -> Result<TreeReport> {
    read(manifest, options).map(|(_, report)| report)
}

/// Why a package is in a project.
pub fn why(manifest: &Path, options: &Options, name: &str) -> Result<Why> {
    let (lock, report) = read(manifest, options)?;
    let name = canonical_name(name)?;
    let Some(locked) = lock.get(&name) else {
        let project = Project::open(manifest, options)?;
        return Err(unknown_dependency(&project, Some(&lock), &name));
    };
    let ways = ways(&report);
    let ends = report.edges.iter().filter(|edge| edge.to == locked.id());
    let chains = ends.filter_map(|edge| {
        let mut chain = ways.get(edge.from.as_str())?.clone();
        chain.push(locked.id());
        Some(chain)
    });
    Ok(Why { package: LockedPackage::id(locked), chains: chains.collect() })
}

/// The shortest chain from the project to everybody.
fn ways(report: &TreeReport) -> BTreeMap<&str, Vec<String>> {
    let mut ways = BTreeMap::from([(PROJECT, vec![PROJECT.to_owned()])]);
    let mut open = VecDeque::from([PROJECT]);
    while let Some(at) = open.pop_front() {
        for edge in report.edges.iter().filter(|edge| edge.from == at) {
            if !ways.contains_key(edge.to.as_str()) {
                let mut way = ways[at].clone();
                way.push(edge.to.clone());
                ways.insert(&edge.to, way);
                open.push_back(&edge.to);
            }
        }
    }
    ways
}
