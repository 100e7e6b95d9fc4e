//! The operations on numbers (spec native-packages 2.3 to 2.7).

/// Every result that is not a number.
pub(crate) const NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// The error of a conversion to i32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToI32Error {
    NotFinite,
    OutOfRange,
}

/// Drops the sign and the payload of what is not a number. Also done to operands, so that a signalling NaN is like any
/// other.
pub(crate) fn canonical(x: f64) -> f64 {
    if x.is_nan() { NAN } else { x }
}

pub(crate) fn negate(x: f64) -> f64 {
    -x
}

pub(crate) fn absolute(x: f64) -> f64 {
    x.abs()
}

/// The smaller one; the first if they compare equal, zeros of unlike sign among them.
pub(crate) fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        NAN
    } else if b < a {
        b
    } else {
        a
    }
}

/// The larger one; the first if they compare equal.
pub(crate) fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        NAN
    } else if b > a {
        b
    } else {
        a
    }
}

/// 0 less, 1 equal, 2 greater, 3 unordered.
pub(crate) fn compare(a: f64, b: f64) -> u32 {
    a.partial_cmp(&b).map_or(3, |order| (order as i8 + 1) as u32)
}

pub(crate) fn to_i32(x: f64) -> Result<i32, ToI32Error> {
    if !x.is_finite() {
        return Err(ToI32Error::NotFinite);
    }
    let inside = -2_147_483_649.0 < x && x < 2_147_483_648.0;
    if inside { Ok(x as i32) } else { Err(ToI32Error::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_zeros_is_taken() {
        for (a, b) in [(0.0, -0.0), (-0.0, 0.0)] {
            assert_eq!(minimum(a, b).to_bits(), f64::to_bits(a), "min({a}, {b})");
            assert_eq!(maximum(a, b).to_bits(), f64::to_bits(a), "max({a}, {b})");
        }
    }

    #[test]
    fn numbers_become_i32_by_truncation() {
        let cases = [
            (-2_147_483_648.9, Ok(i32::MIN)),
            (-2_147_483_649.0, Err(ToI32Error::OutOfRange)),
            (2_147_483_647.99, Ok(i32::MAX)),
            (2_147_483_648.0, Err(ToI32Error::OutOfRange)),
            (-0.9, Ok(0)),
            (f64::NEG_INFINITY, Err(ToI32Error::NotFinite)),
            (f64::NAN, Err(ToI32Error::NotFinite)),
        ];
        for (x, expected) in cases {
            assert_eq!(to_i32(x), expected, "{x}");
        }
    }

    #[test]
    fn numbers_compare_as_ieee_754_says() {
        let cases = [(1.0, 2.0, 0), (-0.0, 0.0, 1), (f64::INFINITY, 1.0, 2), (f64::NAN, 1.0, 3)];
        for (a, b, expected) in cases {
            assert_eq!(compare(a, b), expected, "{a} and {b}");
        }
    }
}
