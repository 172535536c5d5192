//! Dimensions and join relations.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use salver_model::Element;

use super::{PyGroup, Shared};
use crate::errors::ToPy;

/// A dimension, or a join relation of dimensions.
#[pyclass(module = "salver", name = "DimensionElement", frozen, skip_from_py_object)]
#[derive(Debug, Clone)]
pub(crate) struct PyElement {
    pub(crate) element: Arc<Element>,
    shared: Arc<Shared>,
}

impl PyElement {
    pub(crate) fn new(shared: &Arc<Shared>, element: &Arc<Element>) -> Self {
        Self { element: Arc::clone(element), shared: Arc::clone(shared) }
    }
}

#[pymethods]
impl PyElement {
    #[getter]
    fn name(&self) -> &str {
        self.element.name()
    }

    #[getter]
    fn documentation(&self) -> &str {
        self.element.doc()
    }

    /// Names of the dimensions that it needs, its own last.
    #[getter]
    fn required<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.element.required().iter().map(|n| &**n))
    }

    /// Names of the dimensions that its records fix.
    #[getter]
    fn implied<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.element.implied().iter().map(|n| &**n))
    }

    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.element.metadata().iter().map(|c| &*c.name))
    }

    /// Names of the fields of its records, in table order.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.element.table_columns().iter().map(|c| &*c.name))
    }

    #[getter]
    fn minimal_group(&self, py: Python<'_>) -> PyResult<PyGroup> {
        let names = self.element.required().iter().chain(self.element.implied());
        let group = self.shared.universe.group(names).to_py(py)?;
        Ok(PyGroup::new_of(group, &self.shared))
    }

    #[getter]
    fn has_own_table(&self) -> bool {
        self.element.has_table()
    }

    #[getter]
    fn is_cached(&self) -> bool {
        self.element.is_cached()
    }

    fn __str__(&self) -> &str {
        self.element.name()
    }

    fn __repr__(&self) -> String {
        format!("DimensionElement({})", self.element.name())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        match other.cast::<Self>() {
            Ok(other) => other.get().element.name() == self.element.name(),
            Err(_) => {
                other.extract::<&str>().is_ok_and(|name| name == &**self.element.name())
            }
        }
    }

    fn __hash__(slf: &Bound<'_, Self>) -> PyResult<isize> {
        PyString::new(slf.py(), slf.get().element.name()).hash()
    }
}
