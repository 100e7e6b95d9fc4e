//! Two values that should have been equal, for a person.

use std::fmt::Write;

use x07_runner::Compared;

use crate::shell::count;

/// Bytes shown in hexadecimal.
const HEX_BYTES: usize = 16;

/// The two values below each other, each line indented.
pub(super) fn lines(compared: &Compared) -> String {
    match compared {
        Compared::Numbers { got, expected } => format!("       got  {got}\n  expected  {expected}\n"),
        Compared::Bytes { got_len, expected_len, difference, from, got_hex, expected_hex } => {
            let from = *from as usize;
            let got = Window { bytes: decode(got_hex), from, len: *got_len as usize };
            let expected = Window { bytes: decode(expected_hex), from, len: *expected_len as usize };
            let at = (*difference as usize).saturating_sub(from);
            let mut text = String::new();
            let both_are_text = got.text().zip(expected.text());
            if let Some((got_text, expected_text)) = &both_are_text {
                let _ = write!(text, "       got  {got_text}\n  expected  {expected_text}\n");
                let _ = writeln!(text, "they differ from index {difference} on:");
            }
            let _ = write!(text, "       got  {}\n  expected  {}\n", got.hex(at), expected.hex(at));
            if both_are_text.is_none() {
                let _ = writeln!(text, "they differ from index {difference} on");
            }
            text
        }
    }
}

fn decode(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map_while(pair).collect()
}

/// A part of some bytes.
struct Window {
    bytes: Vec<u8>,
    from: usize,
    len: usize,
}

impl Window {
    /// As a string, if it is text; where the window cuts a character in two, the part is left out.
    fn text(&self) -> Option<String> {
        let cut =
            if self.from == 0 { 0 } else { self.bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count() };
        let whole = &self.bytes[cut..];
        let text = match std::str::from_utf8(whole) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() && self.ends_early() => {
                std::str::from_utf8(&whole[..error.valid_up_to()]).ok()?
            }
            Err(_) => return None,
        };
        if text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c)) {
            return None;
        }
        let before = if self.from > 0 { "…" } else { "" };
        let after = if self.ends_early() { "…" } else { "" };
        Some(format!("{before}{text:?}{after} ({})", count(self.len, "byte")))
    }

    fn ends_early(&self) -> bool {
        self.from + self.bytes.len() < self.len
    }

    /// The bytes around the index `at` of the window in hexadecimal.
    fn hex(&self, at: usize) -> String {
        let start = at.saturating_sub(HEX_BYTES / 4).min(self.bytes.len());
        let end = (start + HEX_BYTES).min(self.bytes.len());
        let shown: Vec<String> = self.bytes[start..end].iter().map(|byte| format!("{byte:02x}")).collect();
        let before = if self.from + start > 0 { "… " } else { "" };
        let after = if self.from + end < self.len { " …" } else { "" };
        let blank = if shown.is_empty() { "" } else { " " };
        format!("{before}{}{after}{blank}({})", shown.join(" "), count(self.len, "byte"))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(got: &[u8], expected: &[u8], output: Expect) {
        let difference = got.iter().zip(expected).take_while(|(a, b)| a == b).count();
        let from = difference.saturating_sub(64);
        let window = |bytes: &[u8]| {
            let rest = bytes.get(from..).unwrap_or_default();
            rest.iter().take(256).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let compared = Compared::Bytes {
            got_len: got.len() as u32,
            expected_len: expected.len() as u32,
            difference: difference as u32,
            from: from as u32,
            got_hex: window(got),
            expected_hex: window(expected),
        };
        output.assert_eq(&lines(&compared));
    }

    #[test]
    fn text_is_shown_as_text_and_bytes_as_bytes() {
        check(
            b"Hello, Bob!\n",
            "Hello, Zoë!\n".as_bytes(),
            expect![[r#"
                       got  "Hello, Bob!\n" (12 bytes)
                  expected  "Hello, Zoë!\n" (13 bytes)
                they differ from index 7 on:
                       got  … 6c 6f 2c 20 42 6f 62 21 0a (12 bytes)
                  expected  … 6c 6f 2c 20 5a 6f c3 ab 21 0a (13 bytes)
            "#]],
        );
        check(
            b"",
            b"\x00\x01",
            expect![[r#"
                       got  (0 bytes)
                  expected  00 01 (2 bytes)
                they differ from index 0 on
            "#]],
        );
    }

    #[test]
    fn of_long_values_the_difference_is_shown() {
        let mut got = vec![b'x'; 1000];
        got[500] = b'y';
        check(
            &got,
            &[b'x'; 600],
            expect![[r#"
                       got  …"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"… (1000 bytes)
                  expected  …"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" (600 bytes)
                they differ from index 500 on:
                       got  … 78 78 78 78 79 78 78 78 78 78 78 78 78 78 78 78 … (1000 bytes)
                  expected  … 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 … (600 bytes)
            "#]],
        );
    }
}
