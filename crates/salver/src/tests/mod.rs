//! Registry, datastore and formats together.

mod composites;
mod config;
mod failures;
pub(crate) mod fixture;
mod lists;
mod references;
mod sample;
mod write;
