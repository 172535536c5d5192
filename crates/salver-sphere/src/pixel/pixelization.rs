//! [`Pixelization`]: one of the numberings, by the name of its dimension.

use super::{Healpix, Htm, RangeSet};
use crate::region::{ConvexPolygon, Region};
use crate::vector::UnitVector;
use salver_core::{Error, ErrorKind, Op, Result};
use std::fmt;
use std::ops::Range;

/// A numbering of the sky at one level, as skypix dimensions are named: `htm7`, `healpix5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixelization {
    /// The hierarchical triangular mesh.
    Htm(Htm),
    /// HEALPix in nested order.
    Healpix(Healpix),
}

impl Pixelization {
    /// The numbering of a dimension's name: `htm0` to `htm24`, `healpix0` to
    /// `healpix29`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for any other name.
    pub fn parse(name: &str) -> Result<Self> {
        let level = |digits: &str| match digits.as_bytes() {
            [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9'] => digits.parse::<u32>().ok(),
            _ => None,
        };
        if let Some(level) = name.strip_prefix("htm").and_then(level) {
            return Ok(Self::Htm(Htm::new(level)?));
        }
        if let Some(level) = name.strip_prefix("healpix").and_then(level) {
            return Ok(Self::Healpix(Healpix::new(level)?));
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            Op("pixelization.parse"),
            "unknown pixelization",
        )
        .with("name", name)
        .hint("known are `htm` and `healpix`, followed by a level: `htm7`"))
    }

    /// The number of the pixel that holds a direction.
    pub fn index(&self, v: &UnitVector) -> u64 {
        match self {
            Self::Htm(htm) => htm.index(v),
            Self::Healpix(healpix) => healpix.index(v),
        }
    }

    /// The pixels that a region touches, and maybe some more: see [`Htm::envelope`] and
    /// [`Healpix::envelope`].
    pub fn envelope(&self, region: &Region) -> RangeSet {
        match self {
            Self::Htm(htm) => htm.envelope(region),
            Self::Healpix(healpix) => healpix.envelope(region),
        }
    }

    /// The pixels that are proven to lie within a region.
    pub fn interior(&self, region: &Region) -> RangeSet {
        match self {
            Self::Htm(htm) => htm.interior(region),
            Self::Healpix(healpix) => healpix.interior(region),
        }
    }

    /// All pixel numbers.
    pub fn universe(&self) -> Range<u64> {
        match self {
            Self::Htm(htm) => htm.universe(),
            Self::Healpix(healpix) => healpix.universe(),
        }
    }

    /// The outline of a pixel.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the number is not in [`Pixelization::universe`].
    pub fn pixel(&self, id: u64) -> Result<ConvexPolygon> {
        match self {
            Self::Htm(htm) => htm.pixel(id),
            Self::Healpix(healpix) => healpix.pixel(id),
        }
    }
}

impl fmt::Display for Pixelization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Htm(htm) => write!(f, "htm{}", htm.level()),
            Self::Healpix(healpix) => write!(f, "healpix{}", healpix.level()),
        }
    }
}
