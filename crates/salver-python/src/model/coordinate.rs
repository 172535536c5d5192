//! Data IDs: `DataCoordinate`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use salver_core::{Error, ErrorKind, Op};
use salver_model::{DataId, DataValue, DimensionGroup};

use super::group::names_of;
use super::value::{data_value, py_data_value};
use super::{PyGroup, PyRecord, PyTimespan, PyUniverse, Shared, default_shared};
use crate::Reduced;
use crate::errors::{ToPy, raise};
use crate::sphere;

/// Values for a set of dimensions.
#[pyclass(module = "salver", name = "DataCoordinate", frozen, mapping)]
#[derive(Debug)]
pub(crate) struct PyDataCoordinate {
    pub(crate) data_id: DataId,
    pub(crate) shared: Arc<Shared>,
}

/// Names and values of a data ID: a `DataCoordinate` or any mapping, and keyword arguments over it.
pub(crate) fn pairs_of(
    data_id: Option<&Bound<'_, PyAny>>,
    more: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<(String, DataValue)>> {
    let mut out = Vec::with_capacity(6);
    match data_id {
        None => {}
        Some(none) if none.is_none() => {}
        Some(object) => match object.cast::<PyDict>() {
            Ok(dict) => add(dict, &mut out)?,
            Err(_) => other_mapping(object, &mut out)?,
        },
    }
    if let Some(more) = more {
        let mut over = Vec::with_capacity(more.len());
        add(more, &mut over)?;
        out.retain(|(name, _)| over.iter().all(|(n, _)| n != name));
        out.extend(over);
    }
    Ok(out)
}

fn add(dict: &Bound<'_, PyDict>, out: &mut Vec<(String, DataValue)>) -> PyResult<()> {
    for (key, value) in dict {
        let name: String = match key.cast::<PyString>() {
            Ok(text) => text.extract()?,
            Err(_) => key.str()?.extract()?,
        };
        let value = data_value(&name, &value)?;
        out.push((name, value));
    }
    Ok(())
}

fn other_mapping(
    object: &Bound<'_, PyAny>,
    out: &mut Vec<(String, DataValue)>,
) -> PyResult<()> {
    let py = object.py();
    if let Ok(ours) = object.cast::<PyDataCoordinate>() {
        out.extend(ours.get().data_id.iter().map(|(k, v)| (k.to_string(), v.clone())));
        return Ok(());
    }
    let mapping = match object.getattr(intern!(py, "mapping")) {
        Ok(inner) => inner,
        Err(_) => object.clone(),
    };
    if let Ok(dict) = py.get_type::<PyDict>().call1((mapping,)) {
        return add(dict.cast()?, out);
    }
    let error = Error::new(ErrorKind::InvalidInput, Op("data_id"), "not a data ID")
        .with("type", object.get_type().fully_qualified_name()?)
        .hint("a dict of dimension names and values, or a DataCoordinate, is one");
    Err(raise(py, &error))
}

impl PyDataCoordinate {
    pub(crate) fn new_of(data_id: DataId, shared: &Arc<Shared>) -> Self {
        Self { data_id, shared: Arc::clone(shared) }
    }

    fn named(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<&DataValue>> {
        match key.extract::<&str>() {
            Ok(name) => Ok(self.data_id.get(name)),
            Err(_) => Ok(self.data_id.get(&key.str()?.extract::<String>()?)),
        }
    }

    /// The values by name: the required ones, or all that are known.
    fn dict<'py>(&self, py: Python<'py>, all: bool) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        let n = if all { usize::MAX } else { self.data_id.group().required().len() };
        for (name, value) in self.data_id.iter().take(n) {
            dict.set_item(&**name, py_data_value(py, value)?)?;
        }
        Ok(dict)
    }

    fn group(&self) -> &DimensionGroup {
        self.data_id.group()
    }
}

#[pymethods]
impl PyDataCoordinate {
    /// The data ID of a mapping and of keyword arguments, checked for a set of dimensions; without
    /// one, for the dimensions that have values.
    #[staticmethod]
    #[pyo3(signature = (mapping=None, *, dimensions=None, universe=None, defaults=None, **kwargs))]
    fn standardize(
        py: Python<'_>,
        mapping: Option<&Bound<'_, PyAny>>,
        dimensions: Option<&Bound<'_, PyAny>>,
        universe: Option<&Bound<'_, PyUniverse>>,
        defaults: Option<&Bound<'_, Self>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let pairs = pairs_of(mapping, kwargs)?;
        let mut from = [mapping, dimensions].into_iter().flatten();
        let shared = from.find_map(|o| match o.cast::<Self>() {
            Ok(id) => Some(Arc::clone(&id.get().shared)),
            Err(_) => o.cast::<PyGroup>().ok().map(|g| Arc::clone(&g.get().shared)),
        });
        let shared = shared.or_else(|| universe.map(|u| Arc::clone(&u.get().0)));
        let shared = shared.unwrap_or_else(default_shared);
        let universe = &shared.universe;
        let group = match dimensions {
            Some(names) => universe.group(names_of(names)?).to_py(py)?,
            None => universe.group(pairs.iter().map(|(n, _)| n.as_str())).to_py(py)?,
        };
        let defaults = defaults.map(|d| &d.get().data_id);
        let data_id = DataId::standardise(universe, &group, pairs, defaults).to_py(py)?;
        Ok(Self { data_id, shared })
    }

    #[staticmethod]
    fn make_empty(universe: &PyUniverse) -> Self {
        Self::new_of(DataId::empty(&universe.0.universe), &universe.0)
    }

    #[getter]
    fn dimensions(&self) -> PyGroup {
        PyGroup::new_of(self.group().clone(), &self.shared)
    }

    #[getter]
    fn universe(&self) -> PyUniverse {
        PyUniverse(Arc::clone(&self.shared))
    }

    /// All values that are known.
    #[getter]
    fn mapping<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, true)
    }

    /// The values of the required dimensions.
    #[getter]
    fn required<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, false)
    }

    #[getter]
    fn required_values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.dict(py, false)?.values())
    }

    #[pyo3(name = "hasFull")]
    fn has_full(&self) -> bool {
        self.data_id.is_full()
    }

    #[pyo3(name = "hasRecords")]
    fn has_records(&self) -> bool {
        self.data_id.has_records()
    }

    /// The records by element; `None` for an element without one.
    #[getter]
    fn records<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, record) in self.data_id.records().into_iter().flat_map(|r| r.iter()) {
            let record = record.as_ref().map(|r| PyRecord::new_of(r, &self.shared));
            dict.set_item(&**name, record)?;
        }
        Ok(dict)
    }

    /// The region of the preferred spatial element, or the intersection of several families'.
    #[getter]
    fn region<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.data_id.region().map(|r| sphere::wrap(py, (*r).clone())).transpose()
    }

    #[getter]
    fn timespan(&self) -> Option<PyTimespan> {
        self.data_id.timespan().map(PyTimespan)
    }

    /// The part that a smaller set of dimensions has.
    fn subset(&self, py: Python<'_>, dimensions: &Bound<'_, PyAny>) -> PyResult<Self> {
        let group = self.shared.universe.group(names_of(dimensions)?).to_py(py)?;
        Ok(Self::new_of(self.data_id.subset(&group).to_py(py)?, &self.shared))
    }

    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        Ok(self.dict(py, true)?.keys())
    }

    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        Ok(self.dict(py, true)?.values())
    }

    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        Ok(self.dict(py, true)?.items())
    }

    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.named(key)? {
            Some(value) => py_data_value(key.py(), value).map(Some),
            None => Ok(default),
        }
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.named(key)? {
            Some(value) => py_data_value(key.py(), value),
            None => Err(PyKeyError::new_err(key.str()?.extract::<String>()?)),
        }
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.named(key)?.is_some())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.dict(py, true)?.try_iter()?.into_any())
    }

    fn __len__(&self) -> usize {
        self.data_id.values().len()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        match other.cast::<Self>() {
            Ok(other) => other.get().data_id == self.data_id,
            Err(_) => pairs_of(Some(other), None).is_ok_and(|pairs| {
                let group = self.group();
                let same = DataId::standardise(&self.shared.universe, group, pairs, None);
                other.len().is_ok_and(|n| n >= group.required().len())
                    && same.is_ok_and(|id| id == self.data_id)
            }),
        }
    }

    fn __lt__(&self, other: &Self) -> bool {
        self.data_id < other.data_id
    }

    pub(super) fn __hash__(&self) -> u64 {
        let mut state = DefaultHasher::new();
        self.data_id.hash(&mut state);
        state.finish()
    }

    fn __repr__(&self) -> String {
        self.data_id.to_string()
    }

    /// Gen3's JSON form (Gen3 format §15.3).
    fn to_json(&self) -> String {
        self.data_id.to_json().to_string()
    }

    #[staticmethod]
    fn _unpickle(
        py: Python<'_>,
        universe: &PyUniverse,
        dimensions: &Bound<'_, PyAny>,
        json: &str,
    ) -> PyResult<Self> {
        let group = universe.0.universe.group(names_of(dimensions)?).to_py(py)?;
        let value = super::value::json(py, json)?;
        let data_id =
            DataId::from_json(&value, &universe.0.universe, &group).to_py(py)?;
        Ok(Self::new_of(data_id, &universe.0))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> Reduced<'py, (PyUniverse, Vec<String>, String)> {
        let this = slf.get();
        let names = this.group().names().iter().map(ToString::to_string).collect();
        let universe = PyUniverse(Arc::clone(&this.shared));
        Ok((slf.get_type().getattr("_unpickle")?, (universe, names, this.to_json())))
    }
}
