//! Registry, datastore and formats together.

mod failures;
mod fixture;
mod lists;
mod sample;
mod write;
