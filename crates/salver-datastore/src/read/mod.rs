//! Getting: records → artifacts → tree.

mod composite;
mod derived;
mod gathered;
mod inflate;
mod parameters;
mod request;
mod single;
mod sky;

pub use request::{Moved, ReadRequest};
pub use sky::{SkyBox, SkySize};
