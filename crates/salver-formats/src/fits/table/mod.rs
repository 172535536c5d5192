//! Tables: `columns` what a binary table's header declares, `elements` fields to Arrow arrays,
//! `read` and `write` the rows, `schema` Arrow's types of columns, `ascii` ASCII tables.

pub(crate) mod ascii;
pub(crate) mod columns;
mod elements;
mod fields;
pub(crate) mod read;
mod schema;
pub(crate) mod write;
