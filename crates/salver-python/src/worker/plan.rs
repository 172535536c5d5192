//! `Plan`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver::worker::Plan;
use salver_core::{Error, ErrorKind, Op, ResultExt as _};

use crate::Reduced;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDataCoordinate, PyDatasetRef, Shared, py_uuid};

/// What workers need in place of a database: tasks with the datasets that they read and write.
#[pyclass(module = "salver", name = "Plan", frozen)]
#[derive(Debug)]
pub(crate) struct PyPlan {
    pub(super) plan: Plan,
    pub(super) shared: Arc<Shared>,
}

impl PyPlan {
    pub(super) fn new_of(plan: Plan) -> Self {
        let shared = Arc::new(Shared {
            universe: plan.universe().clone(),
            classes: Arc::clone(plan.storage_classes()),
        });
        Self { plan, shared }
    }

    fn like(&self, plan: Plan) -> Self {
        Self { plan, shared: Arc::clone(&self.shared) }
    }
}

#[pymethods]
impl PyPlan {
    /// Reads a plan from its JSON document.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let read = detached(py, || {
            let parsed = serde_json::from_str(text);
            let op = Op("plan.read");
            Plan::from_json(&parsed.op(
                ErrorKind::InvalidInput,
                op,
                "not a JSON document",
            )?)
        });
        read.map(Self::new_of).to_py(py)
    }

    /// The plan as a JSON document.
    fn to_json(&self, py: Python<'_>) -> String {
        detached(py, || self.plan.to_json().to_string())
    }

    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py_uuid(py, self.plan.id())
    }

    /// The datasets that tasks read.
    #[getter]
    fn inputs(&self) -> Vec<PyDatasetRef> {
        let inputs = self.plan.inputs().iter();
        inputs.map(|i| PyDatasetRef::new_of(i.dataset.clone(), &self.shared)).collect()
    }

    /// The datasets that tasks will write.
    #[getter]
    fn outputs(&self) -> Vec<PyDatasetRef> {
        let outputs = self.plan.outputs().iter();
        outputs.map(|d| PyDatasetRef::new_of(d.clone(), &self.shared)).collect()
    }

    /// Size of all inputs' artifacts in bytes.
    #[getter]
    fn bytes(&self) -> u64 {
        self.plan.bytes()
    }

    /// What each task's inputs have in common, with the sizes of the task: dicts of `dataId`,
    /// `inputs`, `outputs` (numbers of datasets) and `bytes`.
    #[getter]
    fn tasks<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let describe = |task: &salver::worker::Task| {
            let out = PyDict::new(py);
            let data_id = PyDataCoordinate::new_of(task.data_id.clone(), &self.shared);
            out.set_item("dataId", Bound::new(py, data_id)?)?;
            out.set_item("inputs", task.inputs.len())?;
            out.set_item("outputs", task.outputs.len())?;
            out.set_item("bytes", task.bytes)?;
            Ok(out)
        };
        self.plan.tasks().iter().map(describe).collect()
    }

    /// At most `parts` plans that share the tasks out, each with about as many bytes to read.
    fn split(&self, py: Python<'_>, parts: usize) -> PyResult<Vec<Self>> {
        let parts = self.plan.split(parts).to_py(py)?;
        Ok(parts.into_iter().map(|p| self.like(p)).collect())
    }

    /// The plan of one task alone.
    fn task(&self, py: Python<'_>, number: usize) -> PyResult<Self> {
        self.plan.of_tasks(&[number]).to_py(py).map(|p| self.like(p))
    }

    fn __len__(&self) -> usize {
        self.plan.tasks().len()
    }

    fn __repr__(&self) -> String {
        format!(
            "Plan({} tasks, {} inputs of {} bytes, {} outputs)",
            self.plan.tasks().len(),
            self.plan.inputs().len(),
            self.plan.bytes(),
            self.plan.outputs().len()
        )
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (String,)> {
        let make = slf.get_type().getattr("from_json")?;
        Ok((make, (slf.get().to_json(slf.py()),)))
    }
}

/// The plan that a caller gave.
pub(super) fn plan_of<'a>(given: &'a Bound<'_, PyAny>) -> PyResult<&'a PyPlan> {
    if let Ok(plan) = given.cast::<PyPlan>() {
        return Ok(plan.get());
    }
    let error = Error::new(ErrorKind::InvalidInput, Op("worker"), "not a plan")
        .with("type", given.get_type().fully_qualified_name()?)
        .hint("give what `Butler.plan` gave");
    Err(raise(given.py(), &error))
}
