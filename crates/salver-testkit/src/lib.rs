//! Fixtures and conformance suites for Salver's traits.
