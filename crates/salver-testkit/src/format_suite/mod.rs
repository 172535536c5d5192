//! The conformance suite of [`salver_tree::Format`]: one function for each clause of its
//! contract, with cases picked from the format's capabilities.

mod clauses;
mod corpus;
mod recording;

use std::sync::Arc;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use salver_tree::{Format, Tree};

pub use recording::Recording;

/// A format under test.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The format.
    pub format: Arc<dyn Format>,
    /// What comes back of a tree, by what the format's docs say it loses.
    pub kept: fn(Tree) -> Tree,
    /// Random cases of each clause.
    pub cases: u32,
}

/// Runs every clause.
///
/// # Panics
/// Where the format breaks its contract; the message names the clause.
pub fn format_suite(subject: &Subject) {
    clauses::misfits_are_refused(subject);
    clauses::trees_come_back(subject);
    clauses::reads_stay_in_their_ranges(subject);
    clauses::damaged_bytes_never_panic(subject);
    clauses::arrays_can_be_owned(subject);
    corpus::corpus_comes_back(subject);
}

/// A runner whose cases are the same in every run.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}
