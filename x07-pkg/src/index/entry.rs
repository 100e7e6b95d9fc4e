//! The lines of an index: one JSON object per version.

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::advisory::{self, Advisory};
use crate::digest::is_sha256;

pub(crate) const SCHEMA: &str = "x07.index-entry@0.1.0";

/// A version in an index. The order of the fields is the order in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) schema_version: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// SHA-256 of the archive.
    pub(crate) cksum: String,
    pub(crate) yanked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) docs: Option<String>,
    /// Kept as it is when a folder's index is rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) advisories: Vec<Advisory>,
}

/// The folder of a package's file in an index.
pub(crate) fn shard(name: &str) -> String {
    match name.len() {
        1 => "1".to_owned(),
        2 => "2".to_owned(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    }
}

/// The versions in a package's file, the lowest first. Versions that are not SemVer are left out, and of two that
/// differ in build metadata alone the first one counts.
pub(crate) fn parse_entries(name: &str, text: &[u8]) -> Result<Vec<(Version, Entry)>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut entries: Vec<(Version, Entry)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        if line.trim().is_empty() {
            continue;
        }
        let entry: Entry = serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))?;
        check(name, &entry).map_err(|why| format!("line {number}: {why}"))?;
        let Ok(version) = Version::parse(&entry.version) else {
            continue;
        };
        if !entries.iter().any(|(other, _)| version.cmp_precedence(other).is_eq()) {
            entries.push((version, entry));
        }
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp_precedence(b));
    Ok(entries)
}

fn check(name: &str, entry: &Entry) -> Result<(), String> {
    if entry.schema_version != SCHEMA {
        return Err(format!("schema_version is {:?}, expected {SCHEMA:?}", entry.schema_version));
    }
    if entry.name != name {
        return Err(format!("it speaks of {:?}", entry.name));
    }
    if !is_sha256(&entry.cksum) {
        return Err(format!("{:?} is not a SHA-256", entry.cksum));
    }
    for advisory in &entry.advisories {
        if advisory.schema_version != advisory::SCHEMA {
            return Err(format!("an advisory has schema_version {:?}", advisory.schema_version));
        }
        if (&advisory.package, &advisory.version) != (&entry.name, &entry.version) {
            return Err("an advisory speaks of another version".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_folders() {
        for (name, expected) in [("a", "1"), ("ab", "2"), ("mid", "3/m"), ("base", "ba/se"), ("ext-stdio", "ex/t-")] {
            assert_eq!(shard(name), expected);
        }
    }

    #[test]
    fn lines_are_checked_and_sorted() {
        let line = |version: &str, more: &str| {
            let sum = "0".repeat(64);
            format!(r#"{{"schema_version":"{SCHEMA}","name":"base","version":"{version}","cksum":"{sum}"{more}}}"#)
        };
        let good = |version: &str| line(version, r#","yanked":false"#);
        let versions = |text: String| {
            let entries = parse_entries("base", text.as_bytes())?;
            Ok::<_, String>(entries.iter().map(|(_, entry)| entry.version.clone()).collect::<Vec<_>>().join(" "))
        };
        let text = [good("1.0.0"), String::new(), good("0.9.0+x"), good("0.9.0+y"), good("nine")].join("\n");
        assert_eq!(versions(text).unwrap(), "0.9.0+x 1.0.0");
        let bad = [
            (line("1.0.0", ""), "line 1: missing field `yanked`"),
            (good("1.0.0") + "\n{", "line 2"),
            (good("1.0.0").replace("base", "case"), "speaks of \"case\""),
            (good("1.0.0").replace("0000", "xxxx"), "not a SHA-256"),
            (good("1.0.0").replace("@0.1.0", "@9"), "schema_version"),
        ];
        for (text, expected) in bad {
            let why = versions(text).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}
