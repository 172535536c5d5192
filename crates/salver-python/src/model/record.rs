//! `DimensionRecord`.

use std::sync::Arc;

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver_model::{DataId, Record, Value};

use super::value::{field_value, json, py_field_value};
use super::{PyDataCoordinate, PyElement, PyUniverse, Shared};
use crate::Reduced;
use crate::errors::ToPy;

/// What is known of one value of a dimension: its fields are attributes.
#[pyclass(module = "salver", name = "DimensionRecord", frozen)]
#[derive(Debug)]
pub(crate) struct PyRecord {
    pub(crate) record: Arc<Record>,
    shared: Arc<Shared>,
}

/// Names and values of a record given as a mapping.
pub(crate) fn fields_of(row: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Value)>> {
    if let Ok(ours) = row.cast::<PyRecord>() {
        let fields = ours.get().record.fields();
        return Ok(fields.map(|(c, v)| (c.name.to_string(), v.clone())).collect());
    }
    let dict = match row.cast::<PyDict>() {
        Ok(dict) => dict.clone(),
        Err(_) => match row.call_method0("toDict") {
            Ok(dict) => dict.cast_into::<PyDict>()?,
            Err(_) => {
                row.py().get_type::<PyDict>().call1((row,))?.cast_into::<PyDict>()?
            }
        },
    };
    let mut out = Vec::with_capacity(dict.len());
    for (key, value) in &dict {
        let name: String = key.extract()?;
        let value = field_value(&name, &value)?;
        out.push((name, value));
    }
    Ok(out)
}

impl PyRecord {
    pub(crate) fn new_of(record: &Arc<Record>, shared: &Arc<Shared>) -> Self {
        Self { record: Arc::clone(record), shared: Arc::clone(shared) }
    }
}

#[pymethods]
impl PyRecord {
    #[getter]
    fn definition(&self) -> PyElement {
        PyElement::new(&self.shared, self.record.element())
    }

    /// The data ID that the record is about.
    #[getter(dataId)]
    fn data_id(&self, py: Python<'_>) -> PyResult<PyDataCoordinate> {
        let element = self.record.element();
        let group = self.shared.universe.group(element.required()).to_py(py)?;
        let pairs = element.required().iter().zip(self.record.key());
        let data_id =
            DataId::standardise(&self.shared.universe, &group, pairs, None).to_py(py)?;
        Ok(PyDataCoordinate::new_of(data_id, &self.shared))
    }

    #[pyo3(name = "toDict", signature = (splitTimespan=false))]
    fn to_dict<'py>(
        &self,
        py: Python<'py>,
        splitTimespan: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (column, value) in self.record.fields() {
            let value = py_field_value(py, value)?;
            if splitTimespan && &*column.name == "timespan" {
                let none = value.is_none();
                let end =
                    |name| if none { Ok(value.clone()) } else { value.getattr(name) };
                dict.set_item("datetime_begin", end("begin")?)?;
                dict.set_item("datetime_end", end("end")?)?;
            } else {
                dict.set_item(&*column.name, value)?;
            }
        }
        Ok(dict)
    }

    #[pyo3(signature = (name, default=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.record.get(name) {
            Some(value) => py_field_value(py, value).map(Some),
            None => Ok(default),
        }
    }

    fn __getattr__<'py>(
        &self,
        py: Python<'py>,
        name: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(value) = self.record.get(name) else {
            let element = self.record.element().name();
            let message = format!("a record of {element} has no field {name:?}");
            return Err(PyAttributeError::new_err(message));
        };
        py_field_value(py, value)
    }

    fn __dir__(&self) -> Vec<String> {
        let own = ["dataId", "definition", "get", "toDict", "to_json"];
        let fields = self.record.fields().map(|(c, _)| c.name.to_string());
        own.iter().map(ToString::to_string).chain(fields).collect()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().record == self.record)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.data_id(py)?.__hash__())
    }

    fn __repr__(&self) -> String {
        format!("{}.RecordClass({})", self.record.element().name(), self.record.to_json())
    }

    /// Gen3's JSON form (Gen3 format §15.4).
    fn to_json(&self) -> String {
        self.record.to_json().to_string()
    }

    #[staticmethod]
    fn _unpickle(py: Python<'_>, universe: &PyUniverse, text: &str) -> PyResult<Self> {
        let record =
            Record::from_json(&json(py, text)?, &universe.0.universe).to_py(py)?;
        Ok(Self::new_of(&Arc::new(record), &universe.0))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (PyUniverse, String)> {
        let this = slf.get();
        let arguments = (PyUniverse(Arc::clone(&this.shared)), this.to_json());
        Ok((slf.get_type().getattr("_unpickle")?, arguments))
    }
}
