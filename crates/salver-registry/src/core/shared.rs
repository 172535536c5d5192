//! What all sessions of a registry share.

use salver_model::Universe;

use crate::schema::Plans;

/// The universe and what follows from it; never changes while the registry is open.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) universe: Universe,
    pub(crate) plans: Plans,
    /// Why the repository may not be written, where it may not.
    pub(crate) read_only: Option<String>,
}

impl Shared {
    /// Names of the governor dimensions, in universe order.
    pub(crate) fn governors(&self) -> &[String] {
        self.plans.governors()
    }
}
