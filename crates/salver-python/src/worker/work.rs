//! `Worker`.

#![expect(
    non_snake_case,
    clippy::too_many_arguments,
    reason = "names and arguments are those of Gen3"
)]

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use salver::GetOptions;
use salver::worker::{Worker, WorkerOptions};
use salver_tree::Map;

use super::plan::plan_of;
use super::receipt::PyReceipt;
use crate::butler::{Asked, asked, class_of, tree_of};
use crate::errors::ToPy;
use crate::interrupt::detached;
use crate::model::{PyDataCoordinate, PyDatasetRef, Shared, pairs_of, py_uuid};
use crate::value::{About, to_map, to_python, to_tree};

/// A butler of one plan: gets and puts what the plan says, without a database.
///
/// Usable from many threads at once. As a context manager it takes back what it put when the
/// block fails.
#[pyclass(module = "salver", name = "Worker", frozen)]
#[derive(Debug)]
pub(crate) struct PyWorker {
    worker: Worker,
    shared: Arc<Shared>,
}

/// Identifier of a dataset that was read, and the component.
type PyUsed<'py> = (Bound<'py, PyAny>, Option<String>);

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

#[pymethods]
impl PyWorker {
    #[new]
    #[pyo3(signature = (plan, task=None))]
    fn new(
        py: Python<'_>,
        plan: &Bound<'_, PyAny>,
        task: Option<usize>,
    ) -> PyResult<Self> {
        let plan = plan_of(plan)?;
        let options = WorkerOptions { task, ..WorkerOptions::default() };
        let worker = detached(py, || Worker::new(&plan.plan, &options)).to_py(py)?;
        Ok(Self { worker, shared: Arc::clone(&plan.shared) })
    }

    /// Tells this attempt from others at the same task.
    #[getter]
    fn session<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py_uuid(py, self.worker.session())
    }

    /// What the inputs of its task have in common; `None` for a plan of several tasks.
    #[getter]
    fn dataId(&self) -> Option<PyDataCoordinate> {
        let [task] = self.worker.plan().tasks() else { return None };
        Some(PyDataCoordinate::new_of(task.data_id.clone(), &self.shared))
    }

    /// Reads an input, or what this worker has put.
    #[pyo3(signature = (datasetRefOrType, dataId=None, /, *, parameters=None, storageClass=None,
        **kwargs))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        datasetRefOrType: &Bound<'py, PyAny>,
        dataId: Given<'_, 'py>,
        parameters: Option<&Bound<'py, PyDict>>,
        storageClass: Given<'_, 'py>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = parameters;
        let parameters = parameters.map_or_else(|| Ok(Map::new()), |d| to_map(d))?;
        let options = GetOptions { parameters, ..GetOptions::default() };
        let (dataset, component, tree) = match asked(datasetRefOrType)? {
            Asked::Ref(dataset) => {
                let read = detached(py, || self.worker.get_ref(dataset, None, &options));
                (dataset.clone(), dataset.component(), read.to_py(py)?)
            }
            Asked::Name(name) => {
                let pairs = pairs_of(dataId, kwargs)?;
                let read = detached(py, || self.worker.get_found(name, &pairs, &options));
                let (dataset, tree) = read.to_py(py)?;
                (dataset, name.split_once('.').map(|(_, component)| component), tree)
            }
        };
        let dataset_type = &dataset.dataset_type;
        let class = class_of(&self.shared, py, dataset_type, component, storageClass)?;
        let about = About::of(&dataset.data_id, given);
        to_python(py, tree, Some(&class.pytype), &about)
    }

    /// Writes a planned output; nobody else sees it before its receipt is committed.
    #[pyo3(signature = (obj, datasetRefOrType, dataId=None, /, **kwargs))]
    fn put(
        &self,
        py: Python<'_>,
        obj: &Bound<'_, PyAny>,
        datasetRefOrType: &Bound<'_, PyAny>,
        dataId: Given<'_, '_>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyDatasetRef> {
        let made = match asked(datasetRefOrType)? {
            Asked::Ref(dataset) => {
                let class =
                    class_of(&self.shared, py, &dataset.dataset_type, None, None)?;
                let tree = tree_of(obj, &class, &About::of(&dataset.data_id, None))?;
                detached(py, || self.worker.put_ref(&tree, dataset))
            }
            Asked::Name(name) => {
                let outputs = self.worker.plan().outputs();
                let planned = outputs.iter().find(|d| d.dataset_type.name() == name);
                let pairs = pairs_of(dataId, kwargs)?;
                let tree = match planned {
                    Some(dataset) => {
                        let dataset_type = &dataset.dataset_type;
                        let class = class_of(&self.shared, py, dataset_type, None, None)?;
                        tree_of(obj, &class, &About::given(&pairs))?
                    }
                    None => to_tree(obj)?, // the put says what is wrong with the name
                };
                detached(py, || self.worker.put(&tree, name, &pairs))
            }
        };
        made.to_py(py).map(|dataset| PyDatasetRef::new_of(dataset, &self.shared))
    }

    /// Whether a dataset can be read here.
    #[pyo3(signature = (dataset_type, data_id=None, /, **kwargs))]
    fn exists(
        &self,
        py: Python<'_>,
        dataset_type: &str,
        data_id: Given<'_, '_>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<bool> {
        let pairs = pairs_of(data_id, kwargs)?;
        self.worker.exists(dataset_type, &pairs).to_py(py)
    }

    /// The dataset of a type and data ID, or `None`.
    #[pyo3(signature = (dataset_type, data_id=None, /, **kwargs))]
    fn find_dataset(
        &self,
        py: Python<'_>,
        dataset_type: &str,
        data_id: Given<'_, '_>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Option<PyDatasetRef>> {
        let pairs = pairs_of(data_id, kwargs)?;
        let found = self.worker.find_dataset(dataset_type, &pairs).to_py(py)?;
        Ok(found.map(|dataset| PyDatasetRef::new_of(dataset, &self.shared)))
    }

    /// Refs of the inputs of a type that the plan gives to this worker; of all types for `None`.
    #[pyo3(signature = (dataset_type=None))]
    fn inputs(&self, dataset_type: Option<&str>) -> Vec<PyDatasetRef> {
        let inputs = self.worker.plan().inputs().iter().map(|i| &i.dataset);
        inputs
            .filter(|d| dataset_type.is_none_or(|name| d.dataset_type.name() == name))
            .map(|d| PyDatasetRef::new_of(d.clone(), &self.shared))
            .collect()
    }

    /// Identifiers of the inputs that the plan gives to this worker.
    #[getter]
    fn available<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.worker.available().into_iter().map(|id| py_uuid(py, id)).collect()
    }

    /// What was read so far: identifiers and components (`None` for a whole dataset).
    #[getter]
    fn used<'py>(&self, py: Python<'py>) -> PyResult<Vec<PyUsed<'py>>> {
        let used = self.worker.used().into_iter();
        used.map(|u| Ok((py_uuid(py, u.id)?, u.component))).collect()
    }

    /// A receipt for each dataset put so far: to be asked for when the task is done.
    fn receipts(&self) -> Vec<PyReceipt> {
        self.worker.receipts().iter().map(|r| PyReceipt(r.to_json())).collect()
    }

    /// Takes back what was put; gives the number of artifacts.
    fn discard(&self, py: Python<'_>) -> PyResult<usize> {
        detached(py, || self.worker.discard()).to_py(py)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (kind, *_args))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        _args: &Bound<'_, PyTuple>,
    ) -> PyResult<()> {
        if kind.is_none() { Ok(()) } else { self.discard(py).map(drop) }
    }

    fn __repr__(&self) -> String {
        let plan = self.worker.plan();
        format!("Worker({} tasks, session={})", plan.tasks().len(), self.worker.session())
    }
}
