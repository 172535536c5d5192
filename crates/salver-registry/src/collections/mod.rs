//! Collections: RUN, TAGGED, CHAINED and CALIBRATION; chains; summaries.
//!
//! Source: Gen3 format §12 (docs/spec/gen3.md).

mod chain;
pub(crate) mod query;
mod register;
pub(crate) mod rows;
pub(crate) mod summary;

pub use query::CollectionQuery;
pub use summary::Summary;
