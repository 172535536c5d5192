//! Families of elements that describe the same kind of place or time.

use std::sync::Arc;

/// Elements whose regions, or timespans, stand for each other: a join between two families takes
/// the first member of each that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name, such as `observation_regions`; for pixels on the sky, the system's.
    pub name: Arc<str>,
    /// Names of its elements, the preferred one first.
    pub members: Vec<Arc<str>>,
}
