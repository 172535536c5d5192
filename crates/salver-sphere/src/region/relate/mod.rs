//! How two regions lie to each other (Gen3 format §8.2).
//!
//! Answers are proofs: a bit that is not set means "not proven", never "proven not". Between
//! polygons and circles, between boxes and circles and within each kind they are exact up to
//! rounding. Polygons meet boxes only through their bounding boxes, and ellipses meet anything
//! only through their bounding circles, as in Gen3: the pixel ranges stored in repositories
//! depend on it.

mod box_pairs;
mod dispatch;
mod polygon_pairs;
mod relation;

pub(crate) use dispatch::Shape;
pub(crate) use polygon_pairs::{edges, holds};
pub use relation::Relation;
