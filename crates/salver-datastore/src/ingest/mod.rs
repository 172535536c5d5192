//! Ingest: files that exist become datasets.
//!
//! Source: Gen3 format §9.8 (docs/spec/gen3.md). Everything that can be wrong is found before
//! anything is written, linked or moved.

mod mode;
mod plan;
mod staged;
#[cfg(test)]
mod tests;

pub use mode::IngestMode;
pub use plan::IngestFile;
pub use staged::StagedIngest;
