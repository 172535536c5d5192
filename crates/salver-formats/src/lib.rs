//! Formats between the [`Tree`](salver_tree::Tree) and bytes.
//!
//! Each format is one folder and one type that implements [`Format`](salver_tree::Format); it
//! knows nothing of datasets, configuration or stores. [`by_name`], [`by_extension`] and [`sniff`]
//! find one.
//!
//! Map: `fits`, one folder a format; `registry` finds formats by name. This crate opens no file:
//! bytes come from a [`Source`](salver_tree::Source) and go to a [`Sink`](salver_tree::Sink).

mod arrow;
mod asdf;
mod buffer;
mod column_type;
mod deflate;
mod document;
pub mod fits;
mod hdf5;
mod json;
mod npy;
mod npz;
mod numpy;
mod parquet;
mod pickle;
mod plain;
mod registry;
pub mod yaml;
mod zarr;

pub use self::arrow::ArrowIpc;
pub use self::asdf::Asdf;
pub use self::parquet::Parquet;
pub use fits::Fits;
pub use hdf5::Hdf5;
pub use json::Json;
pub use npy::Npy;
pub use npz::Npz;
pub use pickle::Pickle;
pub use registry::{by_extension, by_name, extensions_of, names, sniff};
pub use yaml::Yaml;
pub use zarr::Zarr;
