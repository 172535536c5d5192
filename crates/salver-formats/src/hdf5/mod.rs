//! HDF5: the file format of the HDF Group, read and written by its specification.
//!
//! Groups are maps, datasets are arrays, tables and scalars, attributes are under keys with `@`.
//! `docs/spec/hdf5.md` says how a tree is written and what of other people's files is read; why no
//! library does it, `docs/decisions/0011-hdf5-reader.md`.
//!
//! Map: `low` the structures of the file; `walk` from the root group to the index; `node` what the
//! index keeps; `decode` from there to trees; `array`, `item`, `filter` items out of chunks; `value`
//! small values; `table` rows and columns; `write` trees to bytes. Nothing outside of the file is
//! ever opened: links to other files, external and virtual datasets are shown as such.

mod array;
mod decode;
mod filter;
mod format;
mod item;
mod low;
mod marks;
mod name;
mod node;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod walk;
mod write;

pub use format::Hdf5;
