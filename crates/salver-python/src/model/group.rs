//! Groups of dimensions.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use salver_model::DimensionGroup;

use super::{PyElement, PyUniverse, Shared};
use crate::Reduced;
use crate::errors::ToPy;

/// Names of dimensions: a group, one name, or any iterable of names or dimensions.
pub(crate) fn names_of(dimensions: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if let Ok(group) = dimensions.cast::<PyGroup>() {
        return Ok(group.get().group.names().iter().map(ToString::to_string).collect());
    }
    if let Ok(name) = dimensions.cast::<PyString>() {
        return Ok(vec![name.extract()?]);
    }
    dimensions
        .try_iter()?
        .map(|item| {
            let item = item?;
            match item.cast::<PyElement>() {
                Ok(element) => Ok(element.get().element.name().to_string()),
                Err(_) => item.extract(),
            }
        })
        .collect()
}

/// A set of dimensions, closed under what they require and imply.
#[pyclass(module = "salver", name = "DimensionGroup", frozen, skip_from_py_object)]
#[derive(Debug, Clone)]
pub(crate) struct PyGroup {
    pub(crate) group: DimensionGroup,
    pub(crate) shared: Arc<Shared>,
}

impl PyGroup {
    pub(crate) fn new_of(group: DimensionGroup, shared: &Arc<Shared>) -> Self {
        Self { group, shared: Arc::clone(shared) }
    }

    fn names_tuple<'py>(
        py: Python<'py>,
        names: &[Arc<str>],
    ) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, names.iter().map(|n| &**n))
    }

    fn other(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyAny>,
    ) -> PyResult<DimensionGroup> {
        match other.cast::<Self>() {
            Ok(group) => Ok(group.get().group.clone()),
            Err(_) => self.shared.universe.group(names_of(other)?).to_py(py),
        }
    }
}

#[pymethods]
impl PyGroup {
    #[new]
    fn new(
        py: Python<'_>,
        universe: &PyUniverse,
        names: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        universe.conform(py, names)
    }

    #[getter]
    fn universe(&self) -> PyUniverse {
        PyUniverse(Arc::clone(&self.shared))
    }

    /// Names in universe order.
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Self::names_tuple(py, self.group.names())
    }

    #[getter]
    fn required<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Self::names_tuple(py, self.group.required())
    }

    #[getter]
    fn implied<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Self::names_tuple(py, self.group.implied())
    }

    #[getter]
    fn data_coordinate_keys<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        Self::names_tuple(py, self.group.data_coordinate_keys())
    }

    #[getter]
    fn elements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.group.elements().iter().map(|e| e.name().to_string()))
    }

    fn union(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        let group = self.shared.universe.union(&self.group, &self.other(py, other)?);
        Ok(Self::new_of(group, &self.shared))
    }

    fn issubset(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.group.is_subset_of(&self.other(py, other)?))
    }

    fn issuperset(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.other(py, other)?.is_subset_of(&self.group))
    }

    fn __contains__(&self, name: &str) -> bool {
        self.group.contains(name)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.names(py)?.call_method0("__iter__")
    }

    fn __len__(&self) -> usize {
        self.group.names().len()
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> bool {
        match other.cast::<Self>() {
            Ok(group) => group.get().group == self.group,
            Err(_) => other.cast::<PyTuple>().is_ok_and(|names| {
                self.names(py).is_ok_and(|ours| ours.eq(names).unwrap_or(false))
            }),
        }
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.names(py)?.hash()
    }

    fn __str__(&self) -> String {
        self.group.to_string()
    }

    fn __repr__(&self) -> String {
        format!("DimensionGroup({})", self.group)
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> Reduced<'py, (PyUniverse, Vec<String>)> {
        let this = slf.get();
        let names = this.group.names().iter().map(ToString::to_string).collect();
        Ok((slf.get_type().into_any(), (PyUniverse(Arc::clone(&this.shared)), names)))
    }
}
