//! The tables that are not Gen3's: links, stubs, artifacts, parts, sessions.
//!
//! Source: docs/spec/registry.md. They are made by the first write that needs them; a repository
//! without them is read as if they were empty. **Invariant:** no foreign key leads to Gen3's
//! tables, so deletions by another program never fail on ours.

mod cycles;
mod lineage;
mod links;
mod parts;
mod sessions;
mod stubs;
mod tables;

pub use lineage::{Direction, LineageQuery, LineageSteps};
pub(crate) use tables::refusal;
