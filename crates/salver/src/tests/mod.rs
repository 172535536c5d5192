//! Registry, datastore and formats together.

mod config;
mod failures;
mod fixture;
mod lists;
mod sample;
mod write;
