//! Which triangles of the mesh a region touches, and which lie within it.
//!
//! Descends from the roots: a triangle proven to be outside is dropped, one proven to be inside
//! taken whole, any other split. Compound regions are the union or the intersection of what
//! their operands give. Source: Gen3 format §8.4.

use super::htm::{root_triangle, split};
use super::{Htm, RangeSet};
use crate::region::{Circle, Region, Relation, Shape};
use crate::vector::{UnitVector, Vec3, cross, dot};
use std::f64::consts::FRAC_PI_2;

/// What a rounding error can move an edge or a circle by, radians; far above it.
const MARGIN: f64 = 1e-12;

impl Htm {
    /// The pixels that the region touches, and near rounding or for shapes whose relations are
    /// not exact ([`Region::relate`]) some more. Takes time and memory in proportion to the
    /// pixels along the region's edge.
    pub fn envelope(self, region: &Region) -> RangeSet {
        self.cover(region, true)
    }

    /// The pixels that are proven to lie within the region.
    pub fn interior(self, region: &Region) -> RangeSet {
        self.cover(region, false)
    }

    fn cover(self, region: &Region, touching: bool) -> RangeSet {
        let each = |operands: &[Region]| -> Vec<RangeSet> {
            operands.iter().map(|r| self.cover(r, touching)).collect()
        };
        match region {
            Region::Union(union) => return RangeSet::union_of(&each(union.operands())),
            Region::Intersection(intersection) => {
                let all = std::iter::once(self.universe()).collect();
                return each(intersection.operands())
                    .iter()
                    .fold(all, |common: RangeSet, set| common.intersection(set));
            }
            _ => {}
        }
        let mut cover = Cover {
            region,
            quick: Quick::new(region),
            touching,
            last_level: self.level(),
            found: RangeSet::new(),
        };
        for root in 0..8 {
            cover.visit(&root_triangle(root), 8 + root, 0);
        }
        cover.found
    }
}

struct Cover<'a> {
    region: &'a Region,
    quick: Option<Quick>,
    touching: bool,
    last_level: u32,
    found: RangeSet,
}

impl Cover<'_> {
    fn visit(&mut self, triangle: &[UnitVector; 3], id: u64, level: u32) {
        let relation = match self.quick.as_ref().map(|quick| quick.place(triangle)) {
            Some(Place::Outside) => return,
            Some(Place::Inside) => Relation::NOTHING,
            Some(Place::Unknown) | None => {
                Shape::Polygon(triangle, None).relate_region(self.region)
            }
        };
        if relation.is_disjoint() {
            return;
        }
        let last = level == self.last_level;
        if relation.is_within() || (last && self.touching) {
            let shift = 2 * (self.last_level - level);
            self.found.push(id << shift..(id + 1) << shift);
        } else if !last {
            for (child, id) in split(triangle).iter().zip(4 * id..) {
                self.visit(child, id, level + 1);
            }
        }
    }
}

/// A circle about the region, for a first look at a triangle.
struct Quick {
    center: Vec3,
    sine_squared: f64,
}

/// Where a circle lies to a triangle.
enum Place {
    Outside,
    Inside,
    Unknown,
}

impl Quick {
    /// The first look, for the shapes with exact relations to triangles.
    fn new(region: &Region) -> Option<Self> {
        let circle: Circle = match region {
            Region::Polygon(_) | Region::Circle(_) => region.bounding_circle(),
            _ => return None,
        };
        let radius = circle.opening().radians() + MARGIN;
        (!circle.is_empty() && radius < FRAC_PI_2).then(|| Self {
            center: circle.center().to_array(),
            sine_squared: radius.sin().powi(2),
        })
    }

    fn place(&self, &[a, b, c]: &[UnitVector; 3]) -> Place {
        let mut inside = true;
        for (start, end) in [(a, b), (b, c), (c, a)] {
            let normal = cross(start.to_array(), end.to_array());
            let height = dot(normal, self.center);
            let clear = height * height > dot(normal, normal) * self.sine_squared;
            if clear && height < 0.0 {
                return Place::Outside;
            }
            inside &= clear;
        }
        if inside { Place::Inside } else { Place::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::angle::Angle;
    use crate::region::{ConvexPolygon, Ellipse, SphericalBox, UnionRegion};
    use proptest::prelude::*;

    fn direction() -> impl Strategy<Value = UnitVector> {
        prop::array::uniform3(-1.0..1.0_f64)
            .prop_filter_map("no direction", |v| UnitVector::new(v[0], v[1], v[2]).ok())
    }

    /// A region of some kind, and directions about it.
    fn region() -> impl Strategy<Value = (Region, Vec<UnitVector>)> {
        let size = prop_oneof![Just(0.002), Just(0.03), Just(0.5)];
        let offsets = prop::collection::vec(prop::array::uniform3(-1.0..1.0_f64), 40);
        (direction(), size, offsets, 0..5_u8).prop_map(|(center, size, offsets, kind)| {
            let near: Vec<UnitVector> = offsets
                .iter()
                .filter_map(|o| {
                    let [x, y, z] = center.to_array();
                    UnitVector::new(x + size * o[0], y + size * o[1], z + size * o[2])
                        .ok()
                })
                .collect();
            let radius = Angle::from_radians(size);
            let circle = || Region::from(Circle::new(center, radius).unwrap());
            let polygon = || ConvexPolygon::convex_hull(&near[..6]).map(Region::from);
            let region = match kind {
                0 => polygon().unwrap_or_else(|_| circle()),
                1 => circle(),
                2 => SphericalBox::around(center.to_lonlat(), radius, radius)
                    .unwrap()
                    .into(),
                3 => {
                    Ellipse::new(center, radius, Angle::from_radians(size / 3.0), radius)
                        .unwrap()
                        .into()
                }
                _ => UnionRegion::new(vec![
                    circle(),
                    Circle::new(center.antipode(), radius).unwrap().into(),
                ])
                .into(),
            };
            (region, near)
        })
    }

    proptest! {
        #[test]
        fn envelope_holds_and_interior_is_held((region, near) in region(), level in 0..9_u32) {
            let htm = Htm::new(level).unwrap();
            let (envelope, interior) = (htm.envelope(&region), htm.interior(&region));
            for v in &near {
                let id = htm.index(v);
                if region.contains(v) {
                    prop_assert!(envelope.contains(id), "{} not in {:?}", id, envelope);
                } else {
                    prop_assert!(!interior.contains(id), "{} in {:?}", id, interior);
                }
            }
            prop_assert!(interior.iter().take(1000).all(|id| envelope.contains(id)));
        }

        #[test]
        fn cover_equals_a_look_at_every_pixel((region, _) in region(), level in 0..4_u32) {
            let htm = Htm::new(level).unwrap();
            let relate = |id: u64| Region::from(htm.pixel(id).unwrap()).relate(&region);
            let touched: RangeSet =
                htm.universe().filter(|&id| !relate(id).is_disjoint()).collect();
            let envelope = htm.envelope(&region);
            // where relations are not exact, a parent may be proven outside and its child not
            prop_assert!(envelope.iter().all(|id| touched.contains(id)));
            if matches!(region, Region::Polygon(_) | Region::Circle(_)) {
                prop_assert_eq!(&envelope, &touched);
                let within: RangeSet =
                    htm.universe().filter(|&id| relate(id).is_within()).collect();
                prop_assert_eq!(htm.interior(&region), within);
            }
        }
    }

    #[test]
    fn the_whole_sphere_is_one_range() {
        let htm = Htm::new(20).unwrap();
        for region in [Region::from(SphericalBox::full()), Circle::full().into()] {
            assert_eq!(htm.envelope(&region).ranges(), [htm.universe()]);
            assert_eq!(htm.interior(&region).ranges(), [htm.universe()]);
        }
        for region in [Region::from(SphericalBox::empty()), Circle::empty().into()] {
            assert!(htm.envelope(&region).is_empty());
        }
    }
}
