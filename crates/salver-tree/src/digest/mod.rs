//! The digest of a value: what a reader decodes, whatever bytes it was stored as.
//!
//! The canonical form is docs/spec/digests.md. It does not depend on byte order, chunks, record
//! batches, compression or laziness.
//!
//! Map: `node` every kind of node; `array` arrays in blocks; `column` Arrow columns.

mod array;
mod column;
mod node;

pub use node::{Digest, digests, hex};
