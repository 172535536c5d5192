//! Zarr, as one file: a zip archive whose members are the keys of a store.
//!
//! A tree is written in version 3: a map with arrays or tables in it is a group, an array is an
//! array with dimension names, chunked and sharded, a table is a group of columns with masks; what
//! is neither is in attributes, in the spelling of JSON. `docs/spec/zarr.md` states what is written
//! and how other stores read. What is lost: the payload of a NaN outside of arrays and tables.
//!
//! Map: `zip` the archive, `store` its metadata, `meta` and `item` those of an array, `codec` what a
//! chunk goes through, `places` and `layout` the index, `view` what a node is in the tree, `array`,
//! `text`, `table` and `decode` reading, `plan`, `describe`, `data`, `recipe` and `encode` writing.

mod array;
mod block;
mod codec;
mod columns;
mod data;
mod decode;
mod describe;
mod encode;
mod format;
mod item;
mod layout;
mod meta;
mod places;
mod plan;
mod recipe;
mod schema;
mod store;
mod table;
mod text;
mod view;
mod zip;

#[cfg(test)]
mod tests;

pub use format::Zarr;
