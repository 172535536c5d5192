//! Getting: records → artifacts → tree.

mod derived;
mod parameters;
mod request;
mod single;

pub use request::ReadRequest;
