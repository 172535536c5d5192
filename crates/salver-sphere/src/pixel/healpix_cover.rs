//! Which HEALPix pixels a region touches, and which lie within it.
//!
//! Gen3 takes for the envelope every pixel that is touched, or of which a neighbour is touched
//! within a sixteenth of a pixel; for the interior every pixel of which all corners are in the
//! region. Source: Gen3 format §8.5. Unlike the reference this also answers for compound
//! regions, and gives all pixels for the full box.

use super::healpix_face::{Place, float};
use super::healpix_near::{Near, pixel_reach};
use super::{Healpix, RangeSet};
use crate::region::{Circle, Region, Shape};
use crate::vector::UnitVector;

/// Levels between a pixel and the small ones around it that count as near.
const FINE: u32 = 4;
/// Levels between those and the ones of which the centres decide.
const FINER: u32 = 2;
const FINE_SIDE: u64 = 1 << FINE;
const STEPS: [(i8, i8); 8] =
    [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)];

impl Healpix {
    /// The pixels that the region touches, and those it comes near to by a sixteenth of a
    /// pixel. Ellipses count as their bounding circles; of an intersection, the pixels are
    /// those in the envelopes of all operands.
    pub fn envelope(self, region: &Region) -> RangeSet {
        self.cover(region, true)
    }

    /// The pixels of which all four corners are in the region.
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
                let all: RangeSet = std::iter::once(self.universe()).collect();
                return each(intersection.operands())
                    .iter()
                    .fold(all, |common, set| common.intersection(set));
            }
            _ => {}
        }
        let mut cover = Cover {
            healpix: self,
            region,
            near: Near::new(region),
            margin: pixel_reach(float(self.n_side() << (FINE + FINER))),
            touching,
            found: RangeSet::new(),
        };
        for face in 0..12 {
            cover.visit(Place { face, i: 0, j: 0 }, 0);
        }
        cover.found
    }
}

struct Cover<'a> {
    healpix: Healpix,
    region: &'a Region,
    near: Near,
    /// How far a centre of the smallest pixels may be from a region that touches it.
    margin: f64,
    touching: bool,
    found: RangeSet,
}

impl Cover<'_> {
    fn visit(&mut self, place: Place, level: u32) {
        let down = self.healpix.level() - level;
        let rim = 1.0 / float(FINE_SIDE << down);
        let circle = circle_about(place, 1 << level, rim);
        if !self.near.reaches(circle.center(), circle.opening().radians() + self.margin) {
            return;
        }
        if Shape::Circle(&circle).relate_region(self.region).is_within() {
            let first = Place { i: place.i << down, j: place.j << down, ..place };
            let first = self.healpix.number(first);
            self.found.push(first..first + (1 << (2 * down)));
        } else if down > 0 {
            for child in children(place) {
                self.visit(child, level + 1);
            }
        } else if self.takes(place) {
            let id = self.healpix.number(place);
            self.found.push(id..id + 1);
        }
    }

    /// Whether a pixel of the last level belongs to the answer.
    fn takes(&self, place: Place) -> bool {
        let n_side = self.healpix.n_side();
        if !self.touching {
            return place.corners(n_side).iter().all(|v| self.region.contains(v));
        }
        self.touched(place, n_side, FINE + FINER) || self.rim_is_touched(place)
    }

    /// Whether one of the pixels `depth` levels down has its centre near the region.
    fn touched(&self, place: Place, n_side: u64, depth: u32) -> bool {
        if depth == 0 {
            return self.near.reaches(place.point(n_side, (0.5, 0.5)), self.margin);
        }
        let circle = circle_about(place, n_side, 0.0);
        self.near.reaches(circle.center(), circle.opening().radians() + self.margin)
            && children(place).into_iter().any(|c| self.touched(c, 2 * n_side, depth - 1))
    }

    /// Whether one of the small pixels around is touched.
    fn rim_is_touched(&self, place: Place) -> bool {
        let n_fine = self.healpix.n_side() << FINE;
        let (i0, j0) = (place.i * FINE_SIDE, place.j * FINE_SIDE);
        let last = FINE_SIDE - 1;
        (0..FINE_SIDE)
            .flat_map(|k| [(k, 0), (k, last), (0, k), (last, k)])
            .map(|(i, j)| Place { face: place.face, i: i0 + i, j: j0 + j })
            .flat_map(|fine| {
                STEPS.into_iter().filter_map(move |s| fine.neighbour(n_fine, s))
            })
            .filter(|fine| {
                (fine.face, fine.i / FINE_SIDE, fine.j / FINE_SIDE)
                    != (place.face, place.i, place.j)
            })
            .any(|fine| self.touched(fine, n_fine, FINER))
    }
}

/// The four pixels of the next level, in the order of their numbers.
fn children(place: Place) -> [Place; 4] {
    [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| Place {
        i: 2 * place.i + i,
        j: 2 * place.j + j,
        ..place
    })
}

/// A circle that surely holds a pixel and a rim around it, given in parts of the pixel's side.
fn circle_about(place: Place, n_side: u64, rim: f64) -> Circle {
    let center = place.point(n_side, (0.5, 0.5));
    let reach = |v: &UnitVector| center.angle_to(*v).radians();
    let farthest = place.corners(n_side).iter().map(reach).fold(0.0, f64::max);
    // sides bend a little, and pixels differ in shape by up to a factor of two
    Circle::about(center, farthest * (1.1 + 4.0 * rim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::angle::Angle;
    use crate::region::{ConvexPolygon, IntersectionRegion, SphericalBox, UnionRegion};
    use proptest::prelude::*;

    fn direction() -> impl Strategy<Value = UnitVector> {
        prop::array::uniform3(-1.0..1.0_f64)
            .prop_filter_map("no direction", |v| UnitVector::new(v[0], v[1], v[2]).ok())
    }

    proptest! {
        #[test]
        fn numbers_and_places_round_trip(face in 0..12_usize, path in any::<u64>(), level in 0..=29_u32) {
            let healpix = Healpix::new(level).unwrap();
            let id = (face as u64) << (2 * level) | (path & ((1 << (2 * level)) - 1));
            let place = healpix.place(id);
            prop_assert_eq!(healpix.number(place), id);
            prop_assert_eq!(healpix.index(&place.point(healpix.n_side(), (0.5, 0.5))), id);
        }

        #[test]
        fn index_is_a_pixel_whose_circle_holds_the_direction(v in direction(), level in 0..=29_u32) {
            let healpix = Healpix::new(level).unwrap();
            let place = healpix.place(healpix.index(&v));
            prop_assert!(circle_about(place, healpix.n_side(), 0.0).contains(&v));
        }

        #[test]
        fn envelope_holds_and_interior_is_held(
            center in direction(), level in 0..8_u32, size in prop_oneof![Just(0.01), Just(0.3)],
            offsets in prop::collection::vec(prop::array::uniform3(-1.0..1.0_f64), 30), kind in 0..5_u8,
        ) {
            let healpix = Healpix::new(level).unwrap();
            let near: Vec<UnitVector> = offsets.iter().filter_map(|o| {
                let [x, y, z] = center.to_array();
                UnitVector::new(x + size * o[0], y + size * o[1], z + size * o[2]).ok()
            }).collect();
            let radius = Angle::from_radians(size);
            let circle = Region::from(Circle::new(center, radius).unwrap());
            let boxed = SphericalBox::around(center.to_lonlat(), radius, radius).unwrap();
            let region = match kind {
                0 => ConvexPolygon::convex_hull(&near[..6]).map_or(circle, Region::from),
                1 => circle,
                2 => boxed.into(),
                3 => UnionRegion::new(vec![circle, Circle::full().into()]).into(),
                _ => IntersectionRegion::new(vec![circle, boxed.into()]).into(),
            };
            let (envelope, interior) = (healpix.envelope(&region), healpix.interior(&region));
            for v in &near {
                if region.contains(v) {
                    prop_assert!(envelope.contains(healpix.index(v)), "{:?}", envelope);
                }
            }
            for id in interior.iter().take(200) {
                prop_assert!(envelope.contains(id));
                let place = healpix.place(id);
                prop_assert!(place.corners(healpix.n_side()).iter().all(|v| region.contains(v)));
            }
        }
    }

    #[test]
    fn the_whole_sphere_is_one_range() {
        let healpix = Healpix::new(17).unwrap();
        for region in [Region::from(SphericalBox::full()), Circle::full().into()] {
            assert_eq!(healpix.envelope(&region).ranges(), [healpix.universe()]);
            assert_eq!(healpix.interior(&region).ranges(), [healpix.universe()]);
        }
        for region in [Region::from(SphericalBox::empty()), Circle::empty().into()] {
            assert!(healpix.envelope(&region).is_empty());
        }
    }
}
