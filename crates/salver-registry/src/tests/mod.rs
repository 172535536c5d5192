//! The registry as a whole.

mod collections;
mod datasets;
mod links;
mod make;
mod naive;
mod records;
mod sample;
mod transactions;
