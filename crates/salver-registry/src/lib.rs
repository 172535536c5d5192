//! Rows: the registry of a repository.
#![allow(dead_code)]

mod collections;
mod core;
pub mod database;
mod dataset_types;
mod glob;
mod repository;
mod schema;
mod sql;
mod sqlite;

pub use collections::{CollectionInfo, CollectionQuery, Summary};
pub use core::{Registry, Transaction};
pub use repository::{CreateOptions, OpenMode, OpenOptions};
pub use sqlite::Sqlite;
