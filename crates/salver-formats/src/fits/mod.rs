//! FITS.

mod card;
mod codec;
mod columns;
mod header;
mod image;
mod parallel;
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
