//! `Receipt`.

use pyo3::prelude::*;
use salver::worker::Receipt;
use salver_core::{Error, ErrorKind, Op, ResultExt as _};
use salver_model::Universe;
use serde_json::Value as Json;

use crate::Reduced;
use crate::errors::{ToPy, raise};
use crate::model::py_uuid;

/// What a worker gives back for a dataset that it wrote: plain data, to be committed or abandoned.
#[pyclass(module = "salver", name = "Receipt", frozen)]
#[derive(Debug)]
pub(crate) struct PyReceipt(pub(super) Json);

/// The receipts of an iterable.
pub(super) fn receipts_of(
    given: &Bound<'_, PyAny>,
    universe: &Universe,
) -> PyResult<Vec<Receipt>> {
    let py = given.py();
    given
        .try_iter()?
        .map(|item| {
            let item = item?;
            if let Ok(receipt) = item.cast::<PyReceipt>() {
                return Receipt::from_json(&receipt.get().0, universe).to_py(py);
            }
            let error =
                Error::new(ErrorKind::InvalidInput, Op("receipt"), "not a receipt")
                    .with("type", item.get_type().fully_qualified_name()?)
                    .hint("give what `Worker.receipts()` gave");
            Err(raise(py, &error))
        })
        .collect()
}

#[pymethods]
impl PyReceipt {
    /// Reads a receipt from its JSON document.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let parsed = serde_json::from_str(text);
        parsed
            .op(ErrorKind::InvalidInput, Op("receipt"), "not a JSON document")
            .map(Self)
            .to_py(py)
    }

    /// The receipt as a JSON document.
    fn to_json(&self) -> String {
        self.0.to_string()
    }

    /// Identifier of the dataset.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.uuid(py, "id")
    }

    /// Tells the attempt that wrote it from others.
    #[getter]
    fn session<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.uuid(py, "session")
    }

    /// Identifier of the plan.
    #[getter]
    fn plan<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.uuid(py, "plan")
    }

    fn __repr__(&self) -> String {
        let text = |key| self.0.get(key).and_then(Json::as_str).unwrap_or_default();
        format!("Receipt(dataset={}, session={})", text("id"), text("session"))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (String,)> {
        let make = slf.get_type().getattr("from_json")?;
        Ok((make, (slf.get().to_json(),)))
    }
}

impl PyReceipt {
    fn uuid<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        let text = self.0.get(key).and_then(Json::as_str).unwrap_or_default();
        let parsed = uuid::Uuid::parse_str(text);
        let id = parsed
            .op(ErrorKind::InvalidInput, Op("receipt"), "not a receipt")
            .to_py(py)?;
        py_uuid(py, id)
    }
}
