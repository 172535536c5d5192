//! Datasets: lookup, listing, inserts, memberships, validity ranges, deletion.
//!
//! Source: Gen3 format §11–§13 (docs/spec/gen3.md).

mod associate;
mod by_id;
mod certify;
mod delete;
mod explain;
mod find;
mod insert;
mod query;
mod search;
mod values;

pub use insert::IfPresent;
pub use query::{Association, DatasetQuery};
pub(crate) use values::{bind_value, read_value};
