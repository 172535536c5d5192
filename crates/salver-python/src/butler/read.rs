//! Reading.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver::GetOptions;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DatasetRef, DatasetType, StorageClass};
use salver_tree::Map;

use super::arguments::{Asked as What, asked, collections, timespan};
use super::{PyButler, foreign};
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, Shared, class_name, pairs_of};
use crate::value::{About, to_map, to_python};

/// What a call of `get` asks for.
pub(super) struct Asked<'a, 'py> {
    pub(super) what: &'a Bound<'py, PyAny>,
    pub(super) data_id: Option<&'a Bound<'py, PyAny>>,
    pub(super) more: Option<&'a Bound<'py, PyDict>>,
    pub(super) parameters: Option<&'a Bound<'py, PyDict>>,
    pub(super) collections: Option<&'a Bound<'py, PyAny>>,
    pub(super) class: Option<&'a Bound<'py, PyAny>>,
    pub(super) timespan: Option<&'a Bound<'py, PyAny>>,
}

pub(super) fn parameters(given: Option<&Bound<'_, PyDict>>) -> PyResult<Map> {
    given.map_or_else(|| Ok(Map::new()), |dict| to_map(dict))
}

impl PyButler {
    /// Reads a dataset, found by data ID or known by its ref.
    pub(super) fn read<'py>(
        &self,
        py: Python<'py>,
        call: &Asked<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let name = match asked(call.what)? {
            What::Name(name) => name,
            What::Ref(_) => {
                let dataset = call.what.cast::<PyDatasetRef>()?.get();
                return self.read_ref(py, dataset, None, call.parameters, call.class);
            }
        };
        let butler = self.inner(py)?;
        let pairs = pairs_of(call.data_id, call.more)?;
        let options = GetOptions {
            collections: collections(call.collections)?,
            timespan: timespan(call.timespan)?,
            parameters: parameters(call.parameters)?,
            ..GetOptions::default()
        };
        let found = detached(py, || butler.get_found(name, &pairs, &options));
        let component = name.split_once('.').map(|(_, component)| component);
        match found {
            Ok((dataset, tree)) => {
                let class =
                    self.class_of(py, &dataset.dataset_type, component, call.class)?;
                let known = About::of(&dataset.data_id, call.parameters)
                    .following(&butler, &self.shared);
                to_python(py, tree, Some(&class.pytype), &known)
                    .map_err(|e| about(py, e, &dataset))
            }
            Err(error) if error.code() == "foreign_formatter" => {
                let found = detached(py, || butler.registry().dataset_type(name));
                let dataset_type = found.to_py(py)?;
                let class = self.class_of(py, &dataset_type, component, call.class)?;
                foreign::read(py, &error, &class.pytype)
            }
            Err(error) => Err(raise(py, &error)),
        }
    }

    /// Reads the dataset of a ref, or a component of it.
    pub(super) fn read_ref<'py>(
        &self,
        py: Python<'py>,
        dataset: &PyDatasetRef,
        component: Option<&str>,
        given: Option<&Bound<'py, PyDict>>,
        class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let butler = self.inner(py)?;
        let dataset = &dataset.dataset;
        let options =
            GetOptions { parameters: parameters(given)?, ..GetOptions::default() };
        let read = detached(py, || butler.get_ref(dataset, component, &options));
        let class = self.class_of(py, &dataset.dataset_type, component, class)?;
        let known = About::of(&dataset.data_id, given).following(&butler, &self.shared);
        match read {
            Ok(tree) => to_python(py, tree, Some(&class.pytype), &known)
                .map_err(|e| about(py, e, dataset)),
            Err(error) => foreign::read(py, &error, &class.pytype),
        }
    }

    /// The storage class that an object is made as: the one asked for, else the component's, else
    /// the dataset type's.
    pub(super) fn class_of(
        &self,
        py: Python<'_>,
        dataset_type: &DatasetType,
        component: Option<&str>,
        asked: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Arc<StorageClass>> {
        class_of(&self.shared, py, dataset_type, component, asked)
    }
}

/// As the butler's own, for what else makes objects.
pub(crate) fn class_of(
    shared: &Shared,
    py: Python<'_>,
    dataset_type: &DatasetType,
    component: Option<&str>,
    asked: Option<&Bound<'_, PyAny>>,
) -> PyResult<Arc<StorageClass>> {
    let classes = &shared.classes;
    if let Some(asked) = asked
        && !asked.is_none()
    {
        let wanted = classes.get(&class_name(asked)?).to_py(py)?;
        let stored = class_of(shared, py, dataset_type, component, None)?;
        return converted(wanted, &stored).to_py(py);
    }
    let class = classes.get(dataset_type.storage_class()).to_py(py)?;
    match component.and_then(|name| class.component(name)) {
        Some(name) => classes.get(name).to_py(py),
        None => Ok(class),
    }
}

/// The class that is asked for, if what is stored converts to it: through the tree, so that any
/// object of class `Tree` may.
fn converted(
    wanted: Arc<StorageClass>,
    stored: &StorageClass,
) -> Result<Arc<StorageClass>> {
    if wanted.can_convert_from(stored) || stored.pytype == "object" {
        return Ok(wanted);
    }
    let message = "the stored object does not convert to this storage class";
    let error = Error::new(ErrorKind::InvalidInput, Op("butler.get"), message)
        .with("storage_class", &wanted.name)
        .with("stored", &stored.name);
    let from = wanted.convertible_from.join(", ");
    if from.is_empty() {
        return Err(error.hint(format!("`{}` converts from no other", wanted.name)));
    }
    Err(error.hint(format!("`{}` converts from {}, {from}", wanted.name, wanted.pytype)))
}

/// Notes the dataset in an error of an assembler, which does not know it.
fn about(py: Python<'_>, error: PyErr, dataset: &DatasetRef) -> PyErr {
    let note = format!("dataset: {dataset}");
    // an exception without notes is still the right one
    let _noted = error.value(py).call_method1("add_note", (note,));
    error
}
