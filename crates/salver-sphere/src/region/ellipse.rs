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
            frame: [first, cross(first, c), c],
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientation_turns_the_first_axis_from_north_to_east() {
        let at = |lon: f64, lat: f64| UnitVector::from_degrees(lon, lat).unwrap();
        let ellipse = |long: f64, short: f64, turn: f64| {
            let [a, b, turn] = [long, short, turn].map(Angle::from_degrees);
            Ellipse::new(at(30.0, 0.0), a, b, turn).unwrap()
        };
        let north = ellipse(10.0, 2.0, 0.0);
        assert!(north.contains(&at(30.0, 9.9)) && !north.contains(&at(30.0, 10.1)));
        assert!(north.contains(&at(31.9, 0.0)) && !north.contains(&at(32.1, 0.0)));
        let east = ellipse(10.0, 2.0, 90.0);
        assert!(east.contains(&at(39.9, 0.0)) && !east.contains(&at(30.0, 2.1)));
        // the shorter axis given first
        let same = ellipse(2.0, 10.0, 90.0);
        assert!(same.contains(&at(30.0, 9.9)) && !same.contains(&at(39.9, 0.0)));
        let slanted = ellipse(10.0, 2.0, 45.0);
        assert!(slanted.contains(&at(36.0, 6.0)) && !slanted.contains(&at(24.0, 6.0)));
    }

    #[test]
    fn the_edge_is_where_angles_to_the_foci_add_up() {
        let center = UnitVector::from_degrees(200.0, 60.0).unwrap();
        let [a, b, turn] = [20.0, 12.0, 33.0].map(Angle::from_degrees);
        let ellipse = Ellipse::new(center, a, b, turn).unwrap();
        let [first, _, _] = ellipse.frame;
        let foci = [1.0, -1.0].map(|side| {
            let (sine, cosine) = ellipse.gamma().radians().sin_cos();
            let v = crate::vector::add(
                scale(center.to_array(), cosine),
                scale(first, side * sine),
            );
            UnitVector::normalise(v).unwrap()
        });
        for lon in 0..36 {
            for lat in 40..80 {
                let v = UnitVector::from_degrees(180.0 + f64::from(lon), f64::from(lat))
                    .unwrap();
                let sum = foci.map(|f| f.angle_to(v).degrees()).iter().sum::<f64>();
                if (sum - 40.0).abs() > 1e-9 {
                    assert_eq!(ellipse.contains(&v), sum < 40.0, "{lon} {lat}");
                }
            }
        }
    }
}
