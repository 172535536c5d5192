//! Regions, pixelisations and sky maps of Salver.
//!
//! ```
//! use salver_sphere::{Angle, Circle, Region, UnitVector};
//! # fn main() -> salver_core::Result<()> {
//! let field = Region::from_ivoa_pos("POLYGON 150 2 151 2 151 3 150 3")?;
//! let target = UnitVector::from_degrees(150.5, 2.2)?;
//! assert!(field.contains(&target));
//!
//! let cone = Region::from(Circle::new(target, Angle::from_degrees(0.1))?);
//! assert_eq!(field.overlaps(&cone), Some(true));
//!
//! // what Gen3 stores in its tables
//! let stored = field.to_base64();
//! assert_eq!(Region::from_base64(&stored)?, field);
//! # Ok(())
//! # }
//! ```
//!
//! Map: [`Angle`], [`LonLat`] and [`UnitVector`] are positions; [`Region`] and its shapes know
//! their encodings, relations and bounds; `pixel` numbers the sky (HTM, HEALPix) and covers
//! regions by ranges of pixels; `wcs` maps the pixels of an image to the sky.
//!
//! What it will not do: no I/O, no coordinate frames (all is in one, ICRS), no areas, no
//! regions with holes.

mod angle;
#[cfg(test)]
mod gen3_vectors;
mod pixel;
mod region;
mod vector;
mod wcs;

pub use angle::{Angle, LonLat};
pub use pixel::{Healpix, Htm, Pixelization, RangeSet};
pub use region::{
    Circle, ConvexPolygon, Ellipse, IntersectionRegion, Region, Relation, SphericalBox,
    UnionRegion,
};
pub use vector::{Side, UnitVector, orientation};
pub use wcs::{CardValue, Frame, SkyMap};
