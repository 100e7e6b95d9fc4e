//! The patterns of policies (spec os-worlds 9.7).

/// A pattern has at most this many tokens.
const MAX_TOKENS: usize = 256;

/// True for a pattern that the runtime can match: `.` any byte, `\x` the byte x, `*` repeats what is before it.
pub(super) fn is_regex_lite(pattern: &str) -> bool {
    let (mut tokens, mut repeats) = (0, true);
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' if repeats => return false,
            b'*' => repeats = true,
            b';' => return false,
            b'\\' if bytes.next().is_none() => return false,
            _ => {
                tokens += 1;
                repeats = false;
            }
        }
    }
    (1..=MAX_TOKENS).contains(&tokens)
}

#[cfg(test)]
mod tests {
    use super::is_regex_lite;

    #[test]
    fn stars_follow_something() {
        let cases = [("h.*", true), ("\\*", true), ("a*b*", true), ("", false), ("*a", false), ("a**", false)];
        for (pattern, expected) in cases.into_iter().chain([("a\\", false), ("a;b", false)]) {
            assert_eq!(is_regex_lite(pattern), expected, "{pattern}");
        }
    }
}
