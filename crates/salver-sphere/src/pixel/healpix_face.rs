//! Places on the twelve faces of HEALPix: where they lie on the sphere, and what is beside them.
//!
//! A face is a square on its corner: its first coordinate grows to the north-east, its second
//! to the north-west. Source: Górski et al. 2005, `ApJ` 622, 759, §5.

use crate::vector::UnitVector;
use std::f64::consts::FRAC_PI_4;

/// The row of each face's southern corner, counted from the north pole in half faces.
const FACE_ROW: [f64; 12] = [2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0];
/// The longitude of each face's axis, in eighths of a turn.
const FACE_LON: [f64; 12] = [1.0, 3.0, 5.0, 7.0, 0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0];
/// A pixel of some level by its face and its place on the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) face: usize,
    pub(super) i: u64,
    pub(super) j: u64,
}

impl Place {
    /// The direction at a part of the pixel, `(0, 0)` its southern and `(1, 1)` its northern
    /// corner; the level has `n_side` pixels along a face.
    pub(super) fn point(self, n_side: u64, (u, v): (f64, f64)) -> UnitVector {
        let n = float(n_side);
        on_face(self.face, (float(self.i) + u) / n, (float(self.j) + v) / n)
    }

    /// The four corners, counter-clockwise from the southern one.
    pub(super) fn corners(self, n_side: u64) -> [UnitVector; 4] {
        [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|at| self.point(n_side, at))
    }

    /// The pixel one step along each coordinate (-1, 0 or 1), on another face where need be.
    /// At corners where three faces meet, there is none across.
    pub(super) fn neighbour(self, n_side: u64, (di, dj): (i8, i8)) -> Option<Self> {
        let last = n_side - 1;
        let step = |at: u64, d: i8| match d {
            -1 => at.checked_sub(1),
            1 => (at < last).then_some(at + 1),
            _ => Some(at),
        };
        match (step(self.i, di), step(self.j, dj)) {
            (Some(i), Some(j)) => Some(Self { i, j, ..self }),
            (None, Some(j)) => Some(self.over_first(last, di > 0, j)),
            (Some(i), None) => Some(self.over_second(last, dj > 0, i)),
            (None, None) => self.over_corner(last, (di > 0, dj > 0)),
        }
    }

    /// Across the north-eastern or the south-western side, at `j` along it.
    fn over_first(self, last: u64, up: bool, j: u64) -> Self {
        let around = self.face % 4;
        let (east, west) = ((around + 1) % 4, (around + 3) % 4);
        match (self.face / 4, up) {
            (0, true) => Self { face: east, i: j, j: last },
            (0, false) => Self { face: 4 + around, i: last, j },
            (1, true) => Self { face: around, i: 0, j },
            (1, false) => Self { face: 8 + west, i: last, j },
            (_, true) => Self { face: 4 + east, i: 0, j },
            (_, false) => Self { face: 8 + west, i: j, j: 0 },
        }
    }

    /// Across the north-western or the south-eastern side, at `i` along it.
    fn over_second(self, last: u64, up: bool, i: u64) -> Self {
        let around = self.face % 4;
        let (east, west) = ((around + 1) % 4, (around + 3) % 4);
        match (self.face / 4, up) {
            (0, true) => Self { face: west, i: last, j: i },
            (0, false) => Self { face: 4 + east, i, j: last },
            (1, true) => Self { face: west, i, j: 0 },
            (1, false) => Self { face: 8 + around, i, j: last },
            (_, true) => Self { face: 4 + around, i, j: 0 },
            (_, false) => Self { face: 8 + east, i: 0, j: i },
        }
    }

    /// Across a corner of the face.
    fn over_corner(self, last: u64, up: (bool, bool)) -> Option<Self> {
        let around = self.face % 4;
        let (face, i, j) = match (self.face / 4, up) {
            // a pole, or the equator below a northern face
            (0, (true, true)) => ((around + 2) % 4, last, last),
            (0, (false, false)) => (8 + around, last, last),
            (1, (true, false)) => (4 + (around + 1) % 4, 0, last),
            (1, (false, true)) => (4 + (around + 3) % 4, last, 0),
            (2, (true, true)) => (around, 0, 0),
            (2, (false, false)) => (8 + (around + 2) % 4, 0, 0),
            _ => return None,
        };
        Some(Self { face, i, j })
    }
}

/// The direction at a place on a face, both coordinates in `[0, 1]` from the southern corner.
pub(super) fn on_face(face: usize, x: f64, y: f64) -> UnitVector {
    let row = FACE_ROW[face] - x - y;
    let (width, z, sine) = if row < 1.0 {
        cap(row, 1.0)
    } else if row > 3.0 {
        cap(4.0 - row, -1.0)
    } else {
        let z = (2.0 - row) * 2.0 / 3.0;
        (1.0, z, ((1.0 - z) * (1.0 + z)).sqrt())
    };
    let lon = if width < 1e-15 {
        0.0
    } else {
        (FACE_LON[face] * width + x - y).rem_euclid(8.0) * FRAC_PI_4 / width
    };
    UnitVector::raw(sine * lon.cos(), sine * lon.sin(), z)
}

/// Width, height and sine of the distance from the pole on a polar cap, `row` from the pole.
fn cap(row: f64, sign: f64) -> (f64, f64, f64) {
    let t = row * row / 3.0;
    (row, sign * (1.0 - t), (t * (2.0 - t)).sqrt())
}

#[expect(clippy::cast_precision_loss, reason = "at most 2³¹ here")]
pub(super) fn float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [(i8, i8); 8] =
        [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)];

    #[test]
    fn neighbours_share_a_corner_and_nothing_else_does() {
        let n_side = 4;
        let all: Vec<Place> = (0..12)
            .flat_map(|face| {
                (0..4).flat_map(move |i| (0..4).map(move |j| Place { face, i, j }))
            })
            .collect();
        let touch = |a: Place, b: Place| {
            a.corners(n_side)
                .iter()
                .any(|p| b.corners(n_side).iter().any(|q| p.squared_chord(*q) < 1e-20))
        };
        for &place in &all {
            let mut found: Vec<Place> =
                STEPS.iter().filter_map(|&step| place.neighbour(n_side, step)).collect();
            let mut expected: Vec<Place> =
                all.iter().copied().filter(|&b| b != place && touch(place, b)).collect();
            let key = |p: &Place| (p.face, p.i, p.j);
            found.sort_by_key(key);
            expected.sort_by_key(key);
            assert_eq!(found, expected, "{place:?}");
        }
    }
}
