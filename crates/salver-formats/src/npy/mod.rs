//! NumPy's npy, versions 1 to 3.
//!
//! Arrays of every item type of the tree are read in both byte orders and both axis orders, and
//! written as `numpy.save` writes them: version 1, this machine's order, C order. Structured types
//! of plain fields read as a table. Arrays of objects are pickles and are refused: nothing in a
//! file is ever executed. Source: NumPy enhancement proposal 1 and `numpy.lib.format`'s
//! documentation.
//!
//! What is lost: unit, grid and origin of an array. A box reads only its rows.

mod format;
mod header;
mod literal;
pub(crate) mod records;

#[cfg(test)]
mod tests;

pub use format::Npy;
pub(crate) use format::run_of;
pub(crate) use header::{
    Header, RecordField, Records, read as read_header, write as header_of,
};
