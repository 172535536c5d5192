//! Rows: the registry of a repository.

mod collections;
mod core;
pub mod database;
mod dataset_types;
mod datasets;
mod dimensions;
mod files;
mod glob;
mod repository;
mod schema;
mod sql;
mod sqlite;
#[cfg(test)]
mod tests;

pub use collections::{CollectionQuery, Summary};
pub use core::{Registry, Transaction};
pub use datasets::{Association, DatasetQuery, IfPresent};
pub use dimensions::{Expand, InsertMode, Pair, RecordQuery, SyncOutcome};
pub use files::TrashPlan;
pub use repository::{CreateOptions, OpenMode, OpenOptions};
pub use sqlite::Sqlite;
