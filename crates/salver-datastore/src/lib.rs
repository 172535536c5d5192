//! Places: where datasets' bytes are and how they are written.

mod template;

pub use template::{FieldValue, Template, Values};
