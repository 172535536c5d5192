//! Dimension records: inserting, comparing, fetching; expanding data IDs.
//!
//! Source: Gen3 format §6, §7 (docs/spec/gen3.md).

mod codec;
mod expand;
mod explain;
mod fetch;
mod insert;
mod overlap;
mod resolve;
mod sync;

pub use expand::Expand;
pub use fetch::RecordQuery;
pub use insert::InsertMode;
pub use resolve::Pair;
pub use sync::SyncOutcome;
