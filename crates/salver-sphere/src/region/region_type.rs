//! [`Region`]: any shape.

use super::{
    Circle, ConvexPolygon, Ellipse, IntersectionRegion, SphericalBox, UnionRegion,
};
use crate::vector::UnitVector;

/// A part of the sphere, of any of the shapes that Gen3 stores.
///
/// All shapes are closed sets: their edges belong to them. Source: Gen3 format §8
/// (docs/spec/gen3.md).
#[derive(Debug, Clone, PartialEq)]
pub enum Region {
    /// A range of longitudes and one of latitudes.
    Box(SphericalBox),
    /// All within an angle of a centre.
    Circle(Circle),
    /// A convex polygon with edges on great circles.
    Polygon(ConvexPolygon),
    /// All whose angles to two foci add up to no more than a limit.
    Ellipse(Ellipse),
    /// What lies in one operand at least.
    Union(UnionRegion),
    /// What lies in every operand.
    Intersection(IntersectionRegion),
}

impl Region {
    /// The name of the shape as Gen3 spells it: `ConvexPolygon`, `Circle`, `Box`, `Ellipse`,
    /// `UnionRegion` or `IntersectionRegion`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Box(_) => "Box",
            Self::Circle(_) => "Circle",
            Self::Polygon(_) => "ConvexPolygon",
            Self::Ellipse(_) => "Ellipse",
            Self::Union(_) => "UnionRegion",
            Self::Intersection(_) => "IntersectionRegion",
        }
    }

    /// Whether a direction lies in the region, its edge included.
    pub fn contains(&self, v: &UnitVector) -> bool {
        match self {
            Self::Box(shape) => shape.contains(v),
            Self::Circle(shape) => shape.contains(v),
            Self::Polygon(shape) => shape.contains(v),
            Self::Ellipse(shape) => shape.contains(v),
            Self::Union(shape) => shape.operands().iter().any(|r| r.contains(v)),
            Self::Intersection(shape) => shape.operands().iter().all(|r| r.contains(v)),
        }
    }
}

impl From<SphericalBox> for Region {
    fn from(shape: SphericalBox) -> Self {
        Self::Box(shape)
    }
}

impl From<Circle> for Region {
    fn from(shape: Circle) -> Self {
        Self::Circle(shape)
    }
}

impl From<ConvexPolygon> for Region {
    fn from(shape: ConvexPolygon) -> Self {
        Self::Polygon(shape)
    }
}

impl From<Ellipse> for Region {
    fn from(shape: Ellipse) -> Self {
        Self::Ellipse(shape)
    }
}

impl From<UnionRegion> for Region {
    fn from(shape: UnionRegion) -> Self {
        Self::Union(shape)
    }
}

impl From<IntersectionRegion> for Region {
    fn from(shape: IntersectionRegion) -> Self {
        Self::Intersection(shape)
    }
}
