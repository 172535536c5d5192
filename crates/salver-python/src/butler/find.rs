//! Finding one dataset, and what is known of it.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};
use salver_core::{Error, ErrorKind, Op};
use salver_model::DatasetRef;

use super::PyButler;
use super::arguments::{Asked, asked, collections, timespan, type_name};
use super::uri::PyUri;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, PyDatasetType, class_name, pairs_of, uuid_of};

/// Where a dataset is looked for.
pub(super) struct Look<'a, 'py> {
    pub(super) data_id: Option<&'a Bound<'py, PyAny>>,
    pub(super) more: Option<&'a Bound<'py, PyDict>>,
    pub(super) collections: Option<&'a Bound<'py, PyAny>>,
    pub(super) timespan: Option<&'a Bound<'py, PyAny>>,
}

impl PyButler {
    fn find_by_name(
        &self,
        py: Python<'_>,
        name: &str,
        look: &Look<'_, '_>,
        records: bool,
    ) -> PyResult<Option<DatasetRef>> {
        let butler = self.inner(py)?;
        let pairs = pairs_of(look.data_id, look.more)?;
        let collections = collections(look.collections)?;
        let timespan = timespan(look.timespan)?;
        let component = name.split_once('.').map(|(_, component)| component);
        detached(py, || {
            let found =
                butler.find_dataset(name, &pairs, collections.as_deref(), timespan)?;
            let Some(mut found) = found else { return Ok(None) };
            if records {
                found.data_id = butler.registry().expand_data_id(&found.data_id)?;
            }
            match component {
                Some(name) if found.component().is_none() => {
                    found.component_ref(name, &self.shared.classes).map(Some)
                }
                _ => Ok(Some(found)),
            }
        })
        .to_py(py)
    }

    /// The dataset that a call means, which must be there.
    pub(super) fn resolve(
        &self,
        py: Python<'_>,
        what: &Bound<'_, PyAny>,
        look: &Look<'_, '_>,
    ) -> PyResult<PyDatasetRef> {
        let name = match asked(what)? {
            Asked::Ref(dataset) => {
                return Ok(PyDatasetRef::new_of(dataset.clone(), &self.shared));
            }
            Asked::Name(name) => name,
        };
        if let Some(found) = self.find_by_name(py, name, look, false)? {
            return Ok(PyDatasetRef::new_of(found, &self.shared));
        }
        let pairs = pairs_of(look.data_id, look.more)?;
        let data_id: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        let message = "no dataset of this type and data ID";
        let error = Error::new(ErrorKind::NotFound, Op("butler.find_dataset"), message)
            .code_of("dataset_not_found")
            .with("dataset_type", name)
            .with("data_id", format_args!("{{{}}}", data_id.join(", ")));
        Err(raise(py, &error))
    }

    pub(super) fn find(
        &self,
        py: Python<'_>,
        what: &Bound<'_, PyAny>,
        look: &Look<'_, '_>,
        class: Option<&Bound<'_, PyAny>>,
        records: bool,
    ) -> PyResult<Option<PyDatasetRef>> {
        let name = type_name(what)?;
        let found = self.find_by_name(py, &name, look, records)?;
        found.map(|found| self.with_class(found, class)).transpose()
    }

    fn with_class(
        &self,
        mut dataset: DatasetRef,
        class: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyDatasetRef> {
        if let Some(class) = class
            && !class.is_none()
        {
            let made =
                (*dataset.dataset_type).clone().with_storage_class(class_name(class)?);
            dataset.dataset_type = Arc::new(made);
        }
        Ok(PyDatasetRef::new_of(dataset, &self.shared))
    }

    pub(super) fn by_id(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        class: Option<&Bound<'_, PyAny>>,
        records: bool,
    ) -> PyResult<Option<PyDatasetRef>> {
        let id = uuid_of(id)?;
        let butler = self.inner(py)?;
        let found = detached(py, || {
            let Some(mut found) = butler.get_dataset(id)? else { return Ok(None) };
            if records {
                found.data_id = butler.registry().expand_data_id(&found.data_id)?;
            }
            Ok(Some(found))
        });
        found.to_py(py)?.map(|found| self.with_class(found, class)).transpose()
    }

    pub(super) fn by_ids(&self, ids: &Bound<'_, PyAny>) -> PyResult<Vec<PyDatasetRef>> {
        let py = ids.py();
        let ids =
            ids.try_iter()?.map(|id| uuid_of(&id?)).collect::<PyResult<Vec<_>>>()?;
        let butler = self.inner(py)?;
        let found = detached(py, || butler.registry().datasets_by_id(&ids)).to_py(py)?;
        Ok(found.into_iter().map(|d| PyDatasetRef::new_of(d, &self.shared)).collect())
    }

    pub(super) fn dataset_type(
        &self,
        py: Python<'_>,
        name: &str,
    ) -> PyResult<PyDatasetType> {
        let butler = self.inner(py)?;
        let found = detached(py, || {
            let found = butler.registry().dataset_type(name)?;
            match name.split_once('.') {
                None => Ok(found),
                Some((_, c)) => {
                    found.component_type(c, &self.shared.classes).map(Arc::new)
                }
            }
        });
        Ok(PyDatasetType::new_of(&found.to_py(py)?, &self.shared))
    }

    /// `DatasetExistence` of what a call means.
    pub(super) fn existence<'py>(
        &self,
        py: Python<'py>,
        what: &Bound<'py, PyAny>,
        look: &Look<'_, 'py>,
        full_check: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        static FLAGS: PyOnceLock<Py<PyList>> = PyOnceLock::new();
        let flags = FLAGS.get_or_try_init(py, || {
            let class = py.import("salver._enums")?.getattr("DatasetExistence")?;
            let all = (0..16_u8).map(|bits| class.call1((bits,)));
            Ok::<_, PyErr>(PyList::new(py, all.collect::<PyResult<Vec<_>>>()?)?.unbind())
        })?;
        let butler = self.inner(py)?;
        let found = match asked(what)? {
            Asked::Ref(dataset) => Some(dataset.clone()),
            Asked::Name(name) => self.find_by_name(py, name, look, false)?,
        };
        let bits = match found {
            None => 0,
            Some(dataset) => {
                detached(py, || butler.exists(&dataset, full_check)).to_py(py)?.bits()
            }
        };
        flags.bind(py).get_item(usize::from(bits))
    }

    pub(super) fn is_stored(
        &self,
        py: Python<'_>,
        dataset: &PyDatasetRef,
    ) -> PyResult<bool> {
        let butler = self.inner(py)?;
        let dataset = &dataset.dataset;
        let records = detached(py, || butler.file_records(dataset)).to_py(py)?;
        Ok(!records.is_empty())
    }

    pub(super) fn uri(
        &self,
        py: Python<'_>,
        what: &Bound<'_, PyAny>,
        look: &Look<'_, '_>,
    ) -> PyResult<PyUri> {
        let dataset = self.resolve(py, what, look)?.dataset;
        let butler = self.inner(py)?;
        detached(py, || butler.uri(&dataset)).to_py(py).map(PyUri)
    }

    pub(super) fn uris<'py>(
        &self,
        py: Python<'py>,
        what: &Bound<'py, PyAny>,
        look: &Look<'_, 'py>,
    ) -> PyResult<(Option<PyUri>, Bound<'py, PyDict>)> {
        let dataset = self.resolve(py, what, look)?.dataset;
        let butler = self.inner(py)?;
        let (whole, parts) = detached(py, || butler.uris(&dataset)).to_py(py)?;
        let by_name = PyDict::new(py);
        for (component, uri) in parts {
            by_name.set_item(component, PyUri(uri))?;
        }
        Ok((whole.map(PyUri), by_name))
    }
}
