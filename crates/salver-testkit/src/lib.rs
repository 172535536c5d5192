//! Fixtures and conformance suites for Salver's traits.

pub mod corpus;
pub mod format_suite;
pub mod fuzz;
pub mod store_suite;
pub mod trees;
