//! `json.jcs.canon_doc_v1`: a document and its canonical form, or the error.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use support::{Config, Executable, build, frame, program};

/// The limits come first in the input, 12 bytes.
fn canonicalizer() -> Executable {
    let unit = format!(
        "#define X07_WITH_ALL\n#include \"x07.h\"\nx07_bytes x07_solve(void) {{\n  x07_view in = x07_input();\n\
         return x07_json_jcs_canon_doc_v1(x07_view_window(in, 12, in.len - 12), x07_codec_read_u32_le(in, 0, 0),\n\
         x07_codec_read_u32_le(in, 4, 0), x07_codec_read_u32_le(in, 8, 0)); }}\n{}",
        program("X07_ABI_FRAMED", 1000, 1 << 24, 0)
    );
    build(&unit, Config::Sanitized)
}

fn canonical(executable: &Executable, limits: [u32; 3], document: &[u8]) -> Result<String, (u32, u32)> {
    let mut input: Vec<u8> = limits.iter().flat_map(|x| x.to_le_bytes()).collect();
    input.extend(document);
    let outcome = executable.run(&[], &frame(&input));
    assert_eq!(outcome.status, 0, "{}: {}", String::from_utf8_lossy(document), outcome.stderr);
    assert_eq!(outcome.metric("mem_stats.live_bytes"), 0);
    let (&ok, rest) = outcome.output().split_first().unwrap();
    if ok == 1 {
        return Ok(String::from_utf8(rest.to_vec()).unwrap());
    }
    let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
    assert_eq!((ok, rest.len()), (0, 8));
    Err((word(0), word(4)))
}

const WIDE: [u32; 3] = [1000, 0, u32::MAX];

#[test]
fn canonical_forms() {
    let executable = canonicalizer();
    for (document, expected) in [
        (" { } ", "{}"),
        ("[ ]", "[]"),
        ("[[],{},[{}]]", "[[],{},[{}]]"),
        ("\t[ true , false,null ]\r\n", "[true,false,null]"),
        (r#"{"b":1,"a":{"d":[1,2],"c":"x"}}"#, r#"{"a":{"c":"x","d":[1,2]},"b":1}"#),
        (
            r#"{"\u20ac":"Euro","\r":"CR","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"o"}"#,
            "{\"\\r\":\"CR\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"o\",\"\u{20ac}\":\"Euro\",\
             \"\u{1f600}\":\"Emoji\",\"\u{fb33}\":\"Dalet\"}",
        ),
        (r#"{"":0,"a":1,"aa":2}"#, r#"{"":0,"a":1,"aa":2}"#),
        (
            r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\b\f\t\u007f\u2028""#,
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\t\u{7f}\u{2028}\"",
        ),
        (
            "[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]",
            "[333333333.3333333,1e+30,4.5,0.002,1e-27]",
        ),
        (
            "[-0,0.0,1e0,-1.50,100,1e20,1e21,123456789012345680000]",
            "[0,0,1,-1.5,100,100000000000000000000,1e+21,123456789012345680000]",
        ),
        (
            "[0.000001,0.0000001,1e-400,5e-324,1.7976931348623157e308]",
            "[0.000001,1e-7,0,5e-324,1.7976931348623157e+308]",
        ),
        (
            "[9007199254740993,9007199254740991,2.2250738585072014e-308]",
            "[9007199254740992,9007199254740991,2.2250738585072014e-308]",
        ),
        (
            "[5.684341886080802e-14,9.007199254740993e15,1e23,0.1,123.456]",
            "[5.684341886080802e-14,9007199254740992,1e+23,0.1,123.456]",
        ),
        ("[-1e-7,1.5e-10,4.35,0.3,2.98023223876953125e-8]", "[-1e-7,1.5e-10,4.35,0.3,2.9802322387695312e-8]"),
    ] {
        assert_eq!(canonical(&executable, WIDE, document.as_bytes()).as_deref(), Ok(expected), "{document}");
    }
}

#[test]
fn errors_and_their_offsets() {
    let executable = canonicalizer();
    let deep = "[".repeat(100_000);
    for (limits, document, code, offset) in [
        (WIDE, &b""[..], 20, 0),
        (WIDE, b"  ", 20, 0),
        (WIDE, b"[1,]", 20, 3),
        (WIDE, b"[1 2]", 20, 3),
        (WIDE, b"{\"a\" 1}", 20, 5),
        (WIDE, b"{a:1}", 20, 1),
        (WIDE, b"[nul]", 20, 1),
        (WIDE, b"[01]", 20, 1),
        (WIDE, b"[1.]", 20, 1),
        (WIDE, b"[-]", 20, 1),
        (WIDE, b"\"a\\x\"", 20, 2),
        (WIDE, b"\"a\nb\"", 20, 2),
        (WIDE, b"\"abc", 20, 4),
        (WIDE, b"\"a\\u12", 20, 2),
        (WIDE, b"[\"\xff\"]", 21, 2),
        (WIDE, b"\"\xed\xa0\x80\"", 21, 1),
        (WIDE, b"\"a\\ud800\"", 21, 2),
        (WIDE, b"\"\\udc00\"", 21, 1),
        (WIDE, b"\"\\ud800\\u0041\"", 21, 1),
        (WIDE, b"\"\xef\xbf\xbf\"", 21, 1),
        (WIDE, b"\"\\ufdd0\"", 21, 1),
        (WIDE, b"[1e400]", 21, 1),
        (WIDE, b"{\"a\":1,\"b\":2,\"\\u0061\":3}", 21, 13),
        ([1, 0, u32::MAX], b"[[]]", 22, 1),
        ([0, 0, u32::MAX], b"{\"a\":[]}", 22, 5),
        ([50_000, 0, 0], deep.as_bytes(), 22, 50_000),
        ([9, 1, u32::MAX], b"[{\"a\":1,\"b\":2}]", 23, 1),
        ([9, 0, 0], b"{\"a\":1}", 23, 0),
        (WIDE, b"1 1", 24, 2),
        (WIDE, b"{}}", 24, 2),
    ] {
        let text = String::from_utf8_lossy(&document[..document.len().min(60)]);
        assert_eq!(canonical(&executable, limits, document), Err((code, offset)), "{text}");
    }
    assert_eq!(canonical(&executable, [9, 0, 0], b"{}"), Ok("{}".into()));
    assert_eq!(canonical(&executable, [0, 0, 0], b"[]"), Ok("[]".into()));
}
