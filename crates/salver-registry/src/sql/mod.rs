//! Gen3's tables: what they are, how SQLite's statements for them read, and which there are.
//!
//! Source: Gen3 format §2.3, §3, §4 (docs/spec/gen3.md).

pub(crate) mod elements;
pub(crate) mod fixed;
pub(crate) mod group;
mod quote;
pub(crate) mod render;
mod table;
#[cfg(test)]
mod tests;

use quote::ddl_name;
pub(crate) use quote::{list, quoted};
pub(crate) use table::{Column, Foreign, Kind, Table};
