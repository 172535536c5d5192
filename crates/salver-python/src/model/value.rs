//! Values of dimensions and of record fields; identifiers.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString};
use salver_core::{Error, ErrorKind, Op};
use salver_model::{DataValue, Timespan, Value};
use uuid::Uuid;

use super::PyTimespan;
use crate::errors::raise;
use crate::sphere;

/// The value of a dimension.
pub(super) fn data_value(name: &str, value: &Bound<'_, PyAny>) -> PyResult<DataValue> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return Ok(DataValue::Str(Arc::from(text.extract::<&str>()?)));
    }
    if let Ok(number) = value.extract::<i64>() {
        return Ok(DataValue::Int(number));
    }
    if let Ok(text) = value.extract::<&str>() {
        return Ok(DataValue::Str(Arc::from(text)));
    }
    let error =
        Error::new(ErrorKind::InvalidInput, Op("data_id"), "not a value of a dimension")
            .code_of("data_id_value")
            .with("dimension", name)
            .with("value", value)
            .with("type", value.get_type().name()?)
            .hint("a dimension's value is a whole number or text");
    Err(raise(value.py(), &error))
}

/// A dimension's value in Python.
pub(crate) fn py_data_value<'py>(
    py: Python<'py>,
    value: &DataValue,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        DataValue::Int(number) => number.into_pyobject(py)?.into_any(),
        DataValue::Str(text) => PyString::new(py, text).into_any(),
    })
}

/// The value of a record's field.
pub(super) fn field_value(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = value.py();
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if value.cast::<PyInt>().is_ok() {
        return value.extract().map(Value::Int);
    }
    if value.cast::<PyFloat>().is_ok() {
        return value.extract().map(Value::Float);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::Str(Arc::from(text.extract::<&str>()?)));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Value::Bytes(Arc::from(bytes.as_bytes())));
    }
    if let Ok(span) = value.cast::<PyTimespan>() {
        return Ok(Value::Timespan(span.get().0));
    }
    if let Ok(nsec) = value.getattr(intern!(py, "nsec"))
        && let Ok((begin, end)) = nsec.extract::<(i64, i64)>()
    {
        return Ok(Value::Timespan(Timespan::new(Some(begin), Some(end))));
    }
    if value.hasattr(intern!(py, "encode"))? {
        return Ok(Value::Region(Arc::new(sphere::region_of(value)?)));
    }
    if value.hasattr(intern!(py, "dtype"))? {
        return field_value(name, &value.call_method0(intern!(py, "item"))?);
    }
    let error =
        Error::new(ErrorKind::InvalidInput, Op("record"), "not a value of a field")
            .with("field", name)
            .with("type", value.get_type().fully_qualified_name()?);
    Err(raise(py, &error))
}

/// A field's value in Python.
pub(crate) fn py_field_value<'py>(
    py: Python<'py>,
    value: &Value,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Int(number) => number.into_pyobject(py)?.into_any(),
        Value::Str(text) => PyString::new(py, text).into_any(),
        Value::Float(number) => number.into_pyobject(py)?.into_any(),
        Value::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Value::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        Value::Region(region) => sphere::wrap(py, (**region).clone())?,
        Value::Timespan(span) => PyTimespan(*span).into_pyobject(py)?.into_any(),
    })
}

/// A `uuid.UUID`.
pub(crate) fn py_uuid(py: Python<'_>, id: Uuid) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("uuid")?.getattr("UUID")?.unbind())
    })?;
    let arguments = PyDict::new(py);
    arguments.set_item(intern!(py, "int"), id.as_u128())?;
    class.bind(py).call((), Some(&arguments))
}

/// The identifier of a `uuid.UUID` or of text.
pub(crate) fn uuid_of(id: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    let py = id.py();
    if let Ok(text) = id.extract::<&str>() {
        return Uuid::parse_str(text).map_err(|e| {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("dataset_id"), "not a UUID");
            raise(py, &error.with("id", text).caused_by(e))
        });
    }
    if let Ok(number) = id.getattr(intern!(py, "int"))
        && let Ok(number) = number.extract::<u128>()
    {
        return Ok(Uuid::from_u128(number));
    }
    let error = Error::new(ErrorKind::InvalidInput, Op("dataset_id"), "not a UUID");
    Err(raise(py, &error.with("type", id.get_type().name()?)))
}

/// Parses JSON text.
pub(super) fn json(py: Python<'_>, text: &str) -> PyResult<serde_json::Value> {
    serde_json::from_str(text).map_err(|e| {
        let error = Error::new(ErrorKind::InvalidInput, Op("python.json"), "not JSON");
        raise(py, &error.caused_by(e))
    })
}
