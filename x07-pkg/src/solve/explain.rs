//! Why there is no solution, as chains of requirements that a person can follow.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pubgrub::{DerivationTree, External, Ranges};
use semver::Version;

use super::Pinned;
use super::provider::{Node, Provider};
use crate::package::PACKAGE_MANIFEST_NAME;
use crate::problem::{Code, Problem};
use crate::requirement::{Rank, Requirement};

/// A requirement that takes part in a conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: Node,
    /// The versions of `from` that have it.
    versions: Vec<Version>,
    to: String,
    words: String,
}

/// The problem that a failed search comes to.
pub(super) fn conflict(provider: &Provider<'_>, tree: &DerivationTree<Node, Ranges<Rank>, String>) -> Problem {
    let mut externals = Vec::new();
    collect(tree, &mut externals);
    let edges = edges(provider, &externals);
    let sources = provider.question().sources;
    if let Some(unknown) = sources.unknown().into_iter().find(|name| edges.iter().any(|edge| edge.to == *name)) {
        let problem = sources.unknown_problem(&unknown);
        let chains = chains(&edges, &unknown);
        let direct = edges.iter().any(|edge| edge.to == unknown && edge.from == Node::Project);
        let message = if direct { problem.message } else { format!("{}{}", problem.message, listed(&chains)) };
        return Problem { message, ..problem };
    }

    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for edge in &edges {
        *wanted.entry(&edge.to).or_default() += 1;
    }
    let disputed: Vec<&str> = wanted.iter().filter(|(_, count)| **count > 1).map(|(name, _)| *name).collect();
    // A single requirement that nothing meets is no dispute but a version that is not there.
    let empty = externals.iter().filter_map(|external| match external {
        External::NoVersions(Node::Package(name), _) if wanted.contains_key(&**name) => Some(name.to_string()),
        _ => None,
    });
    let (code, names, title): (_, Vec<String>, String) = match disputed.as_slice() {
        [] => {
            let names: BTreeSet<String> = empty.collect();
            let names: Vec<String> = names.into_iter().collect();
            (Code::IndexNoMatch, names.clone(), format!("no version of {} is what is asked for", names.join(" or of ")))
        }
        names => {
            let title = format!("no version of {} suits everybody who asks for it", names.join(" or of "));
            (Code::VersionConflict, names.iter().map(|name| (*name).to_owned()).collect(), title)
        }
    };
    let mut message = title;
    for name in &names {
        message.push_str(&listed(&chains(&edges, name)));
        message.push_str(&format!("\n  {}", available(provider, name)));
    }
    for external in &externals {
        if let External::Custom(node, _, why) = external {
            message.push_str(&format!("\n  {node} cannot be used: {why}"));
        }
    }
    let problem = Problem::new(code, message);
    match code {
        Code::VersionConflict => {
            problem.help("loosen one of these requirements, or force a version with `patch` in x07.json")
        }
        _ => match names.iter().find_map(|name| Some((name, provider.question().pinned.get(name)?))) {
            Some((name, Pinned::Folder(package))) => problem.help(format!(
                "ask for {name} {} in x07.json, or change `version` in the package's {PACKAGE_MANIFEST_NAME}",
                Requirement::compatible_with(&package.semver().unwrap_or_else(|_| Version::new(0, 0, 0)))
            )),
            Some((name, Pinned::Version(_))) => problem.help(format!("change `patch` of {name} in x07.json")),
            None => problem.help(format!("`x07 versions {}` lists what there is", names.join("` or `x07 versions "))),
        },
    }
}

fn listed(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

type Fact = External<Node, Ranges<Rank>, String>;

fn collect<'t>(tree: &'t DerivationTree<Node, Ranges<Rank>, String>, externals: &mut Vec<&'t Fact>) {
    match tree {
        DerivationTree::External(external) => externals.push(external),
        DerivationTree::Derived(derived) => {
            collect(&derived.cause1, externals);
            collect(&derived.cause2, externals);
        }
    }
}

/// The requirements among the facts, in the words in which they were written.
fn edges(provider: &Provider<'_>, externals: &[&Fact]) -> Vec<Edge> {
    let asked = provider.asked();
    let mut edges: BTreeMap<(Node, String, String), BTreeSet<Version>> = BTreeMap::new();
    for external in externals {
        let External::FromDependencyOf(from, versions, Node::Package(to), _) = external else {
            continue;
        };
        for ((who, version, what), words) in &asked {
            if who == from && **what == **to && versions.contains(version) {
                edges
                    .entry((who.clone(), what.clone(), words.join(", ")))
                    .or_default()
                    .insert(version.version().clone());
            }
        }
    }
    let edge = |((from, to, words), versions): ((Node, String, String), BTreeSet<Version>)| Edge {
        from,
        versions: versions.into_iter().collect(),
        to,
        words,
    };
    edges.into_iter().map(edge).collect()
}

/// The chains of requirements that lead from the project to a package.
fn chains(edges: &[Edge], name: &str) -> Vec<String> {
    let ends = edges.iter().filter(|edge| edge.to == name);
    ends.map(|end| {
        let mut chain = way_to(edges, &end.from);
        chain.push(end);
        chain.into_iter().map(sentence).collect::<Vec<_>>().join(", ")
    })
    .collect()
}

/// The shortest chain from the project to somebody.
fn way_to<'e>(edges: &'e [Edge], node: &Node) -> Vec<&'e Edge> {
    let mut reached: BTreeMap<Node, Vec<&Edge>> = BTreeMap::from([(Node::Project, Vec::new())]);
    let mut open = VecDeque::from([Node::Project]);
    while let Some(at) = open.pop_front() {
        if at == *node {
            break;
        }
        for edge in edges.iter().filter(|edge| edge.from == at) {
            let next = Node::Package(edge.to.as_str().into());
            if !reached.contains_key(&next) {
                let mut way = reached[&at].clone();
                way.push(edge);
                reached.insert(next.clone(), way);
                open.push_back(next);
            }
        }
    }
    reached.remove(node).unwrap_or_default()
}

fn sentence(edge: &Edge) -> String {
    let Edge { from, versions, to, words } = edge;
    let versions: Vec<String> = versions.iter().map(Version::to_string).collect();
    match (from, versions.as_slice()) {
        (Node::Project, _) => format!("the project requires {to} {words}"),
        (_, [one]) => format!("{from} {one} requires {to} {words}"),
        (_, many) => format!("{from} {} require {to} {words}", many.join(" and ")),
    }
}

/// What versions of a package there are.
fn available(provider: &Provider<'_>, name: &str) -> String {
    let question = provider.question();
    match question.pinned.get(name) {
        Some(Pinned::Folder(package)) => return format!("{name} is {} in its folder", package.version),
        Some(Pinned::Version(version)) => return format!("`patch` in x07.json asks for {name} {version}"),
        None => {}
    }
    let Ok(candidates) = question.sources.candidates(name, question.lock) else {
        return format!("nothing is known of {name}");
    };
    let shown = candidates.iter().map(|candidate| match candidate.yanked {
        Some(true) => format!("{} (yanked)", candidate.version),
        _ => candidate.version.to_string(),
    });
    format!("{name} has {}", shown.collect::<Vec<_>>().join(", "))
}
