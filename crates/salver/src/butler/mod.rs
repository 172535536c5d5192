//! The butler: one get and put path over the registry and the datastore.

mod core;
mod create;
mod data_id;
mod defaults;
mod exists;
mod find;
mod get;
mod ingest;
mod options;
mod overlap;
mod put;
mod query;
mod remove;
mod transaction;

pub use core::Butler;
pub use data_id::Pairs;
pub use exists::{Existence, Uris};
pub use get::GetOptions;
pub use ingest::FileDataset;
pub use options::{ButlerOptions, MakeRepoOptions, Sources};
pub use query::DatasetQuery;
pub use remove::{Prune, RunRemoval};
pub use transaction::Transaction;
