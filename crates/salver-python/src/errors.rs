//! Errors: the Python class is chosen by the error's code, else by its kind.

use std::cell::RefCell;
use std::error::Error as StdError;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use salver_core::{Error, ErrorKind};

thread_local! {
    /// What a signal handler raised on this thread while a call was running.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Keeps what a signal handler raised, for the error that ends the call.
pub(crate) fn keep_raised(error: PyErr) {
    RAISED.with(|slot| slot.borrow_mut().replace(error));
}

fn take_raised() -> Option<PyErr> {
    RAISED.with(|slot| slot.borrow_mut().take())
}

/// Salver's error as a Python exception.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    if error.kind() == ErrorKind::Interrupted
        && let Some(raised) = take_raised()
    {
        return raised;
    }
    build(py, error).unwrap_or_else(|failed| failed)
}

fn build(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.get_or_try_init(py, || {
        let module = py.import("salver._exceptions")?;
        Ok::<_, PyErr>(module.getattr("make")?.unbind())
    })?;
    let context = PyDict::new(py);
    for (key, value) in error.context() {
        context.set_item(*key, value)?;
    }
    let mut causes = Vec::new();
    let mut next = StdError::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    let args = (
        error.kind().as_str(),
        error.code(),
        error.operation(),
        error.message(),
        error.to_string(),
    );
    let value = make.bind(py).call1((args, context, error.hint_text(), causes))?;
    Ok(PyErr::from_value(value))
}

/// Turns a result of Salver into one of Python.
pub(crate) trait ToPy<T> {
    /// The value, or the exception that the error stands for.
    fn to_py(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> ToPy<T> for salver_core::Result<T> {
    fn to_py(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|e| raise(py, &e))
    }
}

/// The stable spellings of the kinds of errors.
#[pyfunction]
pub(crate) fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|k| k.as_str()).collect()
}
