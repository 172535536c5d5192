//! Structures of the file as they lie there. Source: the HDF5 File Format Specification, version
//! 3.0, whose sections are cited.

mod arrays;
mod btree2;
pub(crate) mod checksum;
pub(crate) mod chunks;
pub(crate) mod cursor;
pub(crate) mod datatype;
pub(crate) mod file;
mod fractal;
pub(crate) mod group;
pub(crate) mod header;
pub(crate) mod heap;
pub(crate) mod messages;
