//! References: `salver.Ref`, and the edges of lineage.

mod lineage;
mod reference;

use std::sync::Arc;

use pyo3::prelude::*;
use salver::Butler;

use crate::model::Shared;

pub(crate) use lineage::{PyEdges, exported, query_of};
pub(crate) use reference::{PyRef, leaf_of, references_of};

/// What follows a reference: the butler that read it.
#[derive(Debug)]
pub(crate) struct Follow {
    pub(crate) butler: Butler,
    pub(crate) shared: Arc<Shared>,
}

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRef>()?;
    module.add_class::<PyEdges>()
}
