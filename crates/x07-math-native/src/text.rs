//! Numbers from and to text (spec native-packages 2.8).

use crate::functions::NAN;

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    Invalid,
    Overflow,
}

/// The number that a text spells, rounded to nearest even from its exact value.
pub(crate) fn parse(text: &[u8]) -> Result<f64, ParseError> {
    let text = trim(text);
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if unsigned.eq_ignore_ascii_case(b"nan") {
        return Ok(NAN);
    }
    if unsigned.eq_ignore_ascii_case(b"inf") {
        return Ok(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !is_decimal(unsigned) {
        return Err(ParseError::Invalid);
    }
    // What is left is ASCII of the grammar that the standard library reads, and it reads any number of digits exactly.
    let number = core::str::from_utf8(unsigned).ok().and_then(|text| text.parse::<f64>().ok());
    match number {
        None => Err(ParseError::Invalid),
        Some(number) if number.is_infinite() => Err(ParseError::Overflow),
        Some(number) => Ok(if negative { -number } else { number }),
    }
}

fn trim(mut text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    while let [first, rest @ ..] = text
        && is_blank(first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_blank(last)
    {
        text = rest;
    }
    text
}

/// True for `digits [ . digits ] [ e [sign] digits ]` with a digit before or after the point.
fn is_decimal(text: &[u8]) -> bool {
    let (before, rest) = digits(text);
    let (after, rest) = match rest {
        [b'.', rest @ ..] => digits(rest),
        rest => (0, rest),
    };
    if before + after == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            let (count, rest) = digits(exponent);
            count > 0 && rest.is_empty()
        }
        _ => false,
    }
}

/// How many digits a text starts with, and what follows them.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, &text[count..])
}

/// The longest text: a sign, 17 digits, a point, `e-324`.
const LONGEST: usize = 24;

/// A short text on the stack.
pub(crate) struct Text {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Text {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The shortest text that reads back as the same number, and of those the closest.
pub(crate) fn shortest(x: f64) -> Text {
    let mut text = Text { bytes: [0; LONGEST], len: 0 };
    if x.is_nan() {
        text.extend(b"nan");
        return text;
    }
    if x.is_sign_negative() {
        text.push(b'-');
    }
    if x.is_infinite() {
        text.extend(b"inf");
    } else if x == 0.0 {
        text.push(b'0');
    } else {
        let mut buffer = zmij::Buffer::new();
        let (digits, exponent) = Digits::read(buffer.format_finite(x.abs()).as_bytes());
        lay_out(&mut text, digits.as_bytes(), exponent);
    }
    text
}

/// Positional form for exponents of the first digit from here to there, exponent form otherwise.
const POSITIONAL: core::ops::RangeInclusive<i32> = -5..=15;

fn lay_out(text: &mut Text, digits: &[u8], exponent: i32) {
    if !POSITIONAL.contains(&exponent) {
        let (first, rest) = digits.split_at(digits.len().min(1));
        text.extend(first);
        if !rest.is_empty() {
            text.push(b'.');
            text.extend(rest);
        }
        text.push(b'e');
        push_number(text, exponent);
    } else if exponent < 0 {
        text.extend(b"0.");
        (exponent + 1..0).for_each(|_| text.push(b'0'));
        text.extend(digits);
    } else {
        let integral = exponent as usize + 1;
        for place in 0..integral.max(digits.len()) {
            if place == integral {
                text.push(b'.');
            }
            text.push(digits.get(place).copied().unwrap_or(b'0'));
        }
    }
}

fn push_number(text: &mut Text, number: i32) {
    if number < 0 {
        text.push(b'-');
    }
    let rest = number.unsigned_abs();
    for unit in [100, 10, 1] {
        if rest >= unit || unit == 1 {
            text.push(b'0' + (rest / unit % 10) as u8);
        }
    }
}

/// The significant digits of a number: no zero at either end.
struct Digits {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Digits {
    /// Takes any decimal notation of a positive number apart: its digits, and the exponent of the first of them.
    fn read(notation: &[u8]) -> (Digits, i32) {
        let mut digits = Digits { bytes: [0; LONGEST], len: 0 };
        let mantissa = notation.split(|byte| *byte == b'e').next().unwrap_or_default();
        let (mut exponent, mut after_point) = (-1, false);
        for byte in mantissa {
            if *byte == b'.' {
                after_point = true;
                continue;
            }
            let leading_zero = *byte == b'0' && digits.len == 0;
            if !leading_zero && let Some(place) = digits.bytes.get_mut(digits.len) {
                *place = *byte;
                digits.len += 1;
            }
            match (leading_zero, after_point) {
                (false, false) => exponent += 1,
                (true, true) => exponent -= 1,
                _ => {}
            }
        }
        while digits.as_bytes().last() == Some(&b'0') {
            digits.len -= 1;
        }
        (digits, exponent + written_exponent(notation.get(mantissa.len() + 1..).unwrap_or_default()))
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

fn written_exponent(text: &[u8]) -> i32 {
    let number = text.iter().filter(|byte| byte.is_ascii_digit());
    let number = number.fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
    if text.first() == Some(&b'-') { -number } else { number }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::{format, vec};

    use super::*;

    fn written(x: f64) -> String {
        String::from_utf8(shortest(x).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn numbers_are_written_as_the_package_says() {
        let cases = [
            (42.0, "42"),
            (-2.5, "-2.5"),
            (0.00001, "0.00001"),
            (0.000015, "0.000015"),
            (0.5, "0.5"),
            (1e15, "1000000000000000"),
            (9007199254740992.0, "9007199254740992"),
            (1e16, "1e16"),
            (12345678901234568e1, "1.2345678901234568e17"),
            (1e-6, "1e-6"),
            (1.234e-6, "1.234e-6"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (-f64::MIN_POSITIVE, "-2.2250738585072014e-308"),
            (0.0, "0"),
            (-0.0, "-0"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
        ];
        for (x, expected) in cases {
            assert_eq!(written(x), expected);
        }
    }

    #[test]
    fn texts_are_read_as_the_package_says() {
        let cases: [(&str, Result<f64, ParseError>); 28] = [
            (" \t\r\n-00012.3400e+2 ", Ok(-1234.0)),
            ("5.", Ok(5.0)),
            (".5", Ok(0.5)),
            ("1.e5", Ok(1e5)),
            ("+1E-2", Ok(0.01)),
            ("-Inf", Ok(f64::NEG_INFINITY)),
            ("INF", Ok(f64::INFINITY)),
            ("1e-400", Ok(0.0)),
            ("-1e-400", Ok(-0.0)),
            ("2.4703282292062328e-324", Ok(5e-324)),
            ("1e-99999999999999999999", Ok(0.0)),
            ("0e999999", Ok(0.0)),
            ("1.7976931348623158e308", Ok(f64::MAX)),
            ("1.7976931348623159e308", Err(ParseError::Overflow)),
            ("1e999999999999999999999", Err(ParseError::Overflow)),
            ("", Err(ParseError::Invalid)),
            (".", Err(ParseError::Invalid)),
            ("e5", Err(ParseError::Invalid)),
            ("1e", Err(ParseError::Invalid)),
            ("1e+", Err(ParseError::Invalid)),
            ("--1", Err(ParseError::Invalid)),
            ("1 2", Err(ParseError::Invalid)),
            ("1_0", Err(ParseError::Invalid)),
            ("0x10", Err(ParseError::Invalid)),
            ("infinity", Err(ParseError::Invalid)),
            ("\u{b}1", Err(ParseError::Invalid)),
            ("1\0", Err(ParseError::Invalid)),
            ("\u{e9}", Err(ParseError::Invalid)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text.as_bytes()).map(f64::to_bits), expected.map(f64::to_bits), "{text:?}");
        }
        for text in ["nan", "-NaN", "+nAn"] {
            assert_eq!(parse(text.as_bytes()).map(f64::to_bits), Ok(NAN.to_bits()), "{text:?}");
        }
    }

    /// What the standard library makes of it by another algorithm: the length of its shortest digits, and the closest
    /// digits of that length, even ones in the middle between two. Beside a power of two these may belong to a neighbour.
    fn expected_digits(x: f64) -> String {
        let shortest = format!("{x:e}");
        let precision = shortest.split('e').next().unwrap_or_default().len().saturating_sub(2);
        let closest = format!("{x:.precision$e}");
        if closest.parse() == Ok(x) { closest } else { shortest }
    }

    #[test]
    fn any_number_has_its_shortest_digits_and_reads_back() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut numbers = vec![f64::MIN_POSITIVE, f64::MAX, 5e-324, 9.5e22, 2e23, 8.41e21];
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            numbers.extend([f64::from_bits(state), (state >> 40) as f64 / 1000.0]);
        }
        for x in numbers.into_iter().filter(|x| x.is_finite() && *x != 0.0) {
            let text = written(x);
            assert_eq!(parse(text.as_bytes()).map(f64::to_bits), Ok(x.to_bits()), "{text}");
            let expected = expected_digits(x.abs());
            let (digits, exponent) = expected.split_once('e').unwrap();
            let digits: String = digits.chars().filter(|c| *c != '.').collect();
            let (found, found_exponent) = Digits::read(text.trim_start_matches('-').as_bytes());
            assert_eq!(
                (String::from_utf8_lossy(found.as_bytes()).as_ref(), found_exponent),
                (digits.as_str(), exponent.parse().unwrap()),
                "{text}"
            );
        }
    }
}
