//! What an assembler may know of the dataset: its data ID and the read parameters, and nothing else.

use std::cell::OnceCell;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver_model::{DataId, DataValue};

use crate::model::py_data_value;

/// Where the values of the dimensions come from.
#[derive(Debug, Clone, Copy)]
enum Values<'a> {
    None,
    Given(&'a [(String, DataValue)]),
    Of(&'a DataId),
}

/// Makes the `salver.assemblers.Context` when an assembler is met.
#[derive(Debug)]
pub(crate) struct About<'a, 'py> {
    values: Values<'a>,
    parameters: Option<&'a Bound<'py, PyDict>>,
    made: OnceCell<Bound<'py, PyAny>>,
}

impl<'a, 'py> About<'a, 'py> {
    /// No dataset: a file, or a value in memory.
    pub(crate) fn nothing() -> Self {
        Self { values: Values::None, parameters: None, made: OnceCell::new() }
    }

    /// A dataset that is put with these values.
    pub(crate) fn given(values: &'a [(String, DataValue)]) -> Self {
        Self { values: Values::Given(values), ..Self::nothing() }
    }

    /// A dataset that is read, known by its values.
    pub(crate) fn read(
        values: &'a [(String, DataValue)],
        parameters: Option<&'a Bound<'py, PyDict>>,
    ) -> Self {
        Self { parameters, ..Self::given(values) }
    }

    /// A dataset that is read, or put by its ref.
    pub(crate) fn of(
        data_id: &'a DataId,
        parameters: Option<&'a Bound<'py, PyDict>>,
    ) -> Self {
        Self { values: Values::Of(data_id), parameters, made: OnceCell::new() }
    }

    /// The Python object.
    pub(super) fn context(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(made) = self.made.get() {
            return Ok(made.clone());
        }
        let values = PyDict::new(py);
        match self.values {
            Values::None => {}
            Values::Given(pairs) => {
                for (name, value) in pairs {
                    values.set_item(name, py_data_value(py, value)?)?;
                }
            }
            Values::Of(data_id) => {
                for (name, value) in data_id.iter() {
                    values.set_item(&**name, py_data_value(py, value)?)?;
                }
            }
        }
        let parameters = match self.parameters {
            Some(given) => given.copy()?,
            None => PyDict::new(py),
        };
        let class = py.import("salver.assemblers")?.getattr("Context")?;
        let made = class.call1((values, parameters))?;
        Ok(self.made.get_or_init(|| made).clone())
    }
}
