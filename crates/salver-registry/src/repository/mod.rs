//! Making and opening repositories: attributes, managers, versions.
//!
//! Source: Gen3 format §2 (docs/spec/gen3.md).

pub(crate) mod attributes;
mod create;
pub(crate) mod managers;
mod name_keys;
mod open;
mod options;
#[cfg(test)]
mod tests;

pub use options::{CreateOptions, OpenMode, OpenOptions};
