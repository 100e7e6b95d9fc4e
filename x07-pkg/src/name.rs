//! Package names, and what people type for them.

use crate::problem::{Code, Problem, Result};

/// The longest package name.
const LONGEST: usize = 128;

/// What the folders of the toolchain's own packages begin with, which people take for a part of the name.
const OFFICIAL_PREFIX: &str = "x07-ext-";

/// True for `[a-z][a-z0-9_-]*` of at most 128 characters.
pub fn is_package_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// The package that a word on a command line means: the folder name of an official package stands for its name.
pub fn canonical_name(text: &str) -> Result<String> {
    let text = text.trim();
    let name = match text.strip_prefix(OFFICIAL_PREFIX) {
        Some(rest) => format!("ext-{rest}"),
        None => text.to_owned(),
    };
    if is_package_name(&name) {
        return Ok(name);
    }
    let problem = Problem::new(Code::SpecInvalid, format!("{text:?} is not a package name"));
    Err(problem.help("a package name is lower-case letters, digits, `-` and `_`, and begins with a letter"))
}

/// Checks the name that a package gives itself: others must be able to mean it.
pub(crate) fn check_own_name(name: &str) -> Result<()> {
    let meant = canonical_name(name)?;
    if meant == name {
        return Ok(());
    }
    let problem = Problem::new(Code::SpecInvalid, format!("{name:?} means the package {meant}"));
    Err(problem.help(format!("call it {meant} or something else")))
}

/// A package with what is asked of its version, as in `ext-math@^0.1`.
pub fn split_spec(spec: &str) -> (&str, Option<&str>) {
    match spec.trim().split_once('@') {
        Some((name, requirement)) => (name.trim(), Some(requirement.trim())),
        None => (spec.trim(), None),
    }
}

/// The candidates that look most like `word`, the nearest first.
pub fn near_matches<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const SHOWN: usize = 3;
    let allowed = word.len().div_ceil(4);
    let distance = |candidate: &str| match word.len() > 2 && candidate.contains(word) {
        true => 1,
        false => strsim::damerau_levenshtein(word, candidate),
    };
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    found.sort();
    found.dedup();
    found.truncate(SHOWN);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_mean() {
        let cases = [
            ("ext-math", Some("ext-math")),
            (" x07-ext-math ", Some("ext-math")),
            ("x07-other", Some("x07-other")),
            ("a_b-9", Some("a_b-9")),
            ("Big", None),
            ("9a", None),
            ("", None),
            ("a/b", None),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical_name(text).ok().as_deref(), expected, "{text:?}");
        }
        assert!(!is_package_name(&"a".repeat(129)));
    }

    #[test]
    fn similar_names_are_found() {
        let names = ["ext-math", "ext-rand", "ext-stdio"];
        assert_eq!(near_matches("ext-maht", names), ["ext-math"]);
        assert_eq!(near_matches("math", names), ["ext-math"]);
        assert!(near_matches("zzz", names).is_empty());
    }
}
