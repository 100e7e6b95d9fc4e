//! Heads whose code is in a native backend (spec builtins 2.14, 2.15; native-packages).

use super::Builtin;
use super::Needs::Native;
use super::Param::{Copy, Int, Keep, Lent};
use crate::types::Ty::{Bytes, ResultBytes, ResultI32, View};

const MATH: &str = "x07.math";
const RAND: &str = "x07.ext.rand";
const STDIO: &str = "x07.ext.stdio";

/// The backends whose C interface the runtime's headers have. A head of another one is refused.
pub const CALLABLE: &[&str] = &[MATH, RAND, STDIO];

const F64: &[&str] = &["operand is not 8 bytes (9100)"];

pub(super) const ROWS: &[Builtin] = &[
    Builtin::acts(
        "math.f64.add_v1",
        &[Lent("a"), Lent("b")],
        Bytes,
        F64,
        "Sum of two binary64 values of 8 little-endian bytes.",
    )
    .needs(Native(MATH)),
    Builtin::acts("math.f64.sub_v1", &[Lent("a"), Lent("b")], Bytes, F64, "Difference.").needs(Native(MATH)),
    Builtin::acts("math.f64.mul_v1", &[Lent("a"), Lent("b")], Bytes, F64, "Product.").needs(Native(MATH)),
    Builtin::acts("math.f64.div_v1", &[Lent("a"), Lent("b")], Bytes, F64, "Quotient.").needs(Native(MATH)),
    Builtin::acts(
        "math.f64.pow_v1",
        &[Lent("a"), Lent("b")],
        Bytes,
        F64,
        "`a` to the power of `b`, correctly rounded.",
    )
    .needs(Native(MATH)),
    Builtin::acts(
        "math.f64.min_v1",
        &[Lent("a"), Lent("b")],
        Bytes,
        F64,
        "The smaller one; NaN if either is NaN, `a` if they are equal.",
    )
    .needs(Native(MATH)),
    Builtin::acts(
        "math.f64.max_v1",
        &[Lent("a"), Lent("b")],
        Bytes,
        F64,
        "The larger one; NaN if either is NaN, `a` if they are equal.",
    )
    .needs(Native(MATH)),
    Builtin::acts(
        "math.f64.atan2_v1",
        &[Lent("y"), Lent("x")],
        Bytes,
        F64,
        "Angle of the point (x, y) in radians, correctly rounded.",
    )
    .needs(Native(MATH)),
    Builtin::acts("math.f64.neg_v1", &[Lent("x")], Bytes, F64, "The number with the other sign.").needs(Native(MATH)),
    Builtin::acts("math.f64.abs_v1", &[Lent("x")], Bytes, F64, "The number without its sign.").needs(Native(MATH)),
    Builtin::acts(
        "math.f64.sqrt_v1",
        &[Lent("x")],
        Bytes,
        F64,
        "Square root, correctly rounded; NaN of a negative number.",
    )
    .needs(Native(MATH)),
    Builtin::acts("math.f64.floor_v1", &[Lent("x")], Bytes, F64, "The largest integer that is not above `x`.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.ceil_v1", &[Lent("x")], Bytes, F64, "The smallest integer that is not below `x`.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.sin_v1", &[Lent("x")], Bytes, F64, "Sine of `x` radians, correctly rounded.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.cos_v1", &[Lent("x")], Bytes, F64, "Cosine of `x` radians, correctly rounded.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.tan_v1", &[Lent("x")], Bytes, F64, "Tangent of `x` radians, correctly rounded.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.exp_v1", &[Lent("x")], Bytes, F64, "e to the power of `x`, correctly rounded.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.log_v1", &[Lent("x")], Bytes, F64, "Natural logarithm, correctly rounded.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.to_bits_u64le_v1", &[Lent("x")], Bytes, F64, "The 8 bytes unchanged, a NaN too.")
        .needs(Native(MATH)),
    Builtin::acts("math.f64.from_i32_v1", &[Int("x")], Bytes, &[], "The i32 as binary64.").needs(Native(MATH)),
    Builtin::acts(
        "math.f64.to_i32_trunc_v1",
        &[Lent("x")],
        ResultI32,
        F64,
        "Without its fraction; err 40020 for NaN and infinities, 40021 out of range.",
    )
    .needs(Native(MATH)),
    Builtin::acts("math.f64.fmt_shortest_v1", &[Lent("x")], Bytes, F64, "The shortest text that reads back the same.")
        .needs(Native(MATH)),
    Builtin::acts(
        "math.f64.parse_v1",
        &[Lent("text")],
        ResultBytes,
        &[],
        "The number that the text spells, correctly rounded; err 40001 or 40002.",
    )
    .needs(Native(MATH)),
    Builtin::acts(
        "os.rand.bytes_v1",
        &[Int("n"), Keep("caps", Bytes)],
        ResultBytes,
        &[],
        "`n` random bytes of the operating system; err 60204, 60205 or 60215.",
    )
    .needs(Native(RAND)),
    Builtin::acts(
        "os.rand.u64_v1",
        &[Keep("caps", Bytes)],
        ResultBytes,
        &[],
        "8 random bytes of the operating system.",
    )
    .needs(Native(RAND)),
    Builtin::acts(
        "os.stdio.read_line_v1",
        &[Keep("caps", Bytes)],
        ResultBytes,
        &[],
        "The next line of standard input without its end; err 60121 at the end, 60116 if it is too long.",
    )
    .needs(Native(STDIO)),
    Builtin::acts(
        "os.stdio.write_stdout_v1",
        &[Keep("data", Bytes), Keep("caps", Bytes)],
        ResultI32,
        &[],
        "Writes all of `data` to standard output; ok(length), err 60116 if it is too long.",
    )
    .needs(Native(STDIO)),
    Builtin::acts(
        "os.stdio.write_stderr_v1",
        &[Keep("data", Bytes), Keep("caps", Bytes)],
        ResultI32,
        &[],
        "Writes all of `data` to standard error; ok(length), err 60116 if it is too long.",
    )
    .needs(Native(STDIO)),
    Builtin::acts("os.stdio.flush_stdout_v1", &[], ResultI32, &[], "Makes sure that what was written is out; ok(0).")
        .needs(Native(STDIO)),
    Builtin::acts("os.stdio.flush_stderr_v1", &[], ResultI32, &[], "Makes sure that what was written is out; ok(0).")
        .needs(Native(STDIO)),
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
