//! Angles and positions on the sphere.

use salver_core::{Error, ErrorKind, Op, Result};
use std::f64::consts::{FRAC_PI_2, TAU};
use std::ops::{Add, Neg, Sub};

/// An angle, held in radians; any finite or non-finite value, never wrapped by itself.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Angle(f64);

impl Angle {
    /// The angle of so many radians.
    #[must_use]
    pub const fn from_radians(radians: f64) -> Self {
        Self(radians)
    }

    /// The angle of so many degrees.
    #[must_use]
    pub fn from_degrees(degrees: f64) -> Self {
        Self(degrees.to_radians())
    }

    /// The value in radians.
    pub const fn radians(self) -> f64 {
        self.0
    }

    /// The value in degrees.
    pub fn degrees(self) -> f64 {
        self.0.to_degrees()
    }

    /// The same direction in `[0, 2π)`, up to rounding: a tiny negative angle becomes the
    /// number nearest to 2π. Not finite gives NaN.
    #[must_use]
    pub fn wrapped(self) -> Self {
        if self.0 >= 0.0 && self.0 <= TAU {
            return self;
        }
        let rest = self.0 % TAU;
        Self(if rest < 0.0 { rest + TAU } else { rest })
    }
}

impl Add for Angle {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Angle {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Angle {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// A position: longitude in `[0, 2π]` and latitude in `[-π/2, π/2]`, both finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LonLat {
    lon: Angle,
    lat: Angle,
}

impl LonLat {
    /// The position at a longitude (any finite one, it is wrapped) and a latitude.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when one is not finite or the latitude lies outside
    /// `[-π/2, π/2]`.
    pub fn new(lon: Angle, lat: Angle) -> Result<Self> {
        const OP: Op = Op("lonlat.new");
        if !lon.0.is_finite() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "longitude is not finite",
            )
            .with("lon_rad", lon.0));
        }
        if !(-FRAC_PI_2..=FRAC_PI_2).contains(&lat.0) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "latitude is not within -90 and 90 degrees",
            )
            .with("lat_deg", lat.degrees()));
        }
        Ok(Self { lon: lon.wrapped(), lat })
    }

    /// [`LonLat::new`] from degrees.
    ///
    /// # Errors
    /// As [`LonLat::new`].
    pub fn from_degrees(lon_deg: f64, lat_deg: f64) -> Result<Self> {
        Self::new(Angle::from_degrees(lon_deg), Angle::from_degrees(lat_deg))
    }

    /// The longitude.
    pub fn lon(self) -> Angle {
        self.lon
    }

    /// The latitude.
    pub fn lat(self) -> Angle {
        self.lat
    }

    /// A position from parts that are known to be in range.
    pub(crate) const fn from_parts(lon_rad: f64, lat_rad: f64) -> Self {
        Self { lon: Angle(lon_rad), lat: Angle(lat_rad) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitudes_wrap_and_latitudes_do_not() {
        let p = LonLat::from_degrees(-10.0, 5.0).unwrap();
        assert!((p.lon().degrees() - 350.0).abs() < 1e-12);
        assert!(LonLat::from_degrees(0.0, 90.1).is_err());
        assert!(LonLat::from_degrees(f64::NAN, 0.0).is_err());
        assert!(LonLat::from_degrees(0.0, f64::NAN).is_err());
    }
}
