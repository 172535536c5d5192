//! Unit vectors and the exact sign of a determinant.

mod orient;
mod unit;

pub use orient::{Side, orientation};
pub use unit::UnitVector;
pub(crate) use unit::{Vec3, add, cross, dot, norm, scale, sub};
