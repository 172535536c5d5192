//! Whether a direction is in a region or near to it, as the envelope of Gen3 measures it.
//!
//! Gen3 finds the pixels that a region touches by the centres of small pixels, which it takes to
//! be touched when they are no farther from the region than a pixel reaches. "No farther" is
//! measured for each edge of a polygon by itself, so sharp corners reach a little out, up to the
//! smallest circle about the vertices. Observed from the reference's results; Gen3 format §8.5.

use crate::region::{Circle, Region, SphericalBox, edges};
use crate::vector::{UnitVector, Vec3, add, cross, dot, norm, scale, sub};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// A region without edges that bend inwards, ready to be measured.
#[derive(Debug)]
pub(super) enum Near {
    Circle(Circle),
    Box(SphericalBox),
    /// The inward normals of the edges, and the smallest circle about the vertices.
    Polygon(Vec<Vec3>, Circle),
}

impl Near {
    /// The measure of a simple region; of any other, of its bounding circle.
    pub(super) fn new(region: &Region) -> Self {
        match region {
            Region::Box(shape) => Self::Box(*shape),
            Region::Polygon(shape) => {
                let normals = edges(shape.vertices()).filter_map(|(a, b)| {
                    let normal = cross(a.to_array(), b.to_array());
                    UnitVector::normalise(normal).map(UnitVector::to_array)
                });
                Self::Polygon(normals.collect(), smallest_circle(shape.vertices()))
            }
            other => Self::Circle(other.bounding_circle()),
        }
    }

    /// Whether a direction is at most so many radians away.
    pub(super) fn reaches(&self, v: UnitVector, margin: f64) -> bool {
        match self {
            Self::Circle(circle) => circle_reaches(circle, v, margin),
            Self::Box(shape) => box_reaches(shape, v, margin),
            Self::Polygon(normals, circle) => {
                let depth = if margin < FRAC_PI_2 { -margin.sin() } else { -1.0 };
                normals.iter().all(|&n| dot(n, v.to_array()) >= depth)
                    && circle_reaches(circle, v, margin)
            }
        }
    }
}

fn circle_reaches(circle: &Circle, v: UnitVector, margin: f64) -> bool {
    let apart = circle.center().angle_to(v).radians();
    !circle.is_empty() && apart <= circle.opening().radians() + margin
}

fn box_reaches(shape: &SphericalBox, v: UnitVector, margin: f64) -> bool {
    if shape.is_empty() {
        return false;
    }
    let position = v.to_lonlat();
    let (lon, lat) = (position.lon().radians(), position.lat().radians());
    let [low, high] = shape.lat_rad();
    if lat < low - margin || lat > high + margin {
        return false;
    }
    let sine = margin.sin() / lat.cos();
    if margin >= FRAC_PI_2 || sine >= 1.0 {
        return true; // a pole is that near
    }
    let wide = sine.asin();
    let [west, _] = shape.lon_rad();
    (lon - west + wide).rem_euclid(TAU) <= shape.lon_width() + 2.0 * wide
}

/// The smallest circle about directions of one hemisphere: grows by one point after another,
/// each time through that point and at most two earlier ones (Welzl 1991).
fn smallest_circle(points: &[UnitVector]) -> Circle {
    // a bit of room, or rounding would start all over again
    let outside = |c: &Circle, p: &UnitVector| {
        c.center().squared_chord(*p) > c.squared_chord() + 1e-15
    };
    let mut circle = Circle::empty();
    for (i, p) in points.iter().enumerate() {
        if !outside(&circle, p) {
            continue;
        }
        circle = Circle::about(*p, 0.0);
        for (j, q) in points[..i].iter().enumerate() {
            if !outside(&circle, q) {
                continue;
            }
            circle = through(add(p.to_array(), q.to_array()), *p);
            for r in &points[..j] {
                if outside(&circle, r) {
                    circle = through(axis_of_three(*p, *q, *r), *p);
                }
            }
        }
    }
    circle
}

/// The axis of the circle through three directions, on their side.
fn axis_of_three(p: UnitVector, q: UnitVector, r: UnitVector) -> Vec3 {
    let p = p.to_array();
    let axis = cross(sub(q.to_array(), p), sub(r.to_array(), p));
    scale(axis, dot(axis, p).signum())
}

/// The circle about an axis through a point; everything where there is no axis.
fn through(axis: Vec3, point: UnitVector) -> Circle {
    UnitVector::normalise(axis).map_or_else(Circle::full, |center| {
        Circle::from_squared_chord(center, center.squared_chord(point))
    })
}

/// The largest distance from a pixel's centre to its corners: from the eastern corner of the
/// northernmost equatorial row. Source: Górski et al. 2005.
pub(super) fn pixel_reach(n_side: f64) -> f64 {
    let ring = 1.0 - 1.0 / n_side;
    let (z_a, z_b) = (2.0 / 3.0, 1.0 - ring * ring / 3.0);
    let lon = PI / (4.0 * n_side);
    let flat = |z: f64| ((1.0 - z) * (1.0 + z)).sqrt();
    let a = [flat(z_a) * lon.cos(), flat(z_a) * lon.sin(), z_a];
    let b = [flat(z_b), 0.0, z_b];
    norm(cross(a, b)).atan2(dot(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn smallest_circle_is_smallest(
            offsets in prop::collection::vec(prop::array::uniform3(-0.4..0.4_f64), 1..7),
        ) {
            let points: Vec<UnitVector> = offsets
                .iter()
                .map(|o| UnitVector::new(1.0 + o[0], o[1], o[2]).unwrap())
                .collect();
            let circle = smallest_circle(&points);
            for p in &points {
                prop_assert!(circle.center().squared_chord(*p) <= circle.squared_chord() + 1e-12);
            }
            // no circle through two or three of them that holds all is smaller
            let holds_all = |c: &Circle| points.iter().all(|p| {
                c.center().squared_chord(*p) <= c.squared_chord() + 1e-12
            });
            for p in &points {
                for q in &points {
                    let two = through(add(p.to_array(), q.to_array()), *p);
                    if holds_all(&two) {
                        prop_assert!(circle.squared_chord() <= two.squared_chord() + 1e-10);
                    }
                }
            }
        }
    }
}
