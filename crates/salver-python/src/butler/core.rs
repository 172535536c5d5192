//! How a butler is held.

use std::sync::{Arc, PoisonError, RwLock};

use pyo3::prelude::*;
use salver::Butler;
use salver_core::{Error, ErrorKind, Op};

use super::PyButler;
use super::open::Opened;
use crate::errors::raise;
use crate::model::Shared;

impl PyButler {
    pub(super) fn new_of(butler: Butler, opened: Opened) -> Self {
        let shared = Arc::new(Shared {
            universe: butler.universe().clone(),
            classes: Arc::clone(butler.storage_classes()),
        });
        Self { butler: RwLock::new(Some(butler)), shared, opened }
    }

    /// What its objects share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The butler behind it.
    pub(crate) fn inner(&self, py: Python<'_>) -> PyResult<Butler> {
        let open = self.butler.read().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(|| {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("butler"), "the butler is closed");
            raise(py, &error)
        })
    }
}

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyButler>()?;
    module.add_class::<super::PyHandle>()?;
    module.add_class::<super::cutout::PyCutout>()?;
    module.add_class::<super::transaction::PyTransaction>()?;
    module.add_class::<super::collections::PyCollections>()?;
    module.add_class::<super::collections::PyCollectionInfo>()?;
    module.add_class::<super::collections::PySummary>()?;
    module.add_class::<super::registry::PyRegistry>()?;
    super::follow::register(module)?;
    module.add_class::<super::uri::PyUri>()
}
