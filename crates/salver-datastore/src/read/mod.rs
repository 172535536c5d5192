//! Getting: records → artifacts → tree.

mod derived;
mod inflate;
mod parameters;
mod request;
mod single;
mod sky;

pub use request::{Moved, ReadRequest};
pub use sky::{SkyBox, SkySize};
