//! Fixtures and conformance suites for Salver's traits.

pub mod store_suite;
