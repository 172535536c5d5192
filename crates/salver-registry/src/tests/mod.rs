//! The registry as a whole.

mod sample;
