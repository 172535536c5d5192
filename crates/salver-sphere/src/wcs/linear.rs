//! The linear part: from pixels to degrees on the plane of projection.

use super::cards::{Cards, OP};
use salver_core::{Error, ErrorKind, Result};

/// A matrix of two rows.
pub(super) type Matrix = [[f64; 2]; 2];

/// `M (pixel - reference)`, and back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    /// The reference pixel, 0-based.
    pub(super) reference: [f64; 2],
    matrix: Matrix,
    inverse: Matrix,
}

impl Linear {
    /// From `CRPIXn` and either `CDi_j`, or `CDELTn` with `PCi_j`, or `CDELTn` with `CROTA2` of
    /// the latitude axis. `to_degrees` is the size of each axis' unit in degrees.
    ///
    /// Source: FITS 4.0 §8.2 (tables 22 and 23).
    pub(super) fn new(
        cards: &Cards<'_>,
        lat_axis: usize,
        to_degrees: [f64; 2],
    ) -> Result<Self> {
        let both = |prefix: &str, default: f64| -> Result<[f64; 2]> {
            let at = |n: usize| cards.number_or(&format!("{prefix}{n}"), default);
            Ok([at(1)?, at(2)?])
        };
        let crpix = both("CRPIX", 0.0)?;
        let elements = |prefix: &str, diagonal: f64| -> Result<Matrix> {
            let at = |i: usize, j: usize| {
                let default = if i == j { diagonal } else { 0.0 };
                cards.number_or(&format!("{prefix}{i}_{j}"), default)
            };
            Ok([[at(1, 1)?, at(1, 2)?], [at(2, 1)?, at(2, 2)?]])
        };
        let matrix = if cards.starting("CD").any(|k| is_element(k, "CD")) {
            elements("CD", 0.0)?
        } else {
            let cdelt = both("CDELT", 1.0)?;
            let rotation = if cards.starting("PC").any(|k| is_element(k, "PC")) {
                elements("PC", 1.0)?
            } else {
                rotated(cards, lat_axis, cdelt)?
            };
            scaled(rotation, cdelt)
        };
        check_alone(cards)?;
        let matrix = scaled(matrix, to_degrees);
        Ok(Self { reference: crpix.map(|p| p - 1.0), inverse: inverse(matrix)?, matrix })
    }

    /// Degrees on the plane, in the order of the header's axes, for an offset in pixels.
    pub(super) fn to_plane(&self, offset: [f64; 2]) -> [f64; 2] {
        apply(self.matrix, offset)
    }

    /// The offset in pixels.
    pub(super) fn to_offset(&self, plane: [f64; 2]) -> [f64; 2] {
        apply(self.inverse, plane)
    }
}

/// Whether a keyword is `CD1_2` or the like.
fn is_element(keyword: &str, prefix: &str) -> bool {
    let rest = keyword.strip_prefix(prefix).unwrap_or_default();
    matches!(rest.as_bytes(), [b'1'..=b'9', b'_', b'1'..=b'9'])
}

/// The rotation of `CROTAn`: its cosine and sine, the latter weighed by the two scales.
fn rotated(cards: &Cards<'_>, lat_axis: usize, cdelt: [f64; 2]) -> Result<Matrix> {
    let angle = cards.number_or(&format!("CROTA{lat_axis}"), 0.0)?;
    let (sine, cosine) = angle.to_radians().sin_cos();
    let [d1, d2] = cdelt;
    // a rotation of zero must not divide by a scale of zero
    if sine == 0.0 {
        return Ok([[cosine, 0.0], [0.0, cosine]]);
    }
    let sine = if lat_axis == 2 { sine } else { -sine };
    Ok([[cosine, -sine * d2 / d1], [sine * d1 / d2, cosine]])
}

/// An error when the third axis of a cube depends on the pixel, or the sky on the third axis.
fn check_alone(cards: &Cards<'_>) -> Result<()> {
    for prefix in ["CD", "PC"] {
        for keyword in cards.starting(prefix).filter(|k| is_element(k, prefix)) {
            let outer =
                |digit: Option<&u8>| digit.is_some_and(|d| (b'3'..=b'9').contains(d));
            let bytes = keyword.as_bytes();
            let mixed = outer(bytes.get(2)) != outer(bytes.get(4));
            if mixed && cards.number_or(keyword, 0.0)? != 0.0 {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    OP,
                    "the celestial axes are coupled to another axis",
                )
                .with("keyword", keyword));
            }
        }
    }
    Ok(())
}

fn scaled([row1, row2]: Matrix, by: [f64; 2]) -> Matrix {
    [row1.map(|m| m * by[0]), row2.map(|m| m * by[1])]
}

fn apply(m: Matrix, [x, y]: [f64; 2]) -> [f64; 2] {
    [m[0][0] * x + m[0][1] * y, m[1][0] * x + m[1][1] * y]
}

fn inverse([[a, b], [c, d]]: Matrix) -> Result<Matrix> {
    let det = a * d - b * c;
    let size = (a * d).abs() + (b * c).abs();
    if !(det.is_finite() && det.abs() > 1e-14 * size) {
        return Err(Error::new(ErrorKind::Corrupt, OP, "the pixel matrix is singular")
            .with("determinant", det));
    }
    Ok([[d / det, -b / det], [-c / det, a / det]])
}
