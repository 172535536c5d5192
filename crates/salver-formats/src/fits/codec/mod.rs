//! The tile codecs, one file each: bytes ↔ integers, no I/O. Source: FITS 4.0 §10.4.

mod bits;
pub(crate) mod gzip;
pub(crate) mod hcompress;
pub(crate) mod plio;
pub(crate) mod rice;

use salver_core::{Error, ErrorKind, Op};

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, Op("fits.tile"), message)
}
