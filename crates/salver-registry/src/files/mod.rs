//! The rows of datastores: records, locations, trash.
//!
//! Source: Gen3 format §9.4, §9.5 (docs/spec/gen3.md).

mod explain;
mod records;
mod table;
mod trash;

pub(crate) use records::{json_ids, read_record};
pub use trash::TrashPlan;
