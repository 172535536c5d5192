//! The chain of codecs that a chunk went through, and each of them.
//!
//! Source: Zarr core specification 3.0 §Codecs; the codecs `bytes`, `transpose`, `gzip`, `zstd`,
//! `blosc` and `crc32c` of its registry; `zlib` and `lz4` of numcodecs for version 2.

mod blosc;
mod chain;
mod crc32c;
mod parse;
mod squeeze;

pub(crate) use chain::{Chain, Worker};
pub(crate) use crc32c::crc32c;
pub(crate) use parse::{version_2, version_3};
pub(crate) use squeeze::Codec;
