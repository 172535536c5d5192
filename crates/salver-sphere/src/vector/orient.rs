//! On which side of a great circle a direction lies, without rounding.
//!
//! The determinant of three vectors is first taken in doubles with a bound on its error; only
//! where that leaves the sign open it is summed exactly, as a fixed-point number wide enough
//! for every product of three doubles of at most 2 in size. So no input can give a wrong sign:
//! denormal components too are exact.

use super::unit::{UnitVector, Vec3, cross, dot};
use std::cmp::Ordering;

/// The side of a great circle; `Positive` is to the left of its direction.
pub type Side = Ordering;

/// `(7 + 56ε) ε` with `ε = 2⁻⁵³`: what rounding can do to the determinant, relative to the
/// same sum with all terms made positive.
const RELATIVE_ERROR: f64 = 7.771561172376103e-16;
/// What underflow can add to that.
const ABSOLUTE_ERROR: f64 = 1e-290;

/// The sign of `a · (b × c)`: `Greater` where `a` lies to the left of the way from `b` to `c`,
/// which is where the three run counter-clockwise, `Equal` exactly when they are coplanar.
#[must_use]
pub fn orientation(a: UnitVector, b: UnitVector, c: UnitVector) -> Side {
    let (a, b, c) = (a.to_array(), b.to_array(), c.to_array());
    let value = dot(a, cross(b, c));
    let size = a[0].abs() * ((b[1] * c[2]).abs() + (b[2] * c[1]).abs())
        + a[1].abs() * ((b[2] * c[0]).abs() + (b[0] * c[2]).abs())
        + a[2].abs() * ((b[0] * c[1]).abs() + (b[1] * c[0]).abs());
    let bound = RELATIVE_ERROR * size + ABSOLUTE_ERROR;
    if value > bound {
        Side::Greater
    } else if value < -bound {
        Side::Less
    } else {
        exact(a, b, c)
    }
}

fn exact(a: Vec3, b: Vec3, c: Vec3) -> Side {
    let mut sum = Sum::new();
    for (i, j, k) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
        sum.add_product(a[i], b[j], c[k], false);
        sum.add_product(a[i], b[k], c[j], true);
    }
    sum.sign()
}

/// The exponent of the last bit of the sum: three times that of the smallest double.
const LAST_BIT: i32 = -3 * 1074;
/// Digits of 32 bits: from [`LAST_BIT`] up to 2⁶ (a product below 8, six of them), and slack.
const DIGITS: usize = 104;
const DIGIT_MASK: u128 = 0xffff_ffff;
const BASE: i64 = 1 << 32;

/// A fixed-point number of [`DIGITS`] digits of 32 bits, carries not yet propagated.
struct Sum([i64; DIGITS]);

impl Sum {
    fn new() -> Self {
        Self([0; DIGITS])
    }

    /// Adds or subtracts `x y z`, each of at most 2 in size.
    fn add_product(&mut self, x: f64, y: f64, z: f64, subtract: bool) {
        let ((mx, ex), (my, ey), (mz, ez)) = (split(x), split(y), split(z));
        let negative =
            subtract ^ x.is_sign_negative() ^ y.is_sign_negative() ^ z.is_sign_negative();
        let low_high = u128::from(mx) * u128::from(my);
        let low = (low_high & u128::from(u64::MAX)) * u128::from(mz);
        let high = (low_high >> 64) * u128::from(mz);
        let position = (ex + ey + ez - LAST_BIT).unsigned_abs();
        self.add_shifted(low, position, negative);
        self.add_shifted(high, position + 64, negative);
    }

    /// Adds or subtracts `value · 2^(position + LAST_BIT)`.
    fn add_shifted(&mut self, mut value: u128, position: u32, negative: bool) {
        let shift = position % 32;
        let sign = if negative { -1 } else { 1 };
        let mut place = (position / 32) as usize;
        while value != 0 {
            let shifted = (value & DIGIT_MASK) << shift;
            for (at, digit) in [(place, shifted & DIGIT_MASK), (place + 1, shifted >> 32)]
            {
                let digit = (digit & DIGIT_MASK) as i64;
                if let Some(slot) = self.0.get_mut(at) {
                    *slot += sign * digit;
                }
            }
            value >>= 32;
            place += 1;
        }
    }

    fn sign(self) -> Side {
        let (mut carry, mut any) = (0, false);
        for digit in self.0 {
            let total = digit + carry;
            any |= total.rem_euclid(BASE) != 0;
            carry = total.div_euclid(BASE);
        }
        match carry.cmp(&0) {
            Side::Equal if any => Side::Greater,
            side => side,
        }
    }
}

/// `|x|` as an integer of 53 bits and the exponent of its last bit, at least -1074.
fn split(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | (1 << 52), exponent - 1075)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The determinant of integer vectors, as an independent exact value.
    fn integer(a: [i32; 3], b: [i32; 3], c: [i32; 3]) -> Side {
        let [a, b, c] = [a, b, c].map(|v| v.map(i128::from));
        let det = a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
        det.cmp(&0)
    }

    /// `v / 2³⁰`: exact, and below 2 in size.
    fn small(v: [i32; 3]) -> Vec3 {
        v.map(|n| f64::from(n) / f64::from(1 << 30))
    }

    fn component() -> impl Strategy<Value = i32> {
        prop_oneof![-(1 << 30)..(1 << 30), -3..4]
    }

    proptest! {
        #[test]
        fn exact_sign_equals_integer_arithmetic(
            a in prop::array::uniform3(component()),
            b in prop::array::uniform3(component()),
            k in -5_i64..6, l in -5_i64..6, d in -1..2,
        ) {
            let c = [0, 1, 2].map(|i| {
                let sum = i64::from(a[i]) * k + i64::from(b[i]) * l;
                i32::try_from(if k.abs() + l.abs() < 2 { sum } else { sum / 16 }).unwrap() + if i == 0 { d } else { 0 }
            });
            let [x, y, z] = [a, b, c].map(small);
            prop_assert_eq!(exact(x, y, z), integer(a, b, c));
            let unit = |v: Vec3| UnitVector::raw(v[0], v[1], v[2]);
            prop_assert_eq!(orientation(unit(x), unit(y), unit(z)), integer(a, b, c));
        }

        #[test]
        fn swapping_two_turns_the_sign(v in prop::array::uniform9(-1.0..1.0_f64)) {
            let at = |i: usize| UnitVector::new(v[i], v[i + 1], v[i + 2]).unwrap();
            let (a, b, c) = (at(0), at(3), at(6));
            prop_assert_eq!(orientation(a, b, c), orientation(b, a, c).reverse());
            prop_assert_eq!(orientation(a, b, c), orientation(c, a, b));
            prop_assert_eq!(orientation(a, b, a), Side::Equal);
            prop_assert_eq!(orientation(a, b, b.antipode()), Side::Equal);
        }
    }

    #[test]
    fn denormal_components_count() {
        let tiny = f64::from_bits(1);
        let v = UnitVector::raw(1.0, 0.0, tiny);
        assert_eq!(orientation(v, UnitVector::X, UnitVector::Y), Side::Greater);
        let w = UnitVector::raw(1.0, tiny, 0.0);
        assert_eq!(orientation(v, UnitVector::X, w), Side::Greater);
        assert_eq!(orientation(w, UnitVector::X, v), Side::Less);
    }
}
