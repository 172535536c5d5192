//! The butler: one get and put path over the registry and the datastore.

mod composite;
mod core;
mod create;
mod data_id;
mod defaults;
mod exists;
mod find;
mod get;
mod ingest;
mod many;
mod options;
mod overlap;
mod put;
mod query;
mod references;
mod register;
mod remove;
mod repack;
mod resolve;
mod transaction;
mod unchanged;

pub use composite::Parts;
pub use core::Butler;
pub use data_id::Pairs;
pub use exists::{Existence, Uris};
pub use get::GetOptions;
pub use ingest::FileDataset;
pub use options::{ButlerOptions, MakeRepoOptions, Sources};
pub use query::DatasetQuery;
pub use references::{PutOptions, ref_leaf};
pub use remove::{Prune, RunRemoval};
pub use resolve::stub_leaf;
pub use transaction::Transaction;
