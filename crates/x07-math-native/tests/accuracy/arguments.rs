//! Random arguments, the same in every run.

/// A generator of arguments (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn between(&mut self, low: i32, high: i32) -> i32 {
        low + (self.bits() % (high - low + 1) as u64) as i32
    }

    /// A number with an exponent in the range and random digits.
    fn scaled(&mut self, low: i32, high: i32) -> f64 {
        let exponent = self.between(low, high);
        let mantissa = f64::from_bits(0x3ff0_0000_0000_0000 | self.bits() >> 12);
        // In two steps, since the smallest numbers are no power of two times a number of full precision.
        mantissa * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
    }

    fn signed(&mut self, x: f64) -> f64 {
        if self.bits() & 1 == 0 { x } else { -x }
    }

    /// Half of them of everyday size, half of any size.
    pub(crate) fn angle(&mut self) -> (f64, f64) {
        let x = if self.bits() & 1 == 0 { self.scaled(-27, 10) } else { self.scaled(-60, 1023) };
        (self.signed(x), 0.0)
    }

    /// Where e to their power is neither 0 nor infinite.
    pub(crate) fn exponent(&mut self) -> (f64, f64) {
        loop {
            let x = self.scaled(-54, 9);
            let x = self.signed(x);
            if (-746.0..710.0).contains(&x) {
                return (x, 0.0);
            }
        }
    }

    /// Half of them around 1, half of any size, the smallest included.
    pub(crate) fn positive(&mut self) -> (f64, f64) {
        let x = if self.bits() & 1 == 0 { self.scaled(-2, 2) } else { self.scaled(-1074, 1023) };
        (x, 0.0)
    }

    /// A base and an exponent whose power is neither 0 nor infinite; every fourth power lies in the middle between two
    /// numbers exactly.
    pub(crate) fn power(&mut self) -> (f64, f64) {
        if self.bits() & 3 == 0 {
            let odd = (self.bits() >> 37 | 1 << 26 | 1) as f64;
            let shift = self.between(-200, 200);
            return (odd * 2_f64.powi(shift), 2.0);
        }
        loop {
            let x = if self.bits() & 1 == 0 { self.scaled(-2, 1) } else { self.scaled(-1074, 1023) };
            let result = f64::from(self.between(-1074, 1023)) + self.scaled(-1, -1);
            let y = result / x.log2();
            if y.is_finite() && x != 1.0 {
                return (x, y);
            }
        }
    }

    /// Half of them of everyday size, half of any size.
    pub(crate) fn point(&mut self) -> (f64, f64) {
        let range = if self.bits() & 1 == 0 { (-30, 30) } else { (-1022, 1023) };
        let (y, x) = (self.scaled(range.0, range.1), self.scaled(range.0, range.1));
        (self.signed(y), self.signed(x))
    }
}
