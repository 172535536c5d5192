//! What an assembler may know of the dataset: its data ID and the read parameters, and nothing else.

use std::cell::OnceCell;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver::Butler;
use salver_model::{DataId, DataValue};

use crate::model::{Shared, py_data_value};
use crate::refs::Follow;

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
    /// What follows references.
    butler: Option<(&'a Butler, &'a Arc<Shared>)>,
    follow: OnceCell<Arc<Follow>>,
}

impl<'a, 'py> About<'a, 'py> {
    /// No dataset: a file, or a value in memory.
    pub(crate) fn nothing() -> Self {
        Self {
            values: Values::None,
            parameters: None,
            made: OnceCell::new(),
            butler: None,
            follow: OnceCell::new(),
        }
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
        Self { values: Values::Of(data_id), parameters, ..Self::nothing() }
    }

    /// References that are read can be followed by this butler.
    pub(crate) fn following(self, butler: &'a Butler, shared: &'a Arc<Shared>) -> Self {
        Self { butler: Some((butler, shared)), ..self }
    }

    /// What follows the references that are read; made when the first one is met.
    pub(super) fn follow(&self) -> Option<Arc<Follow>> {
        let (butler, shared) = self.butler?;
        let make =
            || Arc::new(Follow { butler: butler.clone(), shared: Arc::clone(shared) });
        Some(Arc::clone(self.follow.get_or_init(make)))
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
