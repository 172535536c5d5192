//! A dimension group as columns of its tables, with the statements that use them.

/// Placeholder.
#[derive(Debug)]
pub(crate) struct GroupPlan;
