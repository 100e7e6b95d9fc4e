//! Heads whose code is in a native backend (spec builtins 2.14, 2.15).

use super::Builtin;
use super::Needs::Native;
use super::Param::{Copy, Int, Lent};
use crate::types::Ty::{Bytes, ResultBytes, ResultI32, View};

pub(super) const ROWS: &[Builtin] = &[
    Builtin::acts("math.f64.add_v1", &[Lent("a"), Lent("b")], Bytes, &[], "Sum.").needs(Native("x07.math")),
    Builtin::acts("math.f64.sub_v1", &[Lent("a"), Lent("b")], Bytes, &[], "Difference.").needs(Native("x07.math")),
    Builtin::acts("math.f64.mul_v1", &[Lent("a"), Lent("b")], Bytes, &[], "Product.").needs(Native("x07.math")),
    Builtin::acts("math.f64.div_v1", &[Lent("a"), Lent("b")], Bytes, &[], "Quotient.").needs(Native("x07.math")),
    Builtin::acts("math.f64.pow_v1", &[Lent("a"), Lent("b")], Bytes, &[], "Power.").needs(Native("x07.math")),
    Builtin::acts("math.f64.min_v1", &[Lent("a"), Lent("b")], Bytes, &[], "The smaller.").needs(Native("x07.math")),
    Builtin::acts("math.f64.max_v1", &[Lent("a"), Lent("b")], Bytes, &[], "The larger.").needs(Native("x07.math")),
    Builtin::acts("math.f64.atan2_v1", &[Lent("a"), Lent("b")], Bytes, &[], "Angle of the point (b, a).")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.neg_v1", &[Lent("x")], Bytes, &[], "The function neg of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.abs_v1", &[Lent("x")], Bytes, &[], "The function abs of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.sqrt_v1", &[Lent("x")], Bytes, &[], "The function sqrt of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.sin_v1", &[Lent("x")], Bytes, &[], "The function sin of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.cos_v1", &[Lent("x")], Bytes, &[], "The function cos of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.tan_v1", &[Lent("x")], Bytes, &[], "The function tan of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.exp_v1", &[Lent("x")], Bytes, &[], "The function exp of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.log_v1", &[Lent("x")], Bytes, &[], "The function log of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.floor_v1", &[Lent("x")], Bytes, &[], "The function floor of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.ceil_v1", &[Lent("x")], Bytes, &[], "The function ceil of a binary64.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.to_bits_u64le_v1", &[Lent("x")], Bytes, &[], "The 8 bytes unchanged.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.from_i32_v1", &[Int("x")], Bytes, &[], "The i32 as binary64.").needs(Native("x07.math")),
    Builtin::acts("math.f64.to_i32_trunc_v1", &[Lent("x")], ResultI32, &[], "Truncated to i32; err 40020 or 40021.")
        .needs(Native("x07.math")),
    Builtin::acts("math.f64.fmt_shortest_v1", &[Lent("x")], Bytes, &[], "Shortest text that reads back the same.")
        .needs(Native("x07.math")),
    Builtin::acts(
        "math.f64.parse_v1",
        &[Lent("text")],
        ResultBytes,
        &[],
        "The binary64 that the text spells; err 40001 or 40002.",
    )
    .needs(Native("x07.math")),
    Builtin::acts(
        "regex.compile_opts_v1",
        &[Copy("pattern", View), Int("options")],
        Bytes,
        &[],
        "A result document of the regex backend.",
    )
    .needs(Native("x07.ext.regex")),
    Builtin::acts(
        "regex.exec_from_v1",
        &[Copy("compiled", View), Copy("text", View), Int("start")],
        Bytes,
        &[],
        "A result document of the regex backend.",
    )
    .needs(Native("x07.ext.regex")),
    Builtin::acts(
        "regex.exec_caps_from_v1",
        &[Copy("compiled", View), Copy("text", View), Int("start")],
        Bytes,
        &[],
        "A result document of the regex backend.",
    )
    .needs(Native("x07.ext.regex")),
    Builtin::acts(
        "regex.find_all_x7sl_v1",
        &[Copy("compiled", View), Copy("text", View), Int("max")],
        Bytes,
        &[],
        "A result document of the regex backend.",
    )
    .needs(Native("x07.ext.regex")),
    Builtin::acts(
        "regex.split_v1",
        &[Copy("compiled", View), Copy("text", View), Int("max")],
        Bytes,
        &[],
        "A result document of the regex backend.",
    )
    .needs(Native("x07.ext.regex")),
    Builtin::acts(
        "regex.replace_all_v1",
        &[Copy("compiled", View), Copy("text", View), Copy("replacement", View), Int("max")],
        Bytes,
        &[],
        "A result document of the regex backend.",
    )
    .needs(Native("x07.ext.regex")),
    Builtin::acts(
        "jsonschema.compile_v1",
        &[Copy("schema", View)],
        Bytes,
        &[],
        "A result document of the JSON Schema backend.",
    )
    .needs(Native("x07.ext.jsonschema")),
    Builtin::acts(
        "jsonschema.validate_v1",
        &[Copy("compiled", View), Copy("instance", View)],
        Bytes,
        &[],
        "A result document of the JSON Schema backend.",
    )
    .needs(Native("x07.ext.jsonschema")),
];
