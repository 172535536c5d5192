//! Places: where datasets' bytes are and how they are written.

mod artifacts;
mod config;
mod datastore;
pub mod formatter;
mod ingest;
mod lookup;
mod put;
mod read;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod zip;

pub use artifacts::Removed;
pub use datastore::{Datastore, Placement};
pub use formatter::Formatter;
pub use ingest::{IngestFile, IngestMode, StagedIngest};
pub use lookup::{Constraints, LookupKeys, Section};
pub use put::StagedPut;
pub use read::ReadRequest;
pub use template::{FieldValue, Template, Values};
