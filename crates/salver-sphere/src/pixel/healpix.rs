//! HEALPix pixels in the nested order.
//!
//! Twelve base faces, each a square of `2^level × 2^level` pixels whose two coordinates are
//! interleaved bit by bit in the number. Source: Górski et al. 2005, `ApJ` 622, 759; Gen3 format
//! §8.5.

use super::healpix_face::{Place, float};
use crate::region::ConvexPolygon;
use crate::vector::UnitVector;
use salver_core::{Error, ErrorKind, Op, Result};
use std::f64::consts::FRAC_PI_2;
use std::ops::Range;

/// Boundary points on each side of a pixel's outline.
const SIDE_STEPS: u32 = 4;

/// The nested HEALPix pixels of one level, 0 to 29: `12 · 4^level`, NSIDE is `2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Healpix {
    level: u32,
}

impl Healpix {
    /// The finest level.
    pub const MAX_LEVEL: u32 = 29;

    /// The pixels of a level.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the level is above 29.
    pub fn new(level: u32) -> Result<Self> {
        if level > Self::MAX_LEVEL {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("healpix.new"),
                "no such level",
            )
            .with("level", level)
            .with("max_level", Self::MAX_LEVEL));
        }
        Ok(Self { level })
    }

    /// The level.
    pub fn level(self) -> u32 {
        self.level
    }

    /// All pixel numbers, `0 .. 12 · 4^level`.
    pub fn universe(self) -> Range<u64> {
        0..12 << (2 * self.level)
    }

    /// The pixel that holds a direction.
    pub fn index(self, v: &UnitVector) -> u64 {
        let [x, y, z] = v.to_array();
        let n = self.n_side();
        // quarter turns of longitude in [0, 4)
        let quarters = (y.atan2(x) / FRAC_PI_2).rem_euclid(4.0);
        let quarters = if quarters < 4.0 { quarters } else { 0.0 };
        let (face, i, j) = if z.abs() <= 2.0 / 3.0 {
            equatorial(quarters, z, n, self.level)
        } else {
            polar(quarters, x.hypot(y), z, n)
        };
        self.number(Place { face: face_of(face), i, j })
    }

    /// The outline of a pixel: the convex hull of four points on each side, as in Gen3. Where a
    /// side of the pixel curves inwards, fewer than 16 of them are vertices.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the number is not in [`Healpix::universe`].
    pub fn pixel(self, id: u64) -> Result<ConvexPolygon> {
        ConvexPolygon::convex_hull(&self.boundary(id, SIDE_STEPS)?)
    }

    /// The northern, western, southern and eastern corner, with points between them.
    fn boundary(self, id: u64, steps: u32) -> Result<Vec<UnitVector>> {
        let universe = self.universe();
        if !universe.contains(&id) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("healpix.pixel"),
                "no such pixel",
            )
            .with("id", id)
            .with("end", universe.end));
        }
        let place = self.place(id);
        let mut points = Vec::with_capacity(16);
        for (corner, along) in [
            ((1.0, 1.0), (-1.0, 0.0)),
            ((0.0, 1.0), (0.0, -1.0)),
            ((0.0, 0.0), (1.0, 0.0)),
            ((1.0, 0.0), (0.0, 1.0)),
        ] {
            for step in 0..steps {
                let t = f64::from(step) / f64::from(steps);
                let at = (corner.0 + t * along.0, corner.1 + t * along.1);
                points.push(place.point(self.n_side(), at));
            }
        }
        Ok(points)
    }

    /// The place of a number in [`Healpix::universe`].
    pub(super) fn place(self, id: u64) -> Place {
        let inner = id & ((1 << (2 * self.level)) - 1);
        let face = face_of(id >> (2 * self.level));
        Place { face, i: gather(inner), j: gather(inner >> 1) }
    }

    /// The number of a place.
    pub(super) fn number(self, place: Place) -> u64 {
        (place.face as u64) << (2 * self.level) | spread(place.i) | spread(place.j) << 1
    }

    pub(super) fn n_side(self) -> u64 {
        1 << self.level
    }
}

fn equatorial(quarters: f64, z: f64, n: u64, level: u32) -> (u64, u64, u64) {
    let along = float(n) * (0.5 + quarters);
    let across = float(n) * (z * 0.75);
    // lines of constant index run up and down the diagonals
    let (falling, rising) = (floor(along - across), floor(along + across));
    let (face_falling, face_rising) = (falling >> level, rising >> level);
    let face = match face_falling.cmp(&face_rising) {
        std::cmp::Ordering::Equal => face_falling | 4,
        std::cmp::Ordering::Less => face_falling,
        std::cmp::Ordering::Greater => face_rising + 8,
    };
    (face, rising & (n - 1), n - 1 - (falling & (n - 1)))
}

fn polar(quarters: f64, sine: f64, z: f64, n: u64) -> (u64, u64, u64) {
    let quarter = floor(quarters).min(3);
    let part = quarters - float(quarter);
    // `√(3 (1 - |z|))`, from the sine since that is accurate near the pole
    let radius = float(n) * sine * (3.0 / (1.0 + z.abs())).sqrt();
    let (up, down) =
        (floor(part * radius).min(n - 1), floor((1.0 - part) * radius).min(n - 1));
    if z >= 0.0 { (quarter, n - 1 - down, n - 1 - up) } else { (quarter + 8, up, down) }
}

/// The bits of a number below 2³² moved to the even places.
fn spread(n: u64) -> u64 {
    let n = (n | n << 16) & 0x0000_ffff_0000_ffff;
    let n = (n | n << 8) & 0x00ff_00ff_00ff_00ff;
    let n = (n | n << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let n = (n | n << 2) & 0x3333_3333_3333_3333;
    (n | n << 1) & 0x5555_5555_5555_5555
}

/// The even bits of a number moved together.
fn gather(n: u64) -> u64 {
    let n = n & 0x5555_5555_5555_5555;
    let n = (n | n >> 1) & 0x3333_3333_3333_3333;
    let n = (n | n >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    let n = (n | n >> 4) & 0x00ff_00ff_00ff_00ff;
    let n = (n | n >> 8) & 0x0000_ffff_0000_ffff;
    (n | n >> 16) & 0x0000_0000_ffff_ffff
}

#[expect(clippy::cast_possible_truncation, reason = "a face is 0 to 11")]
fn face_of(n: u64) -> usize {
    n as usize
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and at most 2³² here; the cast saturates"
)]
fn floor(x: f64) -> u64 {
    x as u64
}
