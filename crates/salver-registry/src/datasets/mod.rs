//! Datasets: lookup, listing, inserts, memberships, validity ranges, deletion.
//!
//! Source: Gen3 format §11–§13 (docs/spec/gen3.md).

mod find;
mod search;
mod values;
