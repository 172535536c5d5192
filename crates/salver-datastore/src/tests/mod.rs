//! The datastore on datasets of the sample repository (testdata/gen3).

mod fits;
mod fixture;
mod get;
mod paths;
mod put;
mod remove;

pub(crate) use fixture::{Fixture, files};
