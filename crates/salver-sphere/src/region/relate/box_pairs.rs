//! Boxes with boxes and circles.

use super::Relation;
use super::polygon_pairs::{circle_circle, squared_chord_to_arc};
use crate::angle::LonLat;
use crate::region::{Circle, SphericalBox};
use crate::vector::UnitVector;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Two boxes: ranges of longitude and of latitude each for themselves.
pub(crate) fn box_box(a: &SphericalBox, b: &SphericalBox) -> Relation {
    if a.is_empty() || b.is_empty() {
        return Relation::when([true, b.is_empty(), a.is_empty()]);
    }
    let ([a0, a1], [b0, b1]) = (a.lat_rad(), b.lat_rad());
    let lat =
        Relation::when([a1 < b0 || b1 < a0, a0 <= b0 && b1 <= a1, b0 <= a0 && a1 <= b1]);
    let lon = lon_lon(a, b);
    ((lat | lon) & Relation::DISJOINT)
        | (lat & lon & (Relation::CONTAINS | Relation::WITHIN))
}

fn lon_lon(a: &SphericalBox, b: &SphericalBox) -> Relation {
    let ([a0, a1], [b0, b1]) = (a.lon_rad(), b.lon_rad());
    let apart = !(a.contains_lon(b0)
        || a.contains_lon(b1)
        || b.contains_lon(a0)
        || b.contains_lon(a1));
    Relation::when([apart, lon_contains(a, [b0, b1]), lon_contains(b, [a0, a1])])
}

/// Whether the longitudes of a box contain a range.
fn lon_contains(a: &SphericalBox, [b0, b1]: [f64; 2]) -> bool {
    let [a0, a1] = a.lon_rad();
    match (a0 > a1, b0 > b1) {
        (false, false) | (true, true) => a0 <= b0 && b1 <= a1,
        (true, false) => b0 >= a0 || b1 <= a1,
        (false, true) => a.is_full_lon(),
    }
}

/// A box and a circle.
pub(crate) fn box_circle(a: &SphericalBox, circle: &Circle) -> Relation {
    if a.is_empty() || circle.is_empty() {
        return Relation::when([true, circle.is_empty(), a.is_empty()]);
    }
    if a.is_full() || circle.is_full() {
        let full = Circle::full();
        return circle_circle(if a.is_full() { &full } else { circle }, circle)
            & Relation::when([false, a.is_full(), circle.is_full()]);
    }
    let radius = circle.opening().radians();
    let disjoint = angle_to(a, circle.center()) > radius;
    // the farthest point lies opposite to the nearest one of the opposite centre
    let within = PI - angle_to(a, circle.center().antipode()) <= radius;
    let contains = !disjoint && angle_to_outside(a, circle.center()) >= radius;
    Relation::when([disjoint, contains, within])
}

/// The angle from a direction to the nearest point of a box; 0 inside.
fn angle_to(a: &SphericalBox, v: UnitVector) -> f64 {
    let position = v.to_lonlat();
    if a.contains_lon(position.lon().radians()) {
        let ([low, high], lat) = (a.lat_rad(), position.lat().radians());
        return (low - lat).max(lat - high).max(0.0);
    }
    angle_to_sides(a, v)
}

/// The angle from a direction inside a box to the nearest point outside of it; -1 outside.
fn angle_to_outside(a: &SphericalBox, v: UnitVector) -> f64 {
    let position = v.to_lonlat();
    let ([low, high], lat) = (a.lat_rad(), position.lat().radians());
    if !(a.contains_lat(lat) && a.contains_lon(position.lon().radians())) {
        return -1.0;
    }
    // a pole is no edge
    let below = if low <= -FRAC_PI_2 { PI } else { lat - low };
    let above = if high >= FRAC_PI_2 { PI } else { high - lat };
    let beside = if a.is_full_lon() { PI } else { angle_to_sides(a, v) };
    below.min(above).min(beside)
}

/// The angle from a direction to the nearest point of the western and the eastern edge.
fn angle_to_sides(a: &SphericalBox, v: UnitVector) -> f64 {
    let [low, high] = a.lat_rad();
    let nearest = a.lon_rad().into_iter().flat_map(|lon| {
        let point =
            |lat: f64| UnitVector::from_lonlat(LonLat::from_parts(lon % TAU, lat));
        // in two halves, since an arc must stay below π
        let middle = 0.5 * (low + high);
        [(low, middle), (middle, high)]
            .map(|(from, to)| squared_chord_to_arc(v, point(from), point(to)))
    });
    let squared_chord = nearest.fold(4.0, f64::min);
    2.0 * (0.5 * squared_chord.sqrt()).min(1.0).asin()
}
