//! Dataset types and the dimension groups they share tables by.
//!
//! Source: Gen3 format §4, §13 (docs/spec/gen3.md).

mod groups;
mod register;
mod rows;

pub(crate) use rows::TypeRow;
