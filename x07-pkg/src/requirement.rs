//! What a dependency asks of a version: `^0.1`, `~0.1.2`, `>=0.1, <0.3`, `*`, or one exact version.

use std::fmt;

use pubgrub::Ranges;
use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};

use crate::problem::{Code, Problem, Result};

/// A set of versions, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    ranges: Ranges<Version>,
    /// Releases whose pre-releases are asked for by name.
    prereleases: Vec<(u64, u64, u64)>,
}

impl Requirement {
    /// Reads a requirement. A bare full version is that version and no other; clauses are separated by commas or
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
        let is_part = |clause: &&String| clause.starts_with(|c: char| c.is_ascii_digit()) && !clause.ends_with('*');
        if let Some(bare) = clauses.iter().filter(is_part).find(|clause| Version::parse(clause).is_err()) {
            let problem = invalid(format!("{bare:?} is not a whole version"));
            return Err(problem.help(format!("write `^{bare}` for everything compatible with it, or `~{bare}`")));
        }
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
        Requirement { text: text.to_owned(), ranges, prereleases }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The set for the solver, which knows no build metadata.
    pub(crate) fn ranges(&self) -> &Ranges<Version> {
        &self.ranges
    }

    /// True if a pre-release may be chosen because the requirement names one of the same release.
    pub(crate) fn asks_for(&self, version: &Version) -> bool {
        version.pre.is_empty() || self.prereleases.contains(&(version.major, version.minor, version.patch))
    }

    /// The releases whose pre-releases it names.
    pub(crate) fn prereleases(&self) -> &[(u64, u64, u64)] {
        &self.prereleases
    }

    /// True for the versions that it means.
    pub fn matches(&self, version: &Version) -> bool {
        self.asks_for(version) && self.ranges.contains(&without_build(version))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A version as it takes part in comparisons.
pub(crate) fn without_build(version: &Version) -> Version {
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
    // Below every pre-release of the given release.
    let before = |major, minor, patch| Version {
        major,
        minor,
        patch,
        pre: Prerelease::new("0").unwrap_or(Prerelease::EMPTY),
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
            [("", "missing"), ("0.1", "not a whole version"), ("latest", "not a version"), ("^x", "not a")]
        {
            let problem = Requirement::parse(text).unwrap_err();
            assert!(problem.message.contains(expected) && problem.help.is_some(), "{text}: {problem}");
        }
        assert_eq!(Requirement::compatible_with(&"0.1.4+x".parse().unwrap()).as_str(), "^0.1.4");
    }
}
