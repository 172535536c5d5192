//! The one type between object kinds and storage kinds: the [`Tree`].
//!
//! An assembler turns an object into a tree, a [`Format`] turns a tree into bytes; so N kinds of
//! objects and M formats cost N + M pieces of code. A tree may be lazy: an array or a table that
//! knows the [`Source`] and the [`PartIndex`] it comes from, and moves bytes only when asked.
//!
//! ```
//! use salver_tree::{Map, Tree};
//!
//! let tree = Tree::Map(Map::from_iter([("visit".to_owned(), Tree::from(42_i64))]));
//! assert_eq!(tree.at("/visit")?.as_int(), Some(42));
//! # Ok::<(), salver_core::Error>(())
//! ```
//!
//! Map: [`tree`](Tree) node kinds and paths; [`array`](Array) and [`table`](Table) the bulk nodes;
//! [`source`](Source) random access to one artifact; [`index`](PartIndex) where each part is and
//! which ranges a selection needs; [`select`](Select) what is asked for; [`format`](Format) the
//! trait that formats implement. This crate does no I/O of its own.

mod array;
pub mod assemble;
mod buffer;
mod columns;
mod diff;
pub mod digest;
mod filter;
mod format;
mod handle;
mod index;
mod index_text;
mod kerchunk;
mod limits;
pub mod path;
mod ref_text;
mod references;
mod select;
mod source;
mod table;
mod tree;

pub use array::{Array, ArrayData, DType, Lazy};
pub use buffer::filled;
pub use columns::match_columns;
pub use diff::{DiffKind, Difference, diff};
pub use digest::Digest;
pub use filter::{Comparison, passing_rows};
pub use format::{Capabilities, EncodeOptions, Format, Kind, Sink};
pub use handle::{Handle, Resolver, get_all};
pub use index::{
    ArrayPart, Chunks, PartIndex, PartKind, Place, TablePart, coalesce, ranges,
};
pub use index_text::{INDEX_LIMIT, INDEX_VERSION};
pub use kerchunk::{References, kerchunk};
pub use limits::{Budget, Limits};
pub use references::{
    Change, REF_EXTENSION, RefColumn, Visit, is_ref_field, ref_column, ref_field,
};
pub use select::{BoxSelect, Filter, Select};
pub use source::{MemorySource, Source};
pub use table::{Table, TableData};
pub use tree::{Map, RefLeaf, Tagged, Tree};
