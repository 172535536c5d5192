//! FITS 4.0: images, tile-compressed images, binary tables and headers.
//!
//! Map: `card` and `header` the text; `scan` HDU by HDU; `image` plain images, `tiled` where the
//! tiles of compressed ones are, `untile` reading them, `tile` and `codec` decoding one, `quantize`
//! real numbers as integers; `columns` binary tables; `simple` one call for one image.

#![expect(dead_code, reason = "the writer uses the rest")]

mod card;
mod cast;
mod codec;
mod columns;
mod header;
mod image;
pub(crate) mod parallel;
mod pixel;
mod quantize;
mod scan;
mod simple;
mod tile;
mod tiled;
mod untile;

pub use card::{Body, Card, Value};
pub use header::{Entry, Header};
pub use simple::{HduName, read_image};

#[cfg(test)]
mod tests;
