//! What every other crate of Salver stands on: the one error type, the clock, the source of
//! identifiers and the interrupt check.
//!
//! ```
//! use salver_core::{Error, ErrorKind, Op};
//!
//! let error = Error::new(ErrorKind::NotFound, Op("butler.get"), "no dataset of this type")
//!     .with("dataset_type", "raw")
//!     .hint("`salver query-dataset-types` lists what is registered");
//! assert_eq!(error.to_string(), "butler.get: no dataset of this type (dataset_type: raw)");
//! ```
//!
//! Map: [`error`](Error) the public error; [`clock`](Clock) time and identifiers as values;
//! [`interrupt`] how a long call is stopped. This crate does no I/O.

mod clock;
mod error;
pub mod interrupt;

pub use clock::{Clock, FixedClock, IdSource, SeededIds, SystemClock, SystemIds};
pub use error::{Error, ErrorKind, Op, Result, ResultExt};
