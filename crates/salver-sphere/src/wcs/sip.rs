//! SIP distortion: polynomials of the offset in pixels.

use super::cards::{Cards, OP};
use salver_core::{Error, ErrorKind, Op, Result};

/// The highest order that the convention allows.
const MAX_ORDER: u8 = 9;
/// When the way back has converged, pixels.
const TOLERANCE: f64 = 1e-11;

/// What is added to an offset in pixels before the linear part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sip {
    a: Vec<Term>,
    b: Vec<Term>,
}

/// `factor · u^p · v^q`
#[derive(Debug, Clone, Copy, PartialEq)]
struct Term {
    p: u8,
    q: u8,
    factor: f64,
}

impl Sip {
    /// From `A_ORDER`, `A_p_q` and the same for `B`. The inverse polynomials `AP` and `BP` are
    /// not used: the way back is solved for.
    pub(super) fn new(cards: &Cards<'_>) -> Result<Self> {
        Ok(Self { a: terms(cards, "A")?, b: terms(cards, "B")? })
    }

    pub(super) fn apply(&self, [u, v]: [f64; 2]) -> [f64; 2] {
        [u + sum(&self.a, u, v)[0], v + sum(&self.b, u, v)[0]]
    }

    /// The offset that [`Sip::apply`] takes to `goal`, by Newton's method.
    pub(super) fn invert(&self, goal: [f64; 2]) -> Result<[f64; 2]> {
        let [mut u, mut v] = goal;
        for _ in 0..30 {
            let ([a, a_u, a_v], [b, b_u, b_v]) = (sum(&self.a, u, v), sum(&self.b, u, v));
            let (miss_u, miss_v) = (u + a - goal[0], v + b - goal[1]);
            let det = (1.0 + a_u) * (1.0 + b_v) - a_v * b_u;
            let step_u = ((1.0 + b_v) * miss_u - a_v * miss_v) / det;
            let step_v = ((1.0 + a_u) * miss_v - b_u * miss_u) / det;
            (u, v) = (u - step_u, v - step_v);
            let size = 1.0 + u.abs().max(v.abs());
            if step_u.abs().max(step_v.abs()) <= TOLERANCE * size {
                return Ok([u, v]);
            }
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            Op("sky_map.sky_to_pixel"),
            "the distortion cannot be undone there",
        )
        .with("offset_x", goal[0])
        .with("offset_y", goal[1]))
    }
}

fn terms(cards: &Cards<'_>, name: &str) -> Result<Vec<Term>> {
    let keyword = format!("{name}_ORDER");
    let order = cards.number_or(&keyword, 0.0)?;
    let order = (0..=MAX_ORDER)
        .find(|&n| (f64::from(n) - order).abs() < 1e-9)
        .ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, OP, "SIP order is not 0 to 9")
                .with("keyword", keyword)
                .with("value", order)
        })?;
    let mut terms = Vec::new();
    for p in 0..=order {
        for q in 0..=order - p {
            let factor = cards.number_or(&format!("{name}_{p}_{q}"), 0.0)?;
            if factor != 0.0 {
                terms.push(Term { p, q, factor });
            }
        }
    }
    Ok(terms)
}

/// A polynomial and its two derivatives.
fn sum(terms: &[Term], u: f64, v: f64) -> [f64; 3] {
    let power = |x: f64, n: u8| x.powi(i32::from(n));
    let slope = |x: f64, n: u8| f64::from(n) * x.powi(i32::from(n.max(1)) - 1);
    terms.iter().fold([0.0; 3], |[value, by_u, by_v], term| {
        let Term { p, q, factor } = *term;
        [
            value + factor * power(u, p) * power(v, q),
            by_u + factor * slope(u, p) * power(v, q),
            by_v + factor * power(u, p) * slope(v, q),
        ]
    })
}
