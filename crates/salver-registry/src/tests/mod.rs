//! The registry as a whole.

mod make;
mod records;
mod sample;
