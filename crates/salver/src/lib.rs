//! The butler: datasets by what they are.
//!
//! A [`Butler`] knows *where* a dataset is, *how* it is written and *which parts* it is made of;
//! callers say *what* it is: a dataset type and a data ID. It stands on a registry (rows) and a
//! datastore (places) and alternates between the two.
//!
//! ```no_run
//! use salver::{Butler, ButlerOptions, GetOptions};
//! use salver_tree::Tree;
//!
//! let options = ButlerOptions { run: Some("demo/run".into()), ..ButlerOptions::default() };
//! let butler = Butler::open("repo", &options)?;
//! let data_id = [("instrument".to_owned(), "CamA".into()), ("visit".to_owned(), 101.into())];
//! butler.put(&Tree::from(1.5), "seeing", &data_id, None)?;
//! assert_eq!(butler.get("seeing", &data_id, &GetOptions::default())?, Tree::from(1.5));
//! # Ok::<(), salver::Error>(())
//! ```
//!
//! Map: `butler` the facade itself; [`config`] `butler.yaml` and its defaults; [`bridge`] futures
//! on the calling thread; [`headers`] what an image's header says it is; [`records`] dimension
//! records as documents; [`worker`] work without a database. Nothing here reads the environment or knows of Python.

pub mod bridge;
mod butler;
pub mod config;
pub mod files;
pub mod headers;
pub mod lineage;
pub mod records;
#[cfg(test)]
mod tests;
pub mod values;
pub mod worker;

pub use butler::{
    Butler, ButlerOptions, DatasetQuery, Existence, FileDataset, GetOptions,
    MakeRepoOptions, Pairs, Parts, Prune, PutOptions, RunRemoval, Sources, Transaction,
    Uris, ref_leaf, stub_leaf,
};
pub use salver_core::{Error, ErrorKind, Op, Result, ResultExt};
pub use salver_store::faults;
pub use {
    salver_datastore as datastore, salver_formats as formats, salver_model as model,
    salver_registry as registry, salver_sphere as sphere, salver_store as store,
    salver_tree as tree,
};
