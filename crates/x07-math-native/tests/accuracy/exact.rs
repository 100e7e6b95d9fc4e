//! The functions with as many bits as asked for, and what it means to be correctly rounded.

use astro_float::{BigFloat, Consts, RoundingMode};

const ROUND: RoundingMode = RoundingMode::ToEven;

/// Computes with arbitrary precision.
pub(crate) struct Exact {
    constants: Consts,
}

impl Exact {
    pub(crate) fn new() -> Self {
        Exact { constants: Consts::new().unwrap() }
    }

    pub(crate) fn sin(&mut self, x: f64, _: f64, bits: usize) -> BigFloat {
        number(x).sin(bits, ROUND, &mut self.constants)
    }

    pub(crate) fn cos(&mut self, x: f64, _: f64, bits: usize) -> BigFloat {
        number(x).cos(bits, ROUND, &mut self.constants)
    }

    pub(crate) fn tan(&mut self, x: f64, _: f64, bits: usize) -> BigFloat {
        number(x).tan(bits, ROUND, &mut self.constants)
    }

    pub(crate) fn exp(&mut self, x: f64, _: f64, bits: usize) -> BigFloat {
        number(x).exp(bits, ROUND, &mut self.constants)
    }

    pub(crate) fn log(&mut self, x: f64, _: f64, bits: usize) -> BigFloat {
        number(x).ln(bits, ROUND, &mut self.constants)
    }

    pub(crate) fn pow(&mut self, x: f64, y: f64, bits: usize) -> BigFloat {
        if y == 2.0 {
            // The library looks for ever for digits that tell where an exact power is.
            return number(x).mul(&number(x), 256, ROUND);
        }
        number(x).pow(&number(y), bits, ROUND, &mut self.constants)
    }

    pub(crate) fn atan2(&mut self, y: f64, x: f64, bits: usize) -> BigFloat {
        // The quotient is wrong in its last bit, so it has more of them.
        let wide = bits + 64;
        let quotient = number(y).div(&number(x), wide, ROUND);
        let angle = quotient.atan(wide, ROUND, &mut self.constants);
        if x > 0.0 {
            return angle;
        }
        let pi = self.constants.pi(wide, ROUND);
        if y > 0.0 { angle.add(&pi, wide, ROUND) } else { angle.sub(&pi, wide, ROUND) }
    }
}

/// A binary64 as it is. The library reads subnormal ones wrongly, so these are scaled.
fn number(x: f64) -> BigFloat {
    if x != 0.0 && x.is_subnormal() {
        let scale = 2_f64.powi(600);
        return BigFloat::from_f64(x * scale, 64).mul(&BigFloat::from_f64(1.0 / scale, 64), 128, ROUND);
    }
    BigFloat::from_f64(x, 64)
}

/// Enough bits to decide all but what lies in the middle between two numbers exactly.
const PRECISIONS: [usize; 3] = [192, 384, 768];

/// True if no binary64 is closer to the exact value, and if another is as close, then `found` is the even one.
pub(crate) fn is_correctly_rounded(found: f64, mut exact: impl FnMut(usize) -> BigFloat) -> bool {
    let (below, above) = (middle(found, found.next_down()), middle(found, found.next_up()));
    for bits in PRECISIONS {
        let value = exact(bits);
        assert!(!value.is_nan(), "the exact value cannot be computed");
        match (side(&value, &below, bits), side(&value, &above, bits)) {
            (Some(1), Some(-1)) => return true,
            (Some(_), Some(_)) => return false,
            _ => {}
        }
    }
    found.to_bits() & 1 == 0
}

/// The point where rounding changes between two neighbours. Beyond the largest number lies the next power of two.
fn middle(found: f64, neighbour: f64) -> BigFloat {
    let beyond = |x: f64| match x {
        f64::INFINITY | f64::NEG_INFINITY => {
            let power = number(f64::MAX.next_down()).add(&number(2_f64.powi(972)), 128, ROUND);
            if x > 0.0 { power } else { power.neg() }
        }
        _ => number(x),
    };
    // An infinity is next to the largest number, and to nothing further out.
    if found.is_infinite() && neighbour == found {
        return if found > 0.0 {
            BigFloat::from_f64(f64::INFINITY, 64)
        } else {
            BigFloat::from_f64(f64::NEG_INFINITY, 64)
        };
    }
    // Wide enough for any sum of neighbours; and the library adds zeros wrongly.
    let sum = match (found == 0.0, neighbour == 0.0) {
        (true, _) => beyond(neighbour),
        (_, true) => beyond(found),
        _ => beyond(found).add(&beyond(neighbour), 256, ROUND),
    };
    sum.mul(&number(0.5), 256, ROUND)
}

/// On which side of a point the exact value lies; `None` if its bits do not tell.
fn side(value: &BigFloat, point: &BigFloat, bits: usize) -> Option<i32> {
    if !point.is_inf() {
        let distance = value.sub(point, bits, ROUND);
        let close = match (distance.exponent(), value.exponent()) {
            (Some(distance_exponent), Some(exponent)) => distance_exponent < exponent - (bits as i32 - 16),
            _ => false,
        };
        if distance.is_zero() || close {
            return None;
        }
    }
    value.cmp(point).map(|order| order.signum() as i32)
}
