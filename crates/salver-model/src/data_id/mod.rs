//! Data IDs: values for a set of dimensions.

#[expect(clippy::module_inception, reason = "the folder's one idea has its name")]
mod data_id;
mod json;
mod records;
mod standardise;
#[cfg(test)]
mod tests;

use salver_core::Op;

pub use data_id::{DataId, Records};
pub(crate) use json::pairs;

const OP: Op = Op("data_id");
