//! Bounding circles and boxes.
//!
//! They hold the region with a small margin, as those of Gen3 do. Source: Gen3 format §8.2, and
//! measurements of the reference implementation where that is silent.

use super::relate::edges;
use super::relate::holds;
use super::{Circle, Ellipse, Region, SphericalBox};
use crate::angle::Angle;
use crate::vector::{UnitVector, Vec3, add, cross, dot, norm, scale, sub};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Margin of a polygon's bounding box on every side, radians.
const POLYGON_BOX_MARGIN: f64 = 5e-10;
/// Margin of a bounding circle about vertices or corners, in squared chord.
const CHORD_MARGIN: f64 = 5e-15;
/// Margins of what bounds circles, radians.
const CIRCLE_LAT_MARGIN: f64 = 3e-8;
const CIRCLE_LON_MARGIN: f64 = 1.5e-8;
const ELLIPSE_MARGIN: f64 = 3e-8;
const WIDE_BOX_MARGIN: f64 = 6e-8;
const UNION_MARGIN: f64 = 1.5e-8;

impl Region {
    /// A circle that holds the region.
    pub fn bounding_circle(&self) -> Circle {
        match self {
            Self::Box(shape) => circle_of_box(shape),
            Self::Circle(shape) => *shape,
            Self::Polygon(shape) => circle_of_polygon(shape.vertices()),
            Self::Ellipse(shape) => shape.bounding_circle(),
            Self::Union(shape) => {
                let circles = shape.operands().iter().map(Self::bounding_circle);
                circles.fold(Circle::empty(), |a, b| circle_of_two(&a, &b))
            }
            Self::Intersection(shape) => {
                let circles = shape.operands().iter().map(Self::bounding_circle);
                circles.fold(Circle::full(), |a, b| smaller_of_two(&a, &b))
            }
        }
    }

    /// A box that holds the region.
    pub fn bounding_box(&self) -> SphericalBox {
        match self {
            Self::Box(shape) => *shape,
            Self::Circle(shape) => box_of_circle(shape),
            Self::Polygon(shape) => box_of_polygon(shape.vertices()),
            Self::Ellipse(shape) => box_of_circle(&shape.bounding_circle()),
            Self::Union(shape) => {
                let boxes = shape.operands().iter().map(Self::bounding_box);
                boxes.fold(SphericalBox::empty(), |a, b| a.hull(&b))
            }
            Self::Intersection(shape) => {
                let boxes = shape.operands().iter().map(Self::bounding_box);
                boxes.fold(SphericalBox::full(), |a, b| a.clipped_to(&b))
            }
        }
    }
}

impl Ellipse {
    /// A circle that holds the ellipse.
    pub(crate) fn bounding_circle(&self) -> Circle {
        let reach = if self.is_empty() { -1.0 } else { self.reach() + ELLIPSE_MARGIN };
        Circle::about(self.center(), reach)
    }
}

/// The circle about the centroid of a polygon that reaches its farthest vertex.
pub(super) fn circle_of_polygon(vertices: &[UnitVector]) -> Circle {
    let center = centroid(vertices);
    let farthest = vertices.iter().map(|&v| center.squared_chord(v)).fold(0.0, f64::max);
    Circle::from_squared_chord(center, farthest + CHORD_MARGIN)
}

/// The centre of mass of a polygon: the normals of the edges, each as long as its edge.
fn centroid(vertices: &[UnitVector]) -> UnitVector {
    let sum = edges(vertices).fold([0.0; 3], |sum: Vec3, (a, b)| {
        // (b - a) × (b + a) is twice a × b, and accurate for short edges
        let (a, b) = (a.to_array(), b.to_array());
        let normal = cross(sub(b, a), add(b, a));
        let (sine, cosine) = (0.5 * norm(normal), dot(a, b));
        let length = sine.atan2(cosine);
        // normal / |normal| * length
        let factor = if sine > 0.0 { 0.5 * length / sine } else { 0.0 };
        add(sum, scale(normal, -factor))
    });
    let first = vertices.first().copied().unwrap_or(UnitVector::Z);
    let center = UnitVector::normalise(sum).unwrap_or(first);
    if center.dot(first) < 0.0 { center.antipode() } else { center }
}

/// The smallest circle through the corners of a narrow box, one about a pole or the middle of a
/// wide one.
fn circle_of_box(a: &SphericalBox) -> Circle {
    if a.is_empty() {
        return Circle::empty();
    }
    let ([west, _], [low, high]) = (a.lon_rad(), a.lat_rad());
    let half_width = 0.5 * a.lon_width();
    let middle = west + half_width;
    if half_width > FRAC_PI_2 {
        let (pole, to_pole) = if FRAC_PI_2 - low <= high + FRAC_PI_2 {
            (UnitVector::Z, FRAC_PI_2 - low)
        } else {
            (UnitVector::Z.antipode(), high + FRAC_PI_2)
        };
        return if to_pole <= half_width {
            Circle::about(pole, to_pole + WIDE_BOX_MARGIN)
        } else {
            Circle::about(direction(middle, 0.0), half_width + WIDE_BOX_MARGIN)
        };
    }
    // through all four corners, or about the middle of the longer of the parallels if that is
    // enough
    let (half, cosine) = (0.5 * (low + high), half_width.cos());
    let through = (cosine * half.sin()).atan2(half.cos());
    let lat = if half > 0.0 {
        through.max(low.sin().atan2(low.cos() * cosine))
    } else {
        through.min(high.sin().atan2(high.cos() * cosine))
    };
    let center = direction(middle, lat);
    let farthest = [low, high]
        .map(|corner| center.squared_chord(direction(west, corner)))
        .into_iter()
        .fold(0.0, f64::max);
    Circle::from_squared_chord(center, farthest + CHORD_MARGIN)
}

fn direction(lon: f64, lat: f64) -> UnitVector {
    UnitVector::from_lonlat(crate::angle::LonLat::from_parts(lon, lat))
}

/// A circle that holds two.
fn circle_of_two(a: &Circle, b: &Circle) -> Circle {
    if a.is_empty() || b.is_full() {
        return *b;
    }
    if b.is_empty() || a.is_full() {
        return *a;
    }
    let apart = a.center().angle_to(b.center()).radians();
    let (r_a, r_b) = (a.opening().radians(), b.opening().radians());
    if apart + r_b <= r_a {
        return *a;
    }
    if apart + r_a <= r_b {
        return *b;
    }
    let radius = 0.5 * (r_a + apart + r_b);
    if radius >= PI {
        return Circle::full();
    }
    // from the centre of a towards that of b
    let shift = radius - r_a;
    let (from, to) = (a.center().to_array(), b.center().to_array());
    let across = cross(cross(from, to), from);
    let center = UnitVector::normalise(across).and_then(|across| {
        let (sine, cosine) = shift.sin_cos();
        UnitVector::normalise(add(scale(from, cosine), scale(across.to_array(), sine)))
    });
    center
        .map_or_else(Circle::full, |center| Circle::about(center, radius + UNION_MARGIN))
}

/// A circle that holds what two have in common: the smaller of the two.
fn smaller_of_two(a: &Circle, b: &Circle) -> Circle {
    let apart = a.center().angle_to(b.center()).radians();
    let (r_a, r_b) = (a.opening().radians(), b.opening().radians());
    if a.is_empty() || b.is_empty() || apart > r_a + r_b {
        Circle::empty()
    } else if b.squared_chord() < a.squared_chord() {
        *b
    } else {
        *a
    }
}

fn box_of_circle(circle: &Circle) -> SphericalBox {
    if circle.is_empty() {
        return SphericalBox::empty();
    }
    if circle.is_full() {
        return SphericalBox::full();
    }
    let position = circle.center().to_lonlat();
    let (lon, lat) = (position.lon().radians(), position.lat().radians());
    let radius = circle.opening().radians() + CIRCLE_LAT_MARGIN;
    let (low, high) = ((lat - radius).max(-FRAC_PI_2), (lat + radius).min(FRAC_PI_2));
    if low <= -FRAC_PI_2 || high >= FRAC_PI_2 {
        return SphericalBox::from_parts([0.0, TAU], [low, high]);
    }
    let half_width = (radius.sin() / lat.cos()).min(1.0).asin() + CIRCLE_LON_MARGIN;
    SphericalBox::from_parts(widened([lon, lon], half_width), [low, high])
}

/// The box of a polygon.
pub(super) fn box_of_polygon(vertices: &[UnitVector]) -> SphericalBox {
    let mut lat = [FRAC_PI_2, -FRAC_PI_2];
    let mut lon = None;
    for (a, b) in edges(vertices) {
        let (low, high) = lat_range(a, b);
        lat = [lat[0].min(low), lat[1].max(high)];
        let at = b.to_lonlat().lon().radians();
        let point = widened([at, at], POLYGON_BOX_MARGIN);
        lon = Some(lon.map_or(point, |lon| add_point(lon, point)));
    }
    let Some(mut lon) = lon else { return SphericalBox::empty() };
    lat = [lat[0] - POLYGON_BOX_MARGIN, lat[1] + POLYGON_BOX_MARGIN];
    for (pole, end) in [(UnitVector::Z.antipode(), 0), (UnitVector::Z, 1)] {
        if holds(vertices, pole) {
            lat[end] = if end == 0 { -FRAC_PI_2 } else { FRAC_PI_2 };
            lon = [0.0, TAU];
        }
    }
    SphericalBox::from_parts(lon, lat.map(|a| a.clamp(-FRAC_PI_2, FRAC_PI_2)))
}

/// A range of longitudes that holds another and a short one, with the shorter way between them.
///
/// A short one inside of a range across longitude 0 makes it the whole circle. So does the
/// reference, and the pixels that it stores for boxes depend on it.
fn add_point(range: [f64; 2], point: [f64; 2]) -> [f64; 2] {
    let ([a, b], [c, d]) = (range, point);
    let both = SphericalBox::from_parts(range, [0.0, 0.0]);
    match (both.contains_lon(c), both.contains_lon(d)) {
        (true, true) if (a > b) == (c > d) => range,
        (true, true) => [0.0, TAU],
        (true, false) => [a, d],
        (false, false) if (c - b).rem_euclid(TAU) < (a - d).rem_euclid(TAU) => [a, d],
        (false, _) => [c, b],
    }
}

/// The latitudes of an arc: those of its ends, and its top or bottom where that lies between.
fn lat_range(a: UnitVector, b: UnitVector) -> (f64, f64) {
    let (lat_a, lat_b) = (a.to_lonlat().lat().radians(), b.to_lonlat().lat().radians());
    let (mut low, mut high) = (lat_a.min(lat_b), lat_a.max(lat_b));
    let n = cross(a.to_array(), b.to_array());
    let n_z = UnitVector::Z.to_array();
    // the northernmost point of the great circle is z less its part along n
    let top = sub(scale(n_z, dot(n, n)), scale(n, n[2]));
    let (from_a, to_b) =
        (dot(cross(n, a.to_array()), top), dot(cross(n, b.to_array()), top));
    let extreme = n[0].hypot(n[1]).atan2(n[2].abs());
    if from_a > 0.0 && to_b < 0.0 {
        high = high.max(extreme);
    }
    if from_a < 0.0 && to_b > 0.0 {
        low = low.min(-extreme);
    }
    (low, high)
}

/// A range of longitudes with a margin on both sides, wrapped.
fn widened([west, east]: [f64; 2], margin: f64) -> [f64; 2] {
    [west - margin, east + margin].map(|lon| Angle::from_radians(lon).wrapped().radians())
}
