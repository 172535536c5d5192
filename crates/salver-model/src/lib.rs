//! Universes, data IDs, dataset types and refs of Salver.

mod rows;

pub use rows::FileRecord;
