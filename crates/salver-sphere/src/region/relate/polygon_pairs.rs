//! Polygons with polygons and circles, and circles with circles. Nothing here allocates.

use super::Relation;
use crate::region::Circle;
use crate::vector::{Side, UnitVector, cross, dot, orientation};
use std::f64::consts::FRAC_PI_2;

/// The edges of a polygon, the closing one first.
pub(crate) fn edges(
    vertices: &[UnitVector],
) -> impl Iterator<Item = (UnitVector, UnitVector)> + Clone + '_ {
    let starts = vertices.last().into_iter().chain(vertices);
    starts.zip(vertices).map(|(&a, &b)| (a, b))
}

/// Whether a convex polygon holds a direction, exactly; edges belong to it.
pub(crate) fn holds(vertices: &[UnitVector], v: UnitVector) -> bool {
    edges(vertices).all(|(a, b)| orientation(v, a, b) != Side::Less)
}

/// Two convex polygons, exactly.
pub(super) fn polygon_polygon(a: &[UnitVector], b: &[UnitVector]) -> Relation {
    // the usual case by far: one edge has the whole other polygon outside
    if separates(a, b) || separates(b, a) {
        return Relation::DISJOINT;
    }
    let n_b_in_a = b.iter().filter(|&&v| holds(a, v)).count();
    let n_a_in_b = a.iter().filter(|&&v| holds(b, v)).count();
    if n_a_in_b + n_b_in_a > 0 {
        return Relation::when([false, n_b_in_a == b.len(), n_a_in_b == a.len()]);
    }
    let meet =
        edges(a).any(|(a0, a1)| edges(b).any(|(b0, b1)| cross_over(a0, a1, b0, b1)));
    Relation::when([!meet, false, false])
}

fn separates(a: &[UnitVector], b: &[UnitVector]) -> bool {
    edges(a)
        .any(|(start, end)| b.iter().all(|&v| orientation(v, start, end) == Side::Less))
}

/// Whether two arcs cross at an inner point of both.
fn cross_over(a0: UnitVector, a1: UnitVector, b0: UnitVector, b1: UnitVector) -> bool {
    let side = orientation(b0, a0, a1);
    side != Side::Equal
        && orientation(b1, a0, a1) == side.reverse()
        && orientation(a0, b0, b1) == side.reverse()
        && orientation(a1, b0, b1) == side
}

/// A convex polygon and a circle.
pub(super) fn polygon_circle(polygon: &[UnitVector], circle: &Circle) -> Relation {
    if circle.is_empty() {
        return Relation::DISJOINT | Relation::CONTAINS;
    }
    if circle.is_full() {
        return Relation::WITHIN;
    }
    let n_in = polygon.iter().filter(|v| circle.contains(v)).count();
    if n_in > 0 && n_in < polygon.len() {
        return Relation::NOTHING;
    }
    if circle.opening().radians() > FRAC_PI_2 {
        // more than a hemisphere: what is outside of it is the convex one
        let out = circle.center().antipode();
        let out_chord = 4.0 - circle.squared_chord();
        let within = n_in > 0
            && !holds(polygon, out)
            && squared_chord_to_edges(polygon, out) >= out_chord;
        return Relation::when([n_in == 0, false, within]);
    }
    if n_in > 0 {
        return Relation::WITHIN;
    }
    let to_edge = squared_chord_to_edges(polygon, circle.center());
    if holds(polygon, circle.center()) {
        Relation::when([false, to_edge >= circle.squared_chord(), false])
    } else {
        Relation::when([to_edge > circle.squared_chord(), false, false])
    }
}

/// Two circles.
pub(super) fn circle_circle(a: &Circle, b: &Circle) -> Relation {
    if a.is_empty() || b.is_empty() {
        return Relation::when([true, b.is_empty(), a.is_empty()]);
    }
    if a.is_full() || b.is_full() {
        return Relation::when([false, a.is_full(), b.is_full()]);
    }
    let apart = a.center().angle_to(b.center()).radians();
    let (r_a, r_b) = (a.opening().radians(), b.opening().radians());
    Relation::when([apart > r_a + r_b, apart + r_b <= r_a, apart + r_a <= r_b])
}

/// The squared straight distance from a direction to the nearest point of the edges.
pub(super) fn squared_chord_to_edges(polygon: &[UnitVector], v: UnitVector) -> f64 {
    edges(polygon).map(|(a, b)| squared_chord_to_arc(v, a, b)).fold(4.0, f64::min)
}

/// The squared straight distance from a direction to the nearest point of an arc below π.
pub(super) fn squared_chord_to_arc(v: UnitVector, a: UnitVector, b: UnitVector) -> f64 {
    let n = cross(a.to_array(), b.to_array());
    let p = v.to_array();
    let past_start = dot(cross(n, a.to_array()), p) > 0.0;
    let before_end = dot(cross(n, b.to_array()), p) < 0.0;
    if past_start && before_end {
        let sine_squared = {
            let height = dot(n, p);
            height * height / dot(n, n)
        };
        let cosine = (1.0 - sine_squared).max(0.0).sqrt();
        return 2.0 * sine_squared / (1.0 + cosine);
    }
    v.squared_chord(a).min(v.squared_chord(b))
}
