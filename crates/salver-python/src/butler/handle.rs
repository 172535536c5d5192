//! `Butler.getDeferred()`.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use salver_tree::RefLeaf;

use super::PyButler;
use crate::Reduced;
use crate::model::{PyDataCoordinate, PyDatasetRef};

/// A dataset that is read when it is asked for.
#[pyclass(module = "salver", name = "DeferredDatasetHandle", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct PyHandle {
    /// The butler that reads it.
    pub(super) butler: Py<PyButler>,
    /// The dataset.
    #[pyo3(name = "ref")]
    pub(super) dataset: Py<PyDatasetRef>,
    /// Parameters of every read.
    pub(super) parameters: Option<Py<PyDict>>,
    /// Storage class to read as.
    #[pyo3(name = "storageClass")]
    pub(super) storage_class: Option<Py<PyAny>>,
}

impl PyHandle {
    /// The reference that the handle is, with its parameters.
    pub(crate) fn leaf(&self, py: Python<'_>) -> PyResult<RefLeaf> {
        let mut leaf = salver::ref_leaf(&self.dataset.get().dataset);
        if let Some(given) = &self.parameters {
            let given = crate::value::to_map(given.bind(py))?;
            leaf.parameters = (!given.is_empty()).then_some(given);
        }
        Ok(leaf)
    }
}

#[pymethods]
impl PyHandle {
    #[new]
    #[pyo3(signature = (butler, r#ref, parameters=None, storageClass=None))]
    fn new(
        butler: Py<PyButler>,
        r#ref: Py<PyDatasetRef>,
        parameters: Option<Py<PyDict>>,
        storageClass: Option<Py<PyAny>>,
    ) -> Self {
        Self { butler, dataset: r#ref, parameters, storage_class: storageClass }
    }

    #[getter(dataId)]
    fn data_id(&self) -> PyDataCoordinate {
        let dataset = self.dataset.get();
        PyDataCoordinate::new_of(dataset.dataset.data_id.clone(), &dataset.shared)
    }

    /// Reads the dataset, or a component; parameters go over those of the handle.
    #[pyo3(signature = (*, component=None, parameters=None, storageClass=None, **kwargs))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        component: Option<&str>,
        parameters: Option<&Bound<'py, PyDict>>,
        storageClass: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let all = match &self.parameters {
            Some(own) => own.bind(py).copy()?,
            None => PyDict::new(py),
        };
        for more in [parameters, kwargs].into_iter().flatten() {
            all.update(more.as_mapping())?;
        }
        let own = self.storage_class.as_ref().map(|c| c.bind(py));
        let class = storageClass.or(if component.is_none() { own } else { None });
        self.butler.get().read_ref(py, self.dataset.get(), component, Some(&all), class)
    }

    fn __repr__(&self) -> String {
        format!("DeferredDatasetHandle({})", self.dataset.get().dataset)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, Parts> {
        let (py, this) = (slf.py(), slf.get());
        let parts = (
            this.butler.clone_ref(py),
            this.dataset.clone_ref(py),
            this.parameters.as_ref().map(|p| p.clone_ref(py)),
            this.storage_class.as_ref().map(|c| c.clone_ref(py)),
        );
        Ok((slf.get_type().into_any(), parts))
    }
}

/// What makes a handle again.
type Parts = (Py<PyButler>, Py<PyDatasetRef>, Option<Py<PyDict>>, Option<Py<PyAny>>);
