//! The words of a Data Butler, with the names of `lsst.daf.butler`.

#![expect(
    non_snake_case,
    clippy::too_many_arguments,
    reason = "names and arguments are those of Gen3"
)]

mod coordinate;
mod dataset_ref;
mod dataset_type;
mod element;
mod file_dataset;
mod group;
mod record;
mod storage_class;
mod timespan;
mod universe;
mod value;

pub(crate) use coordinate::{PyDataCoordinate, pairs_of};
pub(crate) use dataset_ref::{PyDatasetRef, refs_of};
pub(crate) use dataset_type::PyDatasetType;
pub(crate) use element::PyElement;
pub(crate) use file_dataset::{PyFileDataset, path_text};
pub(crate) use group::{PyGroup, names_of};
pub(crate) use record::{PyRecord, fields_of};
pub(crate) use storage_class::{PyStorageClass, class_name};
pub(crate) use timespan::PyTimespan;
pub(crate) use universe::PyUniverse;
pub(crate) use value::{py_data_value, py_field_value, py_uuid, uuid_of};

use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use salver_model::{StorageClasses, Universe};

/// What the objects of one butler share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The dimensions.
    pub(crate) universe: Universe,
    /// The storage classes.
    pub(crate) classes: Arc<StorageClasses>,
}

/// What objects that were made without a butler share.
pub(crate) fn default_shared() -> Arc<Shared> {
    static DEFAULT: OnceLock<Arc<Shared>> = OnceLock::new();
    let make = || {
        let classes = Arc::new(StorageClasses::default());
        Arc::new(Shared { universe: Universe::default_v8(), classes })
    };
    Arc::clone(DEFAULT.get_or_init(make))
}

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTimespan>()?;
    module.add_class::<PyUniverse>()?;
    module.add_class::<PyElement>()?;
    module.add_class::<PyGroup>()?;
    module.add_class::<PyDataCoordinate>()?;
    module.add_class::<PyRecord>()?;
    module.add_class::<PyStorageClass>()?;
    module.add_class::<PyDatasetType>()?;
    module.add_class::<PyDatasetRef>()?;
    module.add_class::<PyFileDataset>()
}
