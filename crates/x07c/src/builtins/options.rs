//! option_*, result_*.

use super::Param::{Copy, Int, Look, Move};
use super::{Builtin, Special};
use crate::types::Ty::{
    Bytes, I32, OptionBytes, OptionI32, OptionView, ResultBytes, ResultI32, ResultResultBytes, ResultView, View,
};

pub(super) const ROWS: &[Builtin] = &[
    Builtin::reads("option_i32.none", &[], OptionI32, &[], "No value."),
    Builtin::reads("option_i32.some", &[Int("x")], OptionI32, &[], "The value `x`."),
    Builtin::reads("option_i32.is_some", &[Copy("o", OptionI32)], I32, &[], "1 if there is a value, else 0."),
    Builtin::reads(
        "option_i32.unwrap_or",
        &[Copy("o", OptionI32), Int("default")],
        I32,
        &[],
        "The value, or `default`.",
    ),
    Builtin::reads("option_bytes.none", &[], OptionBytes, &[], "No value."),
    Builtin::reads("option_bytes.some", &[Move("b", Bytes)], OptionBytes, &[], "The value `b`."),
    Builtin::reads("option_bytes.is_some", &[Look("o", OptionBytes)], I32, &[], "1 if there is a value, else 0."),
    Builtin::special(
        "option_bytes.unwrap_or",
        &[Move("o", OptionBytes), Move("default", Bytes)],
        Bytes,
        Special::OptionBytesUnwrap,
        "The value, or `default`; the other one is dropped at the end of the scope.",
    ),
    Builtin::reads("option_bytes_view.none", &[], OptionView, &[], "No value."),
    Builtin::borrows("option_bytes_view.some", &[Copy("v", View)], OptionView, &[], "The value `v`."),
    Builtin::reads("option_bytes_view.is_some", &[Copy("o", OptionView)], I32, &[], "1 if there is a value, else 0."),
    Builtin::special(
        "option_bytes_view.unwrap_or",
        &[Copy("o", OptionView), Copy("default", View)],
        View,
        Special::LazyUnwrap,
        "The value, or `default`, which is evaluated only when needed.",
    ),
    Builtin::reads("result_i32.ok", &[Int("x")], ResultI32, &[], "Success with `x`."),
    Builtin::reads("result_i32.err", &[Int("code")], ResultI32, &[], "Failure with `code`."),
    Builtin::reads("result_i32.is_ok", &[Copy("r", ResultI32)], I32, &[], "1 for success, else 0."),
    Builtin::reads("result_i32.err_code", &[Copy("r", ResultI32)], I32, &[], "The error code; 0 for success."),
    Builtin::reads(
        "result_i32.unwrap_or",
        &[Copy("r", ResultI32), Int("default")],
        I32,
        &[],
        "The value, or `default`.",
    ),
    Builtin::reads("result_bytes.ok", &[Move("b", Bytes)], ResultBytes, &[], "Success with `b`."),
    Builtin::reads("result_bytes.err", &[Int("code")], ResultBytes, &[], "Failure with `code`."),
    Builtin::reads("result_bytes.is_ok", &[Look("r", ResultBytes)], I32, &[], "1 for success, else 0."),
    Builtin::reads("result_bytes.err_code", &[Look("r", ResultBytes)], I32, &[], "The error code; 0 for success."),
    Builtin::special(
        "result_bytes.unwrap_or",
        &[Move("r", ResultBytes), Move("default", Bytes)],
        Bytes,
        Special::OptionBytesUnwrap,
        "The value, or `default`; the other one is dropped at the end of the scope.",
    ),
    Builtin::borrows("result_bytes_view.ok", &[Copy("v", View)], ResultView, &[], "Success with `v`."),
    Builtin::reads("result_bytes_view.err", &[Int("code")], ResultView, &[], "Failure with `code`."),
    Builtin::reads("result_bytes_view.is_ok", &[Copy("r", ResultView)], I32, &[], "1 for success, else 0."),
    Builtin::reads("result_bytes_view.err_code", &[Copy("r", ResultView)], I32, &[], "The error code; 0 for success."),
    Builtin::special(
        "result_bytes_view.unwrap_or",
        &[Copy("r", ResultView), Copy("default", View)],
        View,
        Special::LazyUnwrap,
        "The value, or `default`, which is evaluated only when needed.",
    ),
    Builtin::reads(
        "result_result_bytes.is_ok",
        &[Look("r", ResultResultBytes)],
        I32,
        &[],
        "1 for outer success, else 0.",
    ),
    Builtin::reads(
        "result_result_bytes.err_code",
        &[Look("r", ResultResultBytes)],
        I32,
        &[],
        "The outer error code; 0 for success.",
    ),
    Builtin::special(
        "result_result_bytes.unwrap_or",
        &[Move("r", ResultResultBytes), Move("default", ResultBytes)],
        ResultBytes,
        Special::OptionBytesUnwrap,
        "The inner result, or `default`.",
    ),
];
