//! Layouts: which parts of a dataset go into which artifact, and how each is written.
//!
//! Source: docs/spec/composites.md. A layout is configuration under `salver.layouts` in
//! `butler.yaml`, looked up as everything else in the section `datastore`; what was used is
//! recorded with each dataset, so changing it never changes how a stored dataset reads.

mod entry;
mod resolve;
#[cfg(test)]
mod tests;
mod writer;

pub use entry::{ArtifactLayout, LayoutEntry, Layouts};
pub use resolve::{Layout, resolve};
pub use writer::{ANY_FORMATTER, LINKED_FORMATTER, PART_FORMATTER, at_component};
pub(crate) use writer::{formatter, formatter_at};
