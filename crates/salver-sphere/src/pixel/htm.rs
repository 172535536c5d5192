//! The hierarchical triangular mesh.
//!
//! Eight root triangles, the octants, are split into four again and again by the midpoints of
//! their sides. A number is 8 plus the root, followed by two bits per level. Source: Gen3
//! format §8.3; Kunszt, Szalay & Thakar 2001.

use crate::region::ConvexPolygon;
use crate::vector::{Side, UnitVector, orientation};
use salver_core::{Error, ErrorKind, Op, Result};
use std::fmt::Write as _;
use std::ops::Range;

type Triangle = [UnitVector; 3];

/// The mesh of one level, 0 to 24: `8 · 4^level` triangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Htm {
    level: u32,
}

impl Htm {
    /// The finest level.
    pub const MAX_LEVEL: u32 = 24;

    /// The mesh of a level.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the level is above 24.
    pub fn new(level: u32) -> Result<Self> {
        if level > Self::MAX_LEVEL {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("htm.new"),
                "no such level",
            )
            .with("level", level)
            .with("max_level", Self::MAX_LEVEL));
        }
        Ok(Self { level })
    }

    /// The level.
    pub fn level(self) -> u32 {
        self.level
    }

    /// All pixel numbers, `8 · 4^level .. 16 · 4^level`.
    pub fn universe(self) -> Range<u64> {
        8 << (2 * self.level)..16 << (2 * self.level)
    }

    /// The triangle that holds a direction; on an edge, the one that the rule of Gen3 names.
    pub fn index(self, v: &UnitVector) -> u64 {
        let root = root_of(*v);
        let mut triangle = root_triangle(root);
        let mut id = 8 + root;
        for _ in 0..self.level {
            let children = split(&triangle);
            let child = child_of(*v, &children);
            triangle = children[child];
            id = 4 * id + child as u64;
        }
        id
    }

    /// The triangle of a number.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the number is not in [`Htm::universe`].
    pub fn pixel(self, id: u64) -> Result<ConvexPolygon> {
        self.triangle(id).map(|t| ConvexPolygon::from_vertices(t.to_vec()))
    }

    pub(crate) fn triangle(self, id: u64) -> Result<Triangle> {
        self.check(id)?;
        let mut triangle = root_triangle((id >> (2 * self.level)) & 7);
        for level in (0..self.level).rev() {
            triangle = split(&triangle)[((id >> (2 * level)) & 3) as usize];
        }
        Ok(triangle)
    }

    /// The name of a triangle: `N` or `S`, the number of the root within its hemisphere, then
    /// one digit of 0 to 3 for each level.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the number is not in [`Htm::universe`].
    pub fn name(self, id: u64) -> Result<String> {
        self.check(id)?;
        let root = (id >> (2 * self.level)) & 7;
        let mut name = String::from(if root < 4 { "S" } else { "N" });
        // writing to a string cannot fail
        let _written = write!(name, "{}", root & 3);
        for level in (0..self.level).rev() {
            let _written = write!(name, "{}", (id >> (2 * level)) & 3);
        }
        Ok(name)
    }

    fn check(self, id: u64) -> Result<()> {
        let universe = self.universe();
        if universe.contains(&id) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, Op("htm.pixel"), "no such pixel")
            .with("id", id)
            .with("first", universe.start)
            .with("end", universe.end))
    }
}

/// The root triangle that holds a direction, by the signs of its components.
fn root_of(v: UnitVector) -> u64 {
    let (x, y) = (v.x(), v.y());
    if v.z() < 0.0 {
        if y > 0.0 {
            u64::from(x <= 0.0)
        } else if y == 0.0 {
            if x >= 0.0 { 0 } else { 2 }
        } else if x < 0.0 {
            2
        } else {
            3
        }
    } else if y > 0.0 {
        if x > 0.0 { 7 } else { 6 }
    } else if y == 0.0 {
        if x >= 0.0 { 7 } else { 5 }
    } else if x < 0.0 {
        5
    } else {
        4
    }
}

pub(super) fn root_triangle(root: u64) -> Triangle {
    let (x, y, z) = (UnitVector::X, UnitVector::Y, UnitVector::Z);
    let (minus_x, minus_y, minus_z) = (x.antipode(), y.antipode(), z.antipode());
    match root {
        0 => [x, minus_z, y],
        1 => [y, minus_z, minus_x],
        2 => [minus_x, minus_z, minus_y],
        3 => [minus_y, minus_z, x],
        4 => [x, z, minus_y],
        5 => [minus_y, z, minus_x],
        6 => [minus_x, z, y],
        _ => [y, z, x],
    }
}

/// The four children of a triangle, in the order of their numbers.
pub(super) fn split(&[v0, v1, v2]: &Triangle) -> [Triangle; 4] {
    let (m01, m12, m20) = (v0.midpoint(v1), v1.midpoint(v2), v2.midpoint(v0));
    [[v0, m01, m20], [v1, m12, m01], [v2, m20, m12], [m12, m20, m01]]
}

/// The first child of which the inner side has the direction on it or outwards, else the middle.
fn child_of(v: UnitVector, children: &[Triangle; 4]) -> usize {
    let outward = |&[_, a, b]: &Triangle| orientation(v, a, b) != Side::Less;
    children[..3].iter().position(outward).unwrap_or(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn direction() -> impl Strategy<Value = UnitVector> {
        let component = prop_oneof![4 => -1.0..1.0_f64, 1 => Just(0.0), 1 => Just(0.5)];
        prop::array::uniform3(component)
            .prop_filter_map("no direction", |v| UnitVector::new(v[0], v[1], v[2]).ok())
    }

    proptest! {
        #[test]
        fn index_is_a_pixel_that_holds_the_direction(v in direction(), level in 0..4_u32) {
            let htm = Htm::new(level).unwrap();
            let id = htm.index(&v);
            let holders: Vec<u64> =
                htm.universe().filter(|&i| htm.pixel(i).unwrap().contains(&v)).collect();
            prop_assert!(holders.contains(&id), "{} not in {:?}", id, holders);
        }

        #[test]
        fn parents_hold_their_children(v in direction(), level in 1..=24_u32) {
            let (fine, coarse) = (Htm::new(level).unwrap(), Htm::new(level - 1).unwrap());
            prop_assert_eq!(fine.index(&v) / 4, coarse.index(&v));
            prop_assert!(fine.universe().contains(&fine.index(&v)));
        }

        #[test]
        fn the_middle_of_a_pixel_has_its_number(root in 8..16_u64, path in any::<u64>(), level in 0..=24_u32) {
            let htm = Htm::new(level).unwrap();
            let id = (root << (2 * level)) | (path & ((1 << (2 * level)) - 1));
            let [a, b, c] = htm.triangle(id).unwrap();
            let middle = UnitVector::new(
                a.x() + b.x() + c.x(), a.y() + b.y() + c.y(), a.z() + b.z() + c.z(),
            ).unwrap();
            prop_assert_eq!(htm.index(&middle), id);
        }
    }

    #[test]
    fn names_spell_the_path() {
        assert_eq!(Htm::new(7).unwrap().name(200000).unwrap(), "N00311000");
        assert_eq!(Htm::new(0).unwrap().name(8).unwrap(), "S0");
    }

    #[test]
    fn numbers_outside_the_universe_are_invalid() {
        let htm = Htm::new(7).unwrap();
        for id in [0, 131071, 262144, u64::MAX] {
            assert_eq!(htm.pixel(id).unwrap_err().kind(), ErrorKind::InvalidInput);
            assert!(htm.name(id).is_err());
        }
        assert!(Htm::new(25).is_err());
        assert_eq!(Htm::new(24).unwrap().universe().end, 1 << 52);
    }
}
