//! ASDF: a YAML tree and binary blocks, of the ASDF standard 1.0 to 1.6.
//!
//! Any ASDF file is a tree and any tree an ASDF file; the bytes are described in
//! `docs/spec/asdf.md`. Arrays are `core/ndarray`, arrays with a unit `unit/quantity`, tables
//! `astropy/table`, times `time/time`; other tags of a file are tagged nodes of version 0 with the
//! tag's full name. What is lost: the payload of a NaN that stands in the YAML text.
//!
//! Each array is a block of its own, so an array or a box of rows is read without the rest. Options
//! of writing: `compression` (`none`, `zlib`, `lz4`, `zstd`, `bzp2`), and the extras `inline` (arrays
//! of at most so many numbers stand in the YAML text) and `compression:/path` (for the arrays at
//! and below a path).

mod blocks;
mod codec;
mod format;
mod header;
mod inline;
mod load;
mod lower;
mod ndarray;
mod raise;
mod scalar;
mod table;
mod tags;
mod units;
mod write;

#[cfg(test)]
mod tests;

pub use format::Asdf;
