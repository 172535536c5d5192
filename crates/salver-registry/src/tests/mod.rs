//! The registry as a whole.

mod collections;
mod datasets;
mod make;
mod naive;
mod records;
mod sample;
mod transactions;
