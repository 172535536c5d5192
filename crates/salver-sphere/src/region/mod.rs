//! Regions of the sphere: shapes, their encodings and how they relate.

mod bounds;
mod boxes;
mod circle;
mod codec;
mod compound;
mod ellipse;
mod hull;
mod polygon;
#[cfg(test)]
mod properties;
mod region_type;
mod relate;
mod text;

pub use boxes::SphericalBox;
pub use circle::Circle;
pub use compound::{IntersectionRegion, UnionRegion};
pub use ellipse::Ellipse;
pub use polygon::ConvexPolygon;
pub use region_type::Region;
pub use relate::Relation;
pub(crate) use relate::{Shape, edges};
