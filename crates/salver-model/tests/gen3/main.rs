//! The model against what lsst-daf-butler makes of the same things, and against nonsense.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod hostile;
mod json;
mod properties;
mod times;
mod universes;
