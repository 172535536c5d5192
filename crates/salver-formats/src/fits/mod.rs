//! FITS 4.0: images, tile-compressed images, binary tables and headers.
//!
//! Map: `card` and `header` the text; `scan` HDU by HDU; `image` plain images, `tiled` where the
//! tiles of compressed ones are, `untile` reading them, `tile` and `codec` decoding one, `quantize`
//! real numbers as integers; `columns` binary tables; `simple` one call for one image.

mod card;
mod cast;
mod checksum;
mod codec;
mod decode;
mod embedded;
mod encode;
mod entile;
mod format;
mod header;
mod image;
mod layout;
mod noise;
pub(crate) mod parallel;
mod pixel;
mod quantize;
mod recipe;
mod rescale;
mod scan;
mod simple;
mod structure;
mod table;
mod tile;
mod tiled;
mod tree;
mod untile;
mod view;
mod wcs;
mod write;

pub use card::{Body, Card, Value};
pub use checksum::{Verified, verify};
pub use format::Fits;
pub use header::{Entry, Header};
pub use simple::{HduName, read_image, write_image};

#[cfg(test)]
mod tests;
