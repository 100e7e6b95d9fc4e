//! What a dependency asks of a version: `^0.1`, `~0.1.2`, `>=0.1, <0.3`, `*`, or one exact version.

use std::fmt;
use std::ops::Bound;

use pubgrub::Ranges;
use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};

use crate::problem::{Code, Problem, Result};

/// A set of versions, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    ranges: Ranges<Rank>,
}

/// A version as the solver sees it: without build metadata, and with all releases before all pre-releases. So a range of
/// releases holds no pre-release, and who asks for a pre-release asks for it alone, whatever others ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Rank {
    is_prerelease: bool,
    version: Version,
}

impl Rank {
    pub(crate) fn of(version: &Version) -> Rank {
        let version = without_build(version);
        Rank { is_prerelease: !version.pre.is_empty(), version }
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.version.fmt(f)
    }
}

impl Requirement {
    /// Reads a requirement. A bare full version is that version and no other, a part of one everything compatible with
    /// it; clauses are separated by commas or
    /// white space and must all hold.
    pub fn parse(text: &str) -> Result<Requirement> {
        let text = text.trim();
        if let Ok(version) = Version::parse(text) {
            return Ok(Requirement::of(text, vec![exactly(&version)]));
        }
        let invalid = |why: String| Problem::new(Code::SpecInvalid, why);
        if text.is_empty() {
            return Err(invalid("a version requirement is missing".to_owned()).help("write `*` for any version"));
        }
        let clauses = clauses(text);
        let mut comparators = Vec::new();
        for clause in &clauses {
            if let Ok(version) = Version::parse(clause) {
                comparators.push(exactly(&version));
                continue;
            }
            let parsed = VersionReq::parse(clause).map_err(|error| {
                invalid(format!("{text:?} is not a version requirement: {error}"))
                    .help("such as `^0.1`, `~0.1.2`, `=0.1.0` or `>=0.1, <0.3`")
            })?;
            comparators.extend(parsed.comparators);
        }
        Ok(Requirement::of(text, comparators))
    }

    /// Everything compatible with a version, as `x07 add` writes it.
    pub fn compatible_with(version: &Version) -> Requirement {
        let comparator = Comparator { op: Op::Caret, ..exactly(version) };
        let bare = Version { build: BuildMetadata::EMPTY, ..version.clone() };
        Requirement::of(&format!("^{bare}"), vec![comparator])
    }

    /// One version.
    pub fn exact(version: &Version) -> Requirement {
        Requirement::of(&version.to_string(), vec![exactly(version)])
    }

    /// Any version.
    pub fn any() -> Requirement {
        Requirement::of("*", Vec::new())
    }

    fn of(text: &str, comparators: Vec<Comparator>) -> Requirement {
        let mut ranges = Ranges::full();
        let mut prereleases = Vec::new();
        for comparator in &comparators {
            ranges = ranges.intersection(&range(comparator));
            if !comparator.pre.is_empty() {
                prereleases.push((
                    comparator.major,
                    comparator.minor.unwrap_or_default(),
                    comparator.patch.unwrap_or_default(),
                ));
            }
        }
        let releases = Ranges::strictly_lower_than(Rank { is_prerelease: true, version: before(0, 0, 0) });
        let mut all = ranked(&ranges, false).intersection(&releases);
        for (major, minor, patch) in prereleases {
            let named = Ranges::between(before(major, minor, patch), Version::new(major, minor, patch));
            all = all.union(&ranked(&ranges.intersection(&named), true));
        }
        Requirement { text: text.to_owned(), ranges: all }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The set for the solver.
    pub(crate) fn ranges(&self) -> &Ranges<Rank> {
        &self.ranges
    }

    /// True for the versions that it means: releases, and pre-releases of a release that it names one of.
    pub fn matches(&self, version: &Version) -> bool {
        self.ranges.contains(&Rank::of(version))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A version as it takes part in comparisons.
fn without_build(version: &Version) -> Version {
    Version { build: BuildMetadata::EMPTY, ..version.clone() }
}

fn exactly(version: &Version) -> Comparator {
    Comparator {
        op: Op::Exact,
        major: version.major,
        minor: Some(version.minor),
        patch: Some(version.patch),
        pre: version.pre.clone(),
    }
}

/// A set of versions among the releases or among the pre-releases.
fn ranked(ranges: &Ranges<Version>, is_prerelease: bool) -> Ranges<Rank> {
    let rank = |bound: &Bound<Version>| match bound {
        Bound::Included(version) => Bound::Included(Rank { is_prerelease, version: version.clone() }),
        Bound::Excluded(version) => Bound::Excluded(Rank { is_prerelease, version: version.clone() }),
        Bound::Unbounded => Bound::Unbounded,
    };
    ranges
        .iter()
        .map(|(start, end)| Ranges::from_range_bounds((rank(start), rank(end))))
        .fold(Ranges::empty(), |all, one| all.union(&one))
}

/// Below every pre-release of a release.
fn before(major: u64, minor: u64, patch: u64) -> Version {
    Version { pre: Prerelease::new("0").unwrap_or(Prerelease::EMPTY), ..Version::new(major, minor, patch) }
}

/// Splits at commas and white space; an operator belongs to what follows it.
fn clauses(text: &str) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        match clauses.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '^', '~']) => last.push_str(word),
            _ => clauses.push(word.to_owned()),
        }
    }
    clauses
}

/// The versions that a comparator means; pre-releases of the release above an open end are outside.
fn range(comparator: &Comparator) -> Ranges<Version> {
    let Comparator { op, major, minor, patch, pre } = comparator;
    let (major, pre) = (*major, pre.clone());
    let first = || Version {
        major,
        minor: minor.unwrap_or(0),
        patch: patch.unwrap_or(0),
        pre: pre.clone(),
        build: BuildMetadata::EMPTY,
    };
    let next_major = || before(major.saturating_add(1), 0, 0);
    let next_minor = || before(major, minor.unwrap_or(0).saturating_add(1), 0);
    let next_patch = || before(major, minor.unwrap_or(0), patch.unwrap_or(0).saturating_add(1));
    // The end of what the given parts of the version name.
    let end = || match (minor, patch) {
        (None, _) => next_major(),
        (Some(_), None) => next_minor(),
        (Some(_), Some(_)) => next_patch(),
    };
    let whole = minor.is_some() && patch.is_some();
    match op {
        Op::Exact if whole => Ranges::singleton(first()),
        Op::Exact | Op::Wildcard => Ranges::between(first(), end()),
        Op::Greater if whole => Ranges::strictly_higher_than(first()),
        Op::Greater => Ranges::higher_than(Version { pre: Prerelease::EMPTY, ..end() }),
        Op::GreaterEq => Ranges::higher_than(first()),
        Op::Less if pre.is_empty() => {
            Ranges::strictly_lower_than(before(major, minor.unwrap_or(0), patch.unwrap_or(0)))
        }
        Op::Less => Ranges::strictly_lower_than(first()),
        Op::LessEq if whole => Ranges::lower_than(first()),
        Op::LessEq => Ranges::strictly_lower_than(end()),
        Op::Tilde => Ranges::between(first(), if minor.is_some() { next_minor() } else { next_major() }),
        Op::Caret => {
            let end = match (major, minor, patch) {
                (1.., _, _) | (0, None, _) => next_major(),
                (0, Some(1..), _) | (0, Some(0), None) => next_minor(),
                (0, Some(0), Some(_)) => next_patch(),
            };
            Ranges::between(first(), end)
        }
        // The library may learn operators that this table does not know: nothing is the safe answer.
        _ => Ranges::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_mean_what_cargo_says() {
        let cases = [
            ("^0.1", "0.1.0 0.1.9", "0.2.0 0.0.9 0.1.5-a 0.2.0-a"),
            ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
            ("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2 2.0.0-0"),
            ("~0.1.2", "0.1.2 0.1.7", "0.2.0 0.1.1"),
            ("~1", "1.0.0 1.9.9", "2.0.0"),
            ("=0.1.0", "0.1.0 0.1.0+b", "0.1.1 0.1.0-a"),
            ("0.1.0", "0.1.0", "0.1.1"),
            ("=0.1", "0.1.0 0.1.7", "0.2.0"),
            (">=0.1, <0.3", "0.1.0 0.2.9", "0.3.0 0.0.9 0.3.0-a"),
            (">= 0.3.6 <0.4.0", "0.3.6 0.3.9", "0.4.0 0.3.5"),
            (">1.2", "1.3.0", "1.2.9 1.3.0-a"),
            ("<=1.2", "1.2.9", "1.3.0"),
            ("1.2.*", "1.2.0 1.2.5", "1.3.0"),
            ("*", "0.0.0 9.9.9", "1.0.0-a"),
            ("0.1", "0.1.0 0.1.9", "0.2.0 0.1.5-a"),
            ("1", "1.0.0 1.9.9", "2.0.0 0.9.0"),
            (">=1.0.0-a, <3", "1.0.0-b 1.0.0 2.9.0", "2.0.0-a 3.0.0 3.0.0-a"),
            ("^1.0.0-beta.2", "1.0.0-beta.2 1.0.0-rc 1.0.0 1.5.0", "1.0.0-beta.1 1.1.0-a"),
            ("=1.0.0-a", "1.0.0-a", "1.0.0 1.0.0-b"),
        ];
        for (text, inside, outside) in cases {
            let requirement = Requirement::parse(text).unwrap();
            assert_eq!(requirement.as_str(), text);
            for (versions, expected) in [(inside, true), (outside, false)] {
                for version in versions.split(' ') {
                    assert_eq!(requirement.matches(&version.parse().unwrap()), expected, "{text} {version}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_a_way_out() {
        for (text, expected) in
            [("", "missing"), ("0.1.x.y", "not a version"), ("latest", "not a version"), ("^x", "not a")]
        {
            let problem = Requirement::parse(text).unwrap_err();
            assert!(problem.message.contains(expected) && problem.help.is_some(), "{text}: {problem}");
        }
        assert_eq!(Requirement::compatible_with(&"0.1.4+x".parse().unwrap()).as_str(), "^0.1.4");
    }
}
