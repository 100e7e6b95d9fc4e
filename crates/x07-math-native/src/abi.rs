//! The C functions (`x07_math_abi_v1.h`).

#![allow(unsafe_code, reason = "the C interface of the backend")]

use x07_native_support::{Bytes, ResultBytes, ResultI32, trap};

use crate::functions::{self, ToI32Error, canonical};
use crate::text::{self, ParseError};

const TRAP_NOT_8_BYTES: i32 = 9100;
pub(crate) const TRAP_INTERNAL: i32 = 9102;

const ERR_PARSE_INVALID: u32 = 40001;
const ERR_PARSE_OVERFLOW: u32 = 40002;
const ERR_TO_I32_NOT_FINITE: u32 = 40020;
const ERR_TO_I32_RANGE: u32 = 40021;

/// The 8 bytes of an operand of the running call.
fn bits(operand: Bytes) -> [u8; 8] {
    // SAFETY: the operand is an argument of the call that is running.
    let bytes = unsafe { operand.as_slice() };
    bytes.try_into().unwrap_or_else(|_| trap(TRAP_NOT_8_BYTES))
}

fn number(operand: Bytes) -> f64 {
    canonical(f64::from_le_bytes(bits(operand)))
}

fn result(x: f64) -> Bytes {
    Bytes::copied_from(&canonical(x).to_le_bytes())
}

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident = $function:expr;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(x: Bytes) -> Bytes {
            result($function(number(x)))
        }
    )*};
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident = $function:expr;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(a: Bytes, b: Bytes) -> Bytes {
            let (a, b) = (number(a), number(b));
            result($function(a, b))
        }
    )*};
}

unary! {
    /// `-x`.
    ev_math_f64_neg_v1 = functions::negate;
    /// `x` without its sign.
    ev_math_f64_abs_v1 = functions::absolute;
    /// The square root.
    ev_math_f64_sqrt_v1 = libm::sqrt;
    /// The largest integer that is not above `x`.
    ev_math_f64_floor_v1 = libm::floor;
    /// The smallest integer that is not below `x`.
    ev_math_f64_ceil_v1 = libm::ceil;
    /// The sine of `x` radians.
    ev_math_f64_sin_v1 = core_math::sin;
    /// The cosine of `x` radians.
    ev_math_f64_cos_v1 = core_math::cos;
    /// The tangent of `x` radians.
    ev_math_f64_tan_v1 = core_math::tan;
    /// e to the power of `x`.
    ev_math_f64_exp_v1 = core_math::exp;
    /// The natural logarithm.
    ev_math_f64_ln_v1 = core_math::log;
}

binary! {
    /// `a + b`.
    ev_math_f64_add_v1 = |a: f64, b: f64| a + b;
    /// `a - b`.
    ev_math_f64_sub_v1 = |a: f64, b: f64| a - b;
    /// `a * b`.
    ev_math_f64_mul_v1 = |a: f64, b: f64| a * b;
    /// `a / b`.
    ev_math_f64_div_v1 = |a: f64, b: f64| a / b;
    /// The smaller one.
    ev_math_f64_min_v1 = functions::minimum;
    /// The larger one.
    ev_math_f64_max_v1 = functions::maximum;
    /// `a` to the power of `b`.
    ev_math_f64_pow_v1 = core_math::pow;
    /// The angle of the point (b, a).
    ev_math_f64_atan2_v1 = core_math::atan2;
}

/// 0 less, 1 equal, 2 greater, 3 unordered, as 4 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn ev_math_f64_cmp_v1(a: Bytes, b: Bytes) -> Bytes {
    let (a, b) = (number(a), number(b));
    Bytes::copied_from(&functions::compare(a, b).to_le_bytes())
}

/// The same number.
#[unsafe(no_mangle)]
pub extern "C" fn ev_math_f64_from_i32_v1(x: i32) -> Bytes {
    result(f64::from(x))
}

/// Without its fraction; err 40020 for what is not finite, 40021 for what no i32 holds.
#[unsafe(no_mangle)]
pub extern "C" fn ev_math_f64_to_i32_trunc_v1(x: Bytes) -> ResultI32 {
    let code = |error| match error {
        ToI32Error::NotFinite => ERR_TO_I32_NOT_FINITE,
        ToI32Error::OutOfRange => ERR_TO_I32_RANGE,
    };
    functions::to_i32(number(x)).map_err(code).into()
}

/// The 8 bytes, whatever they are.
#[unsafe(no_mangle)]
pub extern "C" fn ev_math_f64_to_bits_u64le_v1(x: Bytes) -> Bytes {
    Bytes::copied_from(&bits(x))
}

/// The shortest text that reads back as the same number.
#[unsafe(no_mangle)]
pub extern "C" fn ev_math_f64_fmt_shortest_v1(x: Bytes) -> Bytes {
    Bytes::copied_from(text::shortest(number(x)).as_bytes())
}

/// The number that a text spells; err 40001 when it spells none, 40002 when that is too large.
#[unsafe(no_mangle)]
pub extern "C" fn ev_math_f64_parse_v1(text: Bytes) -> ResultBytes {
    // SAFETY: the text is an argument of the call that is running.
    let text = unsafe { text.as_slice() };
    let code = |error| match error {
        ParseError::Invalid => ERR_PARSE_INVALID,
        ParseError::Overflow => ERR_PARSE_OVERFLOW,
    };
    text::parse(text).map(result).map_err(code).into()
}
