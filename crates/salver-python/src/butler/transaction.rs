//! `Butler.transaction()`.

use std::sync::Mutex;

use pyo3::prelude::*;
use salver::Butler;
use salver_core::{Error, ErrorKind, Op};

use crate::errors::{ToPy, raise};
use crate::interrupt::detached;

/// A block of writes that are kept together or not at all; it belongs to the thread that enters it.
#[pyclass(module = "salver", name = "Transaction", frozen)]
#[derive(Debug)]
pub(crate) struct PyTransaction {
    butler: Butler,
    open: Mutex<Option<usize>>,
}

impl PyTransaction {
    pub(super) fn new_of(butler: Butler) -> Self {
        Self { butler, open: Mutex::new(None) }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<usize>> {
        self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pymethods]
impl PyTransaction {
    fn __enter__(&self, py: Python<'_>) -> PyResult<()> {
        if self.slot().is_some() {
            let message = "this block is entered already";
            let error =
                Error::new(ErrorKind::InvalidInput, Op("butler.transaction"), message);
            return Err(raise(py, &error));
        }
        let depth = detached(py, || self.butler.begin_transaction()).to_py(py)?;
        *self.slot() = Some(depth);
        Ok(())
    }

    /// Keeps what was done, unless the block raised.
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let _ = (value, traceback);
        let Some(depth) = self.slot().take() else { return Ok(false) };
        let keep = kind.is_none();
        detached(py, || self.butler.end_transaction(depth, keep)).to_py(py)?;
        Ok(false)
    }
}
