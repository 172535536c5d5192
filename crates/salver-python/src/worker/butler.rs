//! The butler's side: making plans, committing receipts.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use salver::worker::{Committed, PlanRequest};
use salver_core::{Error, ErrorKind, Op};

use super::plan::PyPlan;
use super::receipt::receipts_of;
use crate::butler::PyButler;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, py_uuid, refs_of};

/// What a commit did.
#[pyclass(module = "salver", name = "Committed", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct PyCommitted {
    /// Refs of the datasets that are new in the repository.
    committed: Vec<Py<PyDatasetRef>>,
    /// Identifiers of datasets that an earlier commit had registered.
    already: Vec<Py<PyAny>>,
    /// Identifiers of datasets of which another attempt won.
    lost: Vec<Py<PyAny>>,
    /// Identifiers of datasets in whose place the run has another one.
    held: Vec<Py<PyAny>>,
    /// Identifiers of datasets whose attempt was abandoned before.
    abandoned: Vec<Py<PyAny>>,
    /// Artifacts that could not be removed, and why.
    left: Vec<String>,
}

#[pymethods]
impl PyCommitted {
    fn __repr__(&self) -> String {
        format!(
            "Committed(committed={}, already={}, lost={}, held={}, abandoned={}, left={})",
            self.committed.len(),
            self.already.len(),
            self.lost.len(),
            self.held.len(),
            self.abandoned.len(),
            self.left.len()
        )
    }
}

#[pymethods]
impl PyButler {
    /// Makes a plan for workers: a task for each value of the grouping dimensions that the inputs
    /// have. `outputs` is names of dataset types, or a mapping of them to runs; `group` is names
    /// of dimensions (those of the first output where it is not given).
    #[pyo3(signature = (inputs, outputs=None, *, group=None, records=false))]
    fn plan(
        &self,
        py: Python<'_>,
        inputs: &Bound<'_, PyAny>,
        outputs: Option<&Bound<'_, PyAny>>,
        group: Option<Vec<String>>,
        records: bool,
    ) -> PyResult<PyPlan> {
        let butler = self.inner(py)?;
        let inputs = refs_of(inputs)?;
        let outputs = outputs.map_or_else(|| Ok(Vec::new()), outputs_of)?;
        let request = PlanRequest { inputs, outputs, group, records };
        detached(py, move || butler.plan(&request)).to_py(py).map(PyPlan::new_of)
    }

    /// Registers what workers wrote, all in one transaction; to do so again changes nothing.
    fn commit(
        &self,
        py: Python<'_>,
        receipts: &Bound<'_, PyAny>,
    ) -> PyResult<PyCommitted> {
        let butler = self.inner(py)?;
        let receipts = receipts_of(receipts, butler.universe())?;
        let done = detached(py, move || butler.commit(&receipts)).to_py(py)?;
        self.committed(py, done)
    }

    /// Removes what attempts wrote that will not be committed; gives how many receipts that were.
    fn abandon(&self, py: Python<'_>, receipts: &Bound<'_, PyAny>) -> PyResult<usize> {
        let butler = self.inner(py)?;
        let receipts = receipts_of(receipts, butler.universe())?;
        detached(py, move || butler.abandon(&receipts)).to_py(py)
    }
}

impl PyButler {
    fn committed(&self, py: Python<'_>, done: Committed) -> PyResult<PyCommitted> {
        let refs = done.committed.into_iter();
        let ids = |ids: &mut dyn Iterator<Item = uuid::Uuid>| {
            ids.map(|id| py_uuid(py, id).map(Bound::unbind)).collect::<PyResult<_>>()
        };
        Ok(PyCommitted {
            committed: refs
                .map(|d| Py::new(py, PyDatasetRef::new_of(d, self.shared())))
                .collect::<PyResult<_>>()?,
            already: ids(&mut done.already.into_iter())?,
            lost: ids(&mut done.lost.into_iter().map(|(id, _)| id))?,
            held: ids(&mut done.held.into_iter().map(|h| h.dataset.id))?,
            abandoned: ids(&mut done.abandoned.into_iter().map(|(id, _)| id))?,
            left: done.left,
        })
    }
}

/// Names of dataset types, each with its run where one is given.
fn outputs_of(given: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Option<String>)>> {
    if let Ok(runs) = given.cast::<PyDict>() {
        return runs.iter().map(|(k, v)| Ok((k.extract()?, v.extract()?))).collect();
    }
    if given.cast::<PyString>().is_ok() {
        let message = "a list of dataset types is wanted, not one name";
        let error = Error::new(ErrorKind::InvalidInput, Op("butler.plan"), message);
        return Err(raise(given.py(), &error.with("outputs", given)));
    }
    given.try_iter()?.map(|name| Ok((name?.extract()?, None))).collect()
}
