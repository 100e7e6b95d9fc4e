//! What a driver's output says (X07TEST_STATUS_V1).

/// A decoded status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TestStatus {
    Passed,
    Failed { code: i32, record: Option<Record> },
    Skipped,
}

/// What a test may append to the status of a failed comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) got_len: u32,
    pub(crate) expected_len: u32,
    pub(crate) got: Vec<u8>,
    pub(crate) expected: Vec<u8>,
}

/// The code of a failed comparison of bytes, the only one that a record may follow.
const CODE_BYTES_EQ: i32 = 1003;
const MAGIC: &[u8] = b"X7T1";
const LONGEST_PREFIX: usize = 64;

/// Decodes an output; an error says what is wrong with it.
pub(crate) fn decode(output: &[u8]) -> Result<TestStatus, String> {
    let Some((head, rest)) = output.split_first_chunk::<5>() else {
        return Err(format!("X07TEST_STATUS_V1 has 5 bytes, got {}", output.len()));
    };
    let [tag, code @ ..] = *head;
    let code = i32::from_le_bytes(code);
    let record = match (tag, code) {
        _ if rest.is_empty() => None,
        (0, CODE_BYTES_EQ) => {
            Some(record(rest).ok_or("what follows a status with code 1003 is no record of a comparison")?)
        }
        _ => return Err(format!("X07TEST_STATUS_V1 has 5 bytes, got {}", output.len())),
    };
    match tag {
        0 => Ok(TestStatus::Failed { code, record }),
        1 => Ok(TestStatus::Passed),
        2 => Ok(TestStatus::Skipped),
        tag => Err(format!("X07TEST_STATUS_V1 begins with 0, 1 or 2, got {tag}")),
    }
}

fn record(bytes: &[u8]) -> Option<Record> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (&longest, rest) = rest.split_first()?;
    let longest = usize::from(longest);
    let (got_len, rest) = rest.split_first_chunk::<4>()?;
    let (expected_len, rest) = rest.split_first_chunk::<4>()?;
    let (got_len, expected_len) = (u32::from_le_bytes(*got_len), u32::from_le_bytes(*expected_len));
    let kept = |len: u32| usize::try_from(len).unwrap_or(usize::MAX).min(longest);
    if longest > LONGEST_PREFIX || rest.len() != kept(got_len) + kept(expected_len) {
        return None;
    }
    let (got, expected) = rest.split_at(kept(got_len));
    Some(Record { got_len, expected_len, got: got.to_vec(), expected: expected.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_decoded_as_specified() {
        let fail = |code| Ok(TestStatus::Failed { code, record: None });
        let cases: [(&[u8], Result<TestStatus, &str>); 10] = [
            (b"\x01\0\0\0\0", Ok(TestStatus::Passed)),
            (b"\x01\x07\0\0\0", Ok(TestStatus::Passed)),
            (b"\x02\0\0\0\0", Ok(TestStatus::Skipped)),
            (b"\0\xea\x03\0\0", fail(1002)),
            (b"\0\xff\xff\xff\xff", fail(-1)),
            (b"", Err("X07TEST_STATUS_V1 has 5 bytes, got 0")),
            (b"\x03\0\0\0\0", Err("X07TEST_STATUS_V1 begins with 0, 1 or 2, got 3")),
            (b"\x01\0\0\0\0x", Err("X07TEST_STATUS_V1 has 5 bytes, got 6")),
            (b"\0\xeb\x03\0\0x", Err("what follows a status with code 1003 is no record of a comparison")),
            (
                b"\0\xeb\x03\0\0X7T1\x02\x03\0\0\0\x01\0\0\0abc",
                Ok(TestStatus::Failed {
                    code: 1003,
                    record: Some(Record { got_len: 3, expected_len: 1, got: b"ab".into(), expected: b"c".into() }),
                }),
            ),
        ];
        for (output, expected) in cases {
            assert_eq!(decode(output), expected.map_err(str::to_owned), "{output:?}");
        }
    }
}
