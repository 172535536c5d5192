//! Places: where datasets' bytes are and how they are written.
//!
//! Rows in, rows out: a [`Datastore`] takes refs and file records, and gives records, trees and
//! URIs; it never sees the registry.
//!
//! ```
//! # use std::sync::Arc;
//! # use salver_core::{Error, ErrorKind, Op};
//! use salver_datastore::{Datastore, ReadRequest};
//! use salver_model::{DataId, DatasetRef, DatasetType, StorageClasses, Universe};
//! use salver_store::{Sync, ready};
//! use salver_tree::Tree;
//!
//! # fn main() -> salver_core::Result<()> {
//! # let dir = tempfile::tempdir().map_err(|e| {
//! #     Error::new(ErrorKind::Io, Op("doc"), "no folder").caused_by(e)
//! # })?;
//! let universe = Universe::default_v8();
//! let section = serde_json::json!({"root": "<butlerRoot>"});
//! let classes = Arc::new(StorageClasses::default());
//! let datastore = Datastore::new(&section, dir.path(), &universe, classes)?;
//! assert_eq!(datastore.name(), "FileDatastore@<butlerRoot>");
//!
//! let dataset_type = DatasetType::new("count", universe.empty_group(), "int")?;
//! let data_id = DataId::empty(&universe);
//! let id = uuid::Uuid::from_u128(1);
//! let dataset = DatasetRef::new(id, Arc::new(dataset_type), data_id, "run/1")?;
//! ready(async {
//!     let mut put = datastore.stage_put(&dataset, &Tree::from(42), Sync::Now).await?;
//!     // a registry would begin its transaction and insert the dataset here
//!     let records = put.publish().await?;
//!     assert_eq!(records[0].path, "run/1/count/count_run_1.json");
//!     put.sync().await?;
//!     // … and insert the records and commit here
//!     put.keep();
//!     let tree = datastore.read(&dataset, &records, &ReadRequest::default()).await?;
//!     assert_eq!(tree, Tree::from(42));
//!     Ok(())
//! })
//! # }
//! ```
//!
//! Map: `config` the section `datastore:`; [`LookupKeys`] and [`Section`] the one rule by which a
//! dataset finds its entry there; [`Template`] paths; [`formatter`] Gen3's formatter names and our
//! formats; [`Datastore::stage_put`] and [`StagedPut`] putting; [`Datastore::stage_ingest`] and
//! [`StagedIngest`] files that exist; [`Datastore::read`] and [`ReadRequest`] getting, with `zip`
//! for members of zip files; `artifacts` URIs, existence, removal.
//!
//! What it will not do yet: chained and in-memory datastores, roots that are not local folders.

mod artifacts;
mod composite;
mod config;
mod datastore;
pub mod formatter;
mod ingest;
pub mod layout;
mod lookup;
mod put;
mod read;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod zip;

pub use artifacts::Removed;
pub use composite::{Linked, LinkedFrom, Shareable};
pub use datastore::{Datastore, Placement};
pub use formatter::Formatter;
pub use ingest::{IngestFile, IngestMode, StagedIngest};
pub use lookup::{Constraints, LookupKeys, Section};
pub use put::StagedPut;
pub use read::{Moved, ReadRequest, SkyBox, SkySize};
pub use template::{FieldValue, Template, Values};
