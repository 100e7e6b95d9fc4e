//! Every diagnostic code with its cause, an example and the way out: `catalogue.md`, one section per code.

const TEXT: &str = include_str!("catalogue.md");

/// The section of a code, its title first.
pub(crate) fn find(code: &str) -> Option<&'static str> {
    sections().find(|(found, _)| found.eq_ignore_ascii_case(code)).map(|(_, section)| section)
}

/// All codes in the order of the file.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    sections().map(|(code, _)| code)
}

/// Codes with their sections; a section begins after `## `.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXT.split("\n## ").skip(1).map(|section| {
        let code = section.split([':', '\n']).next().unwrap_or_default().trim();
        (code, section.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_of_the_sources_is_explained_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut used = BTreeSet::new();
        for folder in ["crates", "x07-build", "x07-pkg"] {
            collect(&root.join(folder), is_code, &mut used);
        }
        let tests_from = used.len();
        collect(&root.join("crates/x07-test/src"), is_test_code, &mut used);
        assert!(used.len() > tests_from + 40, "the sources of the test runner were not found: {used:?}");
        assert!(used.len() > 30, "the sources were not found: {used:?}");
        let explained: BTreeSet<String> = codes().map(str::to_owned).collect();
        assert_eq!(explained.len(), codes().count(), "a code is explained twice");
        let missing: Vec<_> = used.difference(&explained).collect();
        assert!(missing.is_empty(), "not in catalogue.md: {missing:?}");
    }

    #[test]
    fn every_section_says_why_and_what_to_do() {
        for (code, section) in sections() {
            for part in [": ", "\nCause: ", "\nFix: "] {
                assert!(section.contains(part), "{code} lacks {part:?}");
            }
        }
    }

    fn collect(folder: &Path, is_code: fn(&str) -> bool, codes: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "tests" {
                collect(&path, is_code, codes);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                // Tests make codes up.
                let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                codes.extend(text.split('"').filter(|word| is_code(word)).map(str::to_owned));
            }
        }
    }

    fn is_word(word: &str) -> bool {
        word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    }

    /// A code of `x07 test`; in the sources of the test runner nothing else is written like one.
    fn is_test_code(word: &str) -> bool {
        is_word(word) && word.len() > 4 && (word.starts_with(['E', 'W']) || word.starts_with("X07T_"))
    }

    /// `X07-AREA-NNNN`, or the codes of `x07 init` and of packages.
    fn is_code(word: &str) -> bool {
        let numbered = word.strip_prefix("X07-").and_then(|rest| rest.rsplit_once('-'));
        let is_numbered =
            numbered.is_some_and(|(_, number)| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()));
        is_word(word)
            && (is_numbered
                || ["X07INIT_", "X07PKG_", "X07PROJECT_", "X07LOCK_"].iter().any(|prefix| word.starts_with(prefix)))
    }
}
