//! The convex hull of points on the sphere, by inserting one point after another.
//!
//! Every decision is the exact sign of a determinant, so the result is convex without rounding,
//! and no three of its vertices lie on one great circle.

use crate::vector::{Side, UnitVector, orientation};
use salver_core::{Error, ErrorKind, Op, Result};

const OP: Op = Op("polygon.convex_hull");

/// The vertices of the hull, counter-clockwise.
pub(super) fn convex_hull(points: &[UnitVector]) -> Result<Vec<UnitVector>> {
    let mut hull = first_triangle(points)?.to_vec();
    for &point in points {
        insert(&mut hull, point)?;
    }
    Ok(hull)
}

fn first_triangle(points: &[UnitVector]) -> Result<[UnitVector; 3]> {
    let degenerate = || {
        Error::new(ErrorKind::InvalidInput, OP, "all points lie on one great circle")
            .with("n_points", points.len())
            .hint("a polygon needs three points that enclose something")
    };
    let (&a, rest) = points.split_first().ok_or_else(degenerate)?;
    // two different directions span a great circle; opposite ones do not
    let spans = |b: &&UnitVector| orientation_is_open(a, **b);
    let &b = rest.iter().find(spans).ok_or_else(degenerate)?;
    for &c in rest {
        match orientation(c, a, b) {
            Side::Greater => return Ok([a, b, c]),
            Side::Less => return Ok([b, a, c]),
            Side::Equal => {}
        }
    }
    Err(degenerate())
}

/// Whether two directions are neither the same nor opposite: then one of the axes is off their
/// plane.
fn orientation_is_open(a: UnitVector, b: UnitVector) -> bool {
    [UnitVector::X, UnitVector::Y, UnitVector::Z]
        .into_iter()
        .any(|axis| orientation(axis, a, b) != Side::Equal)
}

/// Adds a point: the edges that see it from outside give way to two edges through it.
fn insert(hull: &mut Vec<UnitVector>, point: UnitVector) -> Result<()> {
    let n = hull.len();
    let sides: Vec<Side> =
        (0..n).map(|i| orientation(point, hull[i], hull[(i + 1) % n])).collect();
    if sides.iter().all(|&s| s != Side::Less) {
        return Ok(());
    }
    if sides.iter().all(|&s| s != Side::Greater) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            OP,
            "the points do not fit into one hemisphere",
        ));
    }
    // the edges to keep are those with the point strictly inside; they are one run
    let keep = |i: usize| sides[i % n] == Side::Greater;
    let Some(first) = (0..n).find(|&i| keep(i) && !keep(i + n - 1)) else {
        return Ok(());
    };
    let length = (first..first + n).take_while(|&i| keep(i)).count();
    // where the list begins means nothing, but like this it is as in Gen3 (tried on 600 hulls):
    // it begins as before, or where that gave way, with the new point or after it
    let kept = first..=first + length;
    let start = match kept.clone().position(|i| i % n == 0) {
        Some(at) => at,
        None if (first + length) % n == n - 1 => length + 1,
        None => 0,
    };
    let mut next: Vec<UnitVector> = kept.map(|i| hull[i % n]).collect();
    next.push(point);
    next.rotate_left(start);
    *hull = next;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(lon_deg: f64, lat_deg: f64) -> UnitVector {
        UnitVector::from_degrees(lon_deg, lat_deg).unwrap()
    }

    proptest! {
        #[test]
        fn hull_is_convex_and_holds_every_point(
            center in (0.0..360.0_f64, -80.0..80.0_f64),
            offsets in prop::collection::vec((-40..40_i32, -40..40_i32), 3..40),
        ) {
            let c = at(center.0, center.1);
            let points: Vec<_> = offsets
                .iter()
                .map(|&(x, y)| UnitVector::new(
                    c.x() + f64::from(x) / 60.0,
                    c.y() + f64::from(y) / 60.0,
                    c.z(),
                ).unwrap())
                .collect();
            let Ok(hull) = convex_hull(&points) else { return Ok(()) };
            let n = hull.len();
            for i in 0..n {
                let (a, b) = (hull[i], hull[(i + 1) % n]);
                prop_assert_eq!(orientation(hull[(i + 2) % n], a, b), Side::Greater);
                for &p in points.iter().chain(&hull) {
                    prop_assert_ne!(orientation(p, a, b), Side::Less);
                }
                prop_assert!(points.contains(&a));
            }
        }
    }

    #[test]
    fn points_on_edges_are_no_vertices() {
        let (a, b, c) = (UnitVector::X, UnitVector::Y, UnitVector::Z);
        let hull = convex_hull(&[a, a.midpoint(b), b, c.midpoint(a), c, a]).unwrap();
        assert_eq!(hull.len(), 3);
    }

    #[test]
    fn what_encloses_nothing_is_invalid() {
        let equator = [at(0.0, 0.0), at(10.0, 0.0), at(20.0, 0.0)];
        let around = [
            at(0.0, 0.0),
            at(120.0, 10.0),
            at(240.0, -10.0),
            at(0.0, 90.0),
            at(0.0, -90.0),
        ];
        for points in
            [&[][..], &equator[..1], &equator[..], &around[..], &[at(1.0, 1.0); 5][..]]
        {
            assert_eq!(convex_hull(points).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
