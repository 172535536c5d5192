//! Files in one of the formats, without a butler.
//!
//! Map: `open` files and trees of them; `convert` from format to format; [`Outline`] what is in an
//! artifact, node by node.

mod convert;
mod open;
mod outline;

pub use convert::{ConvertOptions, Converted, convert, format_named};
pub use open::{
    Counting, OpenFile, absolute, path_of, read_document, read_text, read_tree,
    write_bytes, write_tree,
};
pub use outline::{Column, NodeLine, Outline, Stored, outline};
