//! Universes.

use std::sync::Arc;

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use salver_model::Universe;

use super::group::names_of;
use super::{PyElement, PyGroup, Shared, default_shared};
use crate::Reduced;
use crate::errors::ToPy;

/// The dimensions that a repository knows.
#[pyclass(module = "salver", name = "DimensionUniverse", frozen)]
#[derive(Debug)]
pub(crate) struct PyUniverse(pub(crate) Arc<Shared>);

#[pymethods]
impl PyUniverse {
    /// The universe of a document as a repository stores it; without one, what new repositories get.
    #[new]
    #[pyo3(signature = (json=None))]
    fn new(py: Python<'_>, json: Option<&str>) -> PyResult<Self> {
        match json {
            None => Ok(Self(default_shared())),
            Some(text) => {
                let universe = Universe::from_json(text).to_py(py)?;
                let classes = Arc::clone(&default_shared().classes);
                Ok(Self(Arc::new(Shared { universe, classes })))
            }
        }
    }

    #[getter]
    fn namespace(&self) -> &str {
        self.0.universe.namespace()
    }

    #[getter]
    fn version(&self) -> u32 {
        self.0.universe.version()
    }

    /// The document that it was read from.
    #[getter]
    fn json(&self) -> &str {
        self.0.universe.json()
    }

    /// The group of these dimensions and all that they require and imply.
    pub(super) fn conform(
        &self,
        py: Python<'_>,
        dimensions: &Bound<'_, PyAny>,
    ) -> PyResult<PyGroup> {
        if let Ok(group) = dimensions.cast::<PyGroup>() {
            return Ok(group.get().clone());
        }
        let group = self.0.universe.group(names_of(dimensions)?).to_py(py)?;
        Ok(PyGroup::new_of(group, &self.0))
    }

    #[getter]
    fn empty(&self) -> PyGroup {
        PyGroup::new_of(self.0.universe.empty_group(), &self.0)
    }

    #[getter]
    fn elements(&self) -> Vec<PyElement> {
        self.0.universe.elements().iter().map(|e| PyElement::new(&self.0, e)).collect()
    }

    #[getter]
    fn dimensions(&self) -> Vec<PyElement> {
        self.0.universe.dimensions().map(|e| PyElement::new(&self.0, e)).collect()
    }

    #[getter]
    fn governor_dimensions(&self) -> Vec<PyElement> {
        self.0.universe.governors().map(|e| PyElement::new(&self.0, e)).collect()
    }

    fn __getitem__(&self, name: &str) -> PyResult<PyElement> {
        let found = self.0.universe.element(name).map(|e| PyElement::new(&self.0, e));
        found.ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }

    #[pyo3(signature = (name, default=None))]
    fn get(
        &self,
        py: Python<'_>,
        name: &str,
        default: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        match self.0.universe.element(name) {
            Some(e) => {
                Ok(PyElement::new(&self.0, e).into_pyobject(py)?.into_any().unbind())
            }
            None => Ok(default.unwrap_or_else(|| py.None())),
        }
    }

    fn __contains__(&self, name: &str) -> bool {
        self.0.universe.element(name).is_some()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let names: Vec<_> =
            self.0.universe.elements().iter().map(|e| e.name().to_string()).collect();
        PyTuple::new(py, names)?.call_method0("__iter__")
    }

    fn __len__(&self) -> usize {
        self.0.universe.elements().len()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = &other.get().0.universe;
            (self.0.universe.namespace(), self.0.universe.version())
                == (other.namespace(), other.version())
        })
    }

    fn __hash__(&self) -> u32 {
        self.0.universe.version()
    }

    fn __repr__(&self) -> String {
        format!(
            "DimensionUniverse({}, {})",
            self.0.universe.version(),
            self.0.universe.namespace()
        )
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (String,)> {
        Ok((slf.get_type().into_any(), (slf.get().0.universe.json().to_owned(),)))
    }
}
