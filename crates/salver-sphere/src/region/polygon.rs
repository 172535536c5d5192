//! Convex polygons on the sphere.

use super::hull::convex_hull;
use super::relate::holds;
use crate::vector::UnitVector;
use salver_core::Result;

/// A convex polygon: edges on great circles, at least three vertices, counter-clockwise as seen
/// from outside the sphere; smaller than a hemisphere.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexPolygon {
    vertices: Vec<UnitVector>,
}

impl ConvexPolygon {
    /// The smallest convex polygon that holds all the points; those inside or on an edge are no
    /// vertices of it.
    ///
    /// # Errors
    /// `InvalidInput` when the points lie on one great circle, or in no open hemisphere.
    pub fn convex_hull(points: &[UnitVector]) -> Result<Self> {
        convex_hull(points).map(Self::from_vertices)
    }

    /// The vertices as they were stored, or known to be a convex polygon.
    pub(crate) const fn from_vertices(vertices: Vec<UnitVector>) -> Self {
        Self { vertices }
    }

    /// The vertices, counter-clockwise as seen from outside the sphere.
    pub fn vertices(&self) -> &[UnitVector] {
        &self.vertices
    }

    /// Whether a direction lies within, edges and vertices included; exact.
    pub fn contains(&self, v: &UnitVector) -> bool {
        holds(&self.vertices, *v)
    }
}
