//! Rows: the registry of a repository.
//!
//! ```
//! use salver_model::{CollectionType, DataId, DatasetRef, DatasetType, Record, Universe, Value};
//! use salver_registry::{CreateOptions, IfPresent, InsertMode, Registry};
//! use uuid::Uuid;
//!
//! # fn main() -> salver_core::Result<()> {
//! # let folder = tempfile::tempdir().map_err(|e| salver_core::Error::new(
//! #     salver_core::ErrorKind::Io, salver_core::Op("example"), e.to_string()))?;
//! let universe = Universe::default_v8();
//! let path = folder.path().join("gen3.sqlite3");
//! let registry = Registry::create(path, &universe, &CreateOptions::default())?;
//!
//! let camera = Record::from_pairs(universe.require("instrument")?, [("name", Value::from("Cam"))])?;
//! registry.insert_records("instrument", &[camera], InsertMode::Insert)?;
//! registry.register_collection("u/me/run", CollectionType::Run, None)?;
//! let bias = DatasetType::new("camera", universe.group(["instrument"])?, "StructuredDataDict")?;
//! registry.register_dataset_type(&bias)?;
//!
//! let bias = registry.dataset_type("camera")?;
//! let data_id = DataId::new(bias.dimensions().clone(), ["Cam".into()])?;
//! let made = DatasetRef::new(Uuid::from_u128(7), bias.clone(), data_id.clone(), "u/me/run")?;
//! registry.insert_datasets(&[made.clone()], IfPresent::Fail)?;
//! assert_eq!(registry.find_dataset(&bias, &data_id, &["u/me/run"], None)?, Some(made));
//! # Ok(())
//! # }
//! ```
//!
//! The tables are Gen3's, letter for letter (docs/spec/gen3.md §2–§7, §9.4–§9.5, §11–§13): what one
//! program writes the other reads. [`Registry`] is the one object; its methods are grouped by what
//! they are about, a folder each:
//!
//! - `repository`: making, opening, versions, attributes;
//! - `dimensions`: records, overlaps with the sky's pixels, expanding and resolving data IDs;
//! - `dataset_types` and `collections`: definitions, chains, summaries;
//! - `datasets`: lookup, listing, inserts, memberships, validity ranges, deletion;
//! - `files`: the datastore's rows and its trash;
//! - `ours`: the tables that are not Gen3's (docs/spec/registry.md): links, stubs, lineage;
//! - `core`: sessions, caches, transactions; `sql` and `schema`: the tables and statements;
//!   [`database`]: the trait that a database implements; `sqlite`: its one implementation.
//!
//! What it will not do: it sees no file but the database, takes no configuration, and has no
//! query language; nothing here is called from async code.

mod collections;
mod core;
pub mod database;
mod dataset_types;
mod datasets;
mod dimensions;
mod files;
mod glob;
mod ours;
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
pub use ours::{Direction, LineageQuery, LineageSteps};
pub use repository::{CreateOptions, OpenMode, OpenOptions};
pub use sqlite::Sqlite;
