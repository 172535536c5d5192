//! Boxes of longitude and latitude.

use crate::angle::{Angle, LonLat};
use crate::vector::UnitVector;
use salver_core::{Error, ErrorKind, Op, Result};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// All directions with a longitude in one range and a latitude in another, both closed.
///
/// A longitude range with `lon_a > lon_b` goes through 0. `(0, 2π)` is every longitude,
/// `(NaN, NaN)` none; a latitude range with `lat_a > lat_b` is empty. Source: Gen3 format §8.1.
#[derive(Debug, Clone, Copy)]
pub struct SphericalBox {
    lon: [f64; 2],
    lat: [f64; 2],
}

/// Boxes are equal when their bounds are, and all bounds of NaN are equal.
impl PartialEq for SphericalBox {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        (0..2).all(|i| same(self.lon[i], other.lon[i]) && same(self.lat[i], other.lat[i]))
    }
}

impl SphericalBox {
    /// The box from one longitude eastwards to another, between two latitudes.
    ///
    /// Longitudes are wrapped into `[0, 2π]`; a range of 2π or more is every longitude.
    /// Latitudes are cut at the poles.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when a bound is not a number, a longitude is infinite, or
    /// `lat_a > lat_b`.
    pub fn new(lon: [Angle; 2], lat: [Angle; 2]) -> Result<Self> {
        let (lon, lat) = (lon.map(Angle::radians), lat.map(Angle::radians));
        let bad = |message: &'static str| {
            Error::new(ErrorKind::InvalidInput, Op("box.new"), message)
        };
        if !lon.iter().all(|a| a.is_finite()) {
            return Err(bad("a longitude is not finite"));
        }
        if lat.iter().any(|a| a.is_nan()) {
            return Err(bad("a latitude is not a number"));
        }
        if lat[0] > lat[1] {
            return Err(bad("the first latitude is above the second")
                .with("lat_a_rad", lat[0])
                .with("lat_b_rad", lat[1]));
        }
        let lat = lat.map(|a| a.clamp(-FRAC_PI_2, FRAC_PI_2));
        let lon = if lon[1] - lon[0] >= TAU {
            [0.0, TAU]
        } else {
            lon.map(|a| Angle::from_radians(a).wrapped().radians())
        };
        Ok(Self { lon, lat })
    }

    /// The bounds as they were stored, or as they were computed in range.
    pub(crate) const fn from_parts(lon: [f64; 2], lat: [f64; 2]) -> Self {
        Self { lon, lat }
    }

    /// The box of a half width in longitude and a half height in latitude about a centre.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when a half size is negative or not a number.
    pub fn around(center: LonLat, half_width: Angle, half_height: Angle) -> Result<Self> {
        let (w, h) = (half_width.radians(), half_height.radians());
        if !(w >= 0.0 && h >= 0.0) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("box.around"),
                "a half size is not zero or more",
            )
            .with("half_width_rad", w)
            .with("half_height_rad", h));
        }
        let (lon, lat) = (center.lon().radians(), center.lat().radians());
        let lon = if w >= PI { [0.0, TAU] } else { [lon - w, lon + w] };
        Self::new(
            lon.map(Angle::from_radians),
            [lat - h, lat + h].map(Angle::from_radians),
        )
    }

    /// The box that holds nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self { lon: [f64::NAN, f64::NAN], lat: [1.0, 0.0] }
    }

    /// The box that holds everything.
    #[must_use]
    pub const fn full() -> Self {
        Self { lon: [0.0, TAU], lat: [-FRAC_PI_2, FRAC_PI_2] }
    }

    /// The longitudes at the western and at the eastern edge.
    pub fn lon(&self) -> [Angle; 2] {
        self.lon.map(Angle::from_radians)
    }

    /// The lowest and the highest latitude.
    pub fn lat(&self) -> [Angle; 2] {
        self.lat.map(Angle::from_radians)
    }

    pub(crate) fn lon_rad(&self) -> [f64; 2] {
        self.lon
    }

    pub(crate) fn lat_rad(&self) -> [f64; 2] {
        self.lat
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        // written so that NaN is empty
        !(self.lat[0] <= self.lat[1]
            && self.lon[0].is_finite()
            && self.lon[1].is_finite())
    }

    /// Whether it holds every longitude.
    pub fn is_full_lon(&self) -> bool {
        self.lon[1] - self.lon[0] >= TAU
    }

    /// Whether it holds everything.
    pub fn is_full(&self) -> bool {
        self.is_full_lon() && self.lat[0] <= -FRAC_PI_2 && self.lat[1] >= FRAC_PI_2
    }

    /// Whether a direction lies within, the edges included.
    pub fn contains(&self, v: &UnitVector) -> bool {
        let p = v.to_lonlat();
        self.contains_lon(p.lon().radians()) && self.contains_lat(p.lat().radians())
    }

    /// How far the box reaches in longitude, from 0 to 2π.
    pub(crate) fn lon_width(&self) -> f64 {
        let [a, b] = self.lon;
        if a > b { b - a + TAU } else { b - a }
    }

    /// A box that holds both, with the shorter of the two ways round in longitude.
    pub(crate) fn hull(&self, other: &Self) -> Self {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        let lat = [self.lat[0].min(other.lat[0]), self.lat[1].max(other.lat[1])];
        let ([a, b], [c, d]) = (self.lon, other.lon);
        let lon = match (self.contains_lon(c), self.contains_lon(d)) {
            // both ends inside: within, or all the way round; across longitude 0 the reference
            // takes the latter too often, and nothing is lost by doing the same
            (true, true) if (a > b) == (c > d) && self.holds_range(c, d) => self.lon,
            (true, true) => [0.0, TAU],
            (true, false) => [a, d],
            (false, true) => [c, b],
            (false, false) if other.contains_lon(a) => other.lon,
            (false, false) => {
                let gap = |from: f64, to: f64| (to - from).rem_euclid(TAU);
                if gap(b, c) < gap(d, a) { [a, d] } else { [c, b] }
            }
        };
        Self { lon, lat }
    }

    /// Whether going east from `c`, which is inside, `d` comes before the eastern edge.
    fn holds_range(&self, c: f64, d: f64) -> bool {
        let along = |lon: f64| (lon - self.lon[0]).rem_euclid(TAU);
        self.is_full_lon() || along(c) <= along(d)
    }

    /// A box that holds what both have in common: where their longitudes meet in two ranges,
    /// the smaller of the two.
    pub(crate) fn clipped_to(&self, other: &Self) -> Self {
        let lat = [self.lat[0].max(other.lat[0]), self.lat[1].min(other.lat[1])];
        if self.is_empty() || other.is_empty() || lat[0] > lat[1] {
            return Self::empty();
        }
        let ([a, b], [c, d]) = (self.lon, other.lon);
        let lon = match (self.contains_lon(c), self.contains_lon(d)) {
            _ if self.is_full_lon() => other.lon,
            _ if other.is_full_lon() => self.lon,
            (true, true) if self.holds_range(c, d) => other.lon,
            (true, true) if self.lon_width() <= other.lon_width() => self.lon,
            (true, true) => other.lon,
            (true, false) => [c, b],
            (false, true) => [a, d],
            (false, false) if other.contains_lon(a) => self.lon,
            (false, false) => return Self::empty(),
        };
        Self { lon, lat }
    }

    pub(crate) fn contains_lon(&self, lon: f64) -> bool {
        let [a, b] = self.lon;
        if a > b { lon >= a || lon <= b } else { a <= lon && lon <= b }
    }

    pub(crate) fn contains_lat(&self, lat: f64) -> bool {
        self.lat[0] <= lat && lat <= self.lat[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_turn_to_both_sides_is_every_longitude() {
        let center = LonLat::from_degrees(145.7, 20.0).unwrap();
        let around = |w: f64| {
            SphericalBox::around(center, Angle::from_radians(w), Angle::from_radians(0.1))
        };
        assert!(around(PI).unwrap().is_full_lon());
        assert!(around(4.0).unwrap().is_full_lon());
        assert!(!around(3.1).unwrap().is_full_lon());
        assert!(around(-0.1).is_err());
    }

    #[test]
    fn boxes_wrap_through_longitude_zero() {
        let degrees = |a: f64, b: f64| [a, b].map(Angle::from_degrees);
        let shape = SphericalBox::new(degrees(350.0, 10.0), degrees(-5.0, 5.0)).unwrap();
        for (lon, inside) in [(350.0, true), (0.0, true), (10.0, true), (11.0, false)] {
            assert_eq!(
                shape.contains(&UnitVector::from_degrees(lon, 0.0).unwrap()),
                inside
            );
        }
        assert!(SphericalBox::new(degrees(0.0, 1.0), degrees(2.0, 1.0)).is_err());
        assert!(SphericalBox::empty().is_empty() && SphericalBox::full().is_full());
        assert_eq!(SphericalBox::empty(), SphericalBox::empty());
    }
}
