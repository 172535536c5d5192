//! Circles on the sphere.

use crate::angle::Angle;
use crate::vector::UnitVector;
use salver_core::{Error, ErrorKind, Op, Result};
use std::f64::consts::PI;

/// All directions within an opening angle of a centre.
///
/// An opening angle below zero is the empty circle, π and above the full sphere. The squared
/// chord, `4 sin²(angle/2)`, is kept beside it, since comparisons use it. Source: Gen3 format
/// §8.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    center: UnitVector,
    squared_chord: f64,
    opening: Angle,
}

impl Circle {
    /// The circle of an opening angle about a centre.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the angle is not a number.
    pub fn new(center: UnitVector, opening: Angle) -> Result<Self> {
        if opening.radians().is_nan() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("circle.new"),
                "opening angle is not a number",
            ));
        }
        Ok(Self { center, squared_chord: squared_chord_of(opening), opening })
    }

    /// The circle of which the edge has this squared straight distance from the centre.
    pub(crate) fn from_squared_chord(center: UnitVector, squared_chord: f64) -> Self {
        Self { center, squared_chord, opening: opening_of(squared_chord) }
    }

    /// The circle of an opening angle that is a number.
    pub(crate) fn about(center: UnitVector, opening_rad: f64) -> Self {
        let opening = Angle::from_radians(opening_rad);
        Self { center, squared_chord: squared_chord_of(opening), opening }
    }

    /// The parts as they were stored.
    pub(crate) fn from_parts(
        center: UnitVector,
        squared_chord: f64,
        opening: f64,
    ) -> Self {
        Self { center, squared_chord, opening: Angle::from_radians(opening) }
    }

    /// The circle that holds nothing.
    #[must_use]
    pub const fn empty() -> Self {
        let opening = Angle::from_radians(-1.0);
        Self { center: UnitVector::Z, squared_chord: -1.0, opening }
    }

    /// The circle that holds everything.
    #[must_use]
    pub const fn full() -> Self {
        let opening = Angle::from_radians(PI);
        Self { center: UnitVector::Z, squared_chord: 4.0, opening }
    }

    /// The centre.
    pub fn center(&self) -> UnitVector {
        self.center
    }

    /// The angle from the centre to the edge.
    pub fn opening(&self) -> Angle {
        self.opening
    }

    /// The squared straight distance from the centre to the edge.
    pub fn squared_chord(&self) -> f64 {
        self.squared_chord
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.squared_chord < 0.0
    }

    /// Whether it holds everything.
    pub fn is_full(&self) -> bool {
        self.squared_chord >= 4.0
    }

    /// Whether a direction lies within, the edge included.
    pub fn contains(&self, v: &UnitVector) -> bool {
        self.is_full() || self.center.squared_chord(*v) <= self.squared_chord
    }
}

/// The squared chord of an opening angle: -1 below zero, 4 from π on.
fn squared_chord_of(opening: Angle) -> f64 {
    let angle = opening.radians();
    if angle < 0.0 {
        -1.0
    } else if angle >= PI {
        4.0
    } else {
        let half_chord = (0.5 * angle).sin();
        4.0 * half_chord * half_chord
    }
}

/// The opening angle of a squared chord: -1 below zero, π from 4 on.
fn opening_of(squared_chord: f64) -> Angle {
    Angle::from_radians(if squared_chord < 0.0 {
        -1.0
    } else if squared_chord >= 4.0 {
        PI
    } else {
        2.0 * (0.5 * squared_chord.sqrt()).asin()
    })
}
