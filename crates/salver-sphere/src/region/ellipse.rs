//! Ellipses on the sphere.

use crate::angle::Angle;
use crate::vector::{UnitVector, Vec3, cross, dot, scale, sub};
use salver_core::{Error, ErrorKind, Op, Result};
use std::f64::consts::{FRAC_PI_2, PI};

/// All directions whose angles to two foci add up to no more than a limit.
///
/// Kept in the form that Gen3 stores: the frame (first axis, second axis, centre) and the
/// semi-axis angles less π/2. Source: Gen3 format §8.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    frame: [Vec3; 3],
    a: f64,
    b: f64,
    gamma: f64,
    tan_a: f64,
    tan_b: f64,
}

impl Ellipse {
    /// The ellipse of two semi-axis angles about a centre; `orientation` turns the first axis
    /// from north towards east.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when an angle is not finite, or the semi-axis angles are not
    /// both in `[0, π/2]`.
    pub fn new(
        center: UnitVector,
        alpha: Angle,
        beta: Angle,
        orientation: Angle,
    ) -> Result<Self> {
        let (alpha, beta) = (alpha.radians(), beta.radians());
        let range = 0.0..=FRAC_PI_2;
        if !(range.contains(&alpha) && range.contains(&beta)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("ellipse.new"),
                "semi-axis angles are not within 0 and 90 degrees",
            )
            .with("alpha_deg", alpha.to_degrees())
            .with("beta_deg", beta.to_degrees()));
        }
        let angle = orientation.radians();
        if !angle.is_finite() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("ellipse.new"),
                "orientation is not finite",
            ));
        }
        let c = center.to_array();
        let (north, east) = tangent_axes(center);
        let (sine, cosine) = angle.sin_cos();
        // the longer axis comes first
        let (alpha, beta, first) = if alpha < beta {
            (beta, alpha, sub(scale(east, cosine), scale(north, sine)))
        } else {
            (alpha, beta, crate::vector::add(scale(north, cosine), scale(east, sine)))
        };
        let (a, b) = (alpha - FRAC_PI_2, beta - FRAC_PI_2);
        Ok(Self {
            frame: [first, cross(c, first), c],
            a,
            b,
            gamma: (alpha.cos() / beta.cos()).clamp(-1.0, 1.0).acos(),
            tan_a: a.tan().abs(),
            tan_b: b.tan().abs(),
        })
    }

    /// The parts as they were stored: nine of the frame, then a, b, gamma, tan a, tan b.
    pub(crate) fn from_parts(parts: [f64; 14]) -> Self {
        let [f0, f1, f2, f3, f4, f5, f6, f7, f8, a, b, gamma, tan_a, tan_b] = parts;
        let frame = [[f0, f1, f2], [f3, f4, f5], [f6, f7, f8]];
        Self { frame, a, b, gamma, tan_a, tan_b }
    }

    pub(crate) fn to_parts(self) -> [f64; 14] {
        let [[f0, f1, f2], [f3, f4, f5], [f6, f7, f8]] = self.frame;
        let Self { a, b, gamma, tan_a, tan_b, .. } = self;
        [f0, f1, f2, f3, f4, f5, f6, f7, f8, a, b, gamma, tan_a, tan_b]
    }

    /// The centre.
    pub fn center(&self) -> UnitVector {
        let [x, y, z] = self.frame[2];
        UnitVector::raw(x, y, z)
    }

    /// The angle from the centre to the edge along the first axis.
    pub fn alpha(&self) -> Angle {
        Angle::from_radians(self.a + FRAC_PI_2)
    }

    /// The angle from the centre to the edge along the second axis.
    pub fn beta(&self) -> Angle {
        Angle::from_radians(self.b + FRAC_PI_2)
    }

    /// Half the angle between the foci.
    pub fn gamma(&self) -> Angle {
        Angle::from_radians(self.gamma)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.a < -FRAC_PI_2
    }

    /// Whether it holds everything.
    pub fn is_full(&self) -> bool {
        self.a >= FRAC_PI_2
    }

    /// Whether a direction lies within, the edge included.
    pub fn contains(&self, v: &UnitVector) -> bool {
        let v = v.to_array();
        let [x, y, z] = self.frame.map(|axis| dot(axis, v));
        // in its own frame the edge is the cone (x tan a)² + (y tan b)² = z²
        let (x, y) = (x * self.tan_a, y * self.tan_b);
        let cone = x * x + y * y - z * z;
        if self.a > 0.0 {
            return self.is_full() || z > 0.0 || cone >= 0.0;
        }
        !self.is_empty() && z >= 0.0 && cone <= 0.0
    }

    /// The larger of the two semi-axis angles, in radians.
    pub(crate) fn reach(&self) -> f64 {
        (self.a.max(self.b) + FRAC_PI_2).min(PI)
    }
}

/// North and east at a direction; at the poles, north is towards longitude 180° or 0°.
fn tangent_axes(v: UnitVector) -> (Vec3, Vec3) {
    let position = v.to_lonlat();
    let (sin_lon, cos_lon) = position.lon().radians().sin_cos();
    let east = [-sin_lon, cos_lon, 0.0];
    (cross(v.to_array(), east), east)
}
