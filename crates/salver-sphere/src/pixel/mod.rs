//! Numbering of the sky: HTM and HEALPix pixels, and sets of them.

mod healpix;
mod healpix_cover;
mod healpix_face;
mod healpix_near;
mod htm;
mod htm_cover;
mod pixelization;
mod ranges;

pub use healpix::Healpix;
pub use htm::Htm;
pub use pixelization::Pixelization;
pub use ranges::RangeSet;
