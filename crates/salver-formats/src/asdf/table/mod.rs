//! Tables: Arrow's columns as arrays, and back.
//!
//! A column that an array holds exactly is one, with a mask for nulls; text and bytes are padded to
//! the longest. Every other column (lists of varying length, structures, text that ends with NUL)
//! is an Arrow IPC stream in an array of bytes, beside the columns that ASDF knows of.

mod join;
mod place;
mod split;

pub(super) use join::{Columns, Data, Shown, Source as ColumnSource, infer, stream};
pub(super) use place::{part, records_part};
pub(super) use split::{Column, schema_stream, split};
