//! Path templates: `{run:/}/{datasetType}/{visit:08d}_{detector.full_name:?}`.
//!
//! Source: Gen3 format §9.2 (docs/spec/gen3.md); what a field's format does is Python's
//! mini-language. `testdata/gen3/templates.json` has what lsst-daf-butler makes of many of them.

mod float;
mod parse;
mod render;
mod spec;
#[cfg(test)]
mod tests;

pub use parse::Template;
pub use render::{FieldValue, Values};
