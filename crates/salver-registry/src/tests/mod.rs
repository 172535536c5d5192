//! The registry as a whole.

mod datasets;
mod make;
mod records;
mod sample;
