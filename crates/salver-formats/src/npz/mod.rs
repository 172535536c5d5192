//! NumPy's npz: a zip archive of npy files, one for each entry of a map.
//!
//! Entries are arrays, with their names as keys; an archive of `numpy.savez` and
//! `numpy.savez_compressed` reads as such a map, arrays of records as tables and other members as
//! bytes. Members are stored, or deflated if `compression` is `deflate`; of a stored array a box
//! reads only its rows. What is lost: unit, grid and origin of an array. Source: `numpy.savez`'s
//! documentation; PKWARE's APPNOTE 6.3.10.

mod format;
mod member;
mod write;
mod zip;

#[cfg(test)]
mod tests;

pub use format::Npz;
