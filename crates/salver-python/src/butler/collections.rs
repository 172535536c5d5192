//! `Butler.collections`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFrozenSet, PyString, PyTuple};
use salver::Butler;
use salver_core::Result;
use salver_model::{Collection, CollectionType};
use salver_registry::{CollectionQuery, Summary};

use super::arguments::collections;
use crate::errors::ToPy;
use crate::interrupt::detached;
use crate::model::{PyDatasetType, Shared};

/// A collection's type: `CollectionType`, or its name.
pub(super) fn kind_of(kind: &Bound<'_, PyAny>) -> PyResult<CollectionType> {
    let name: String = match kind.cast::<PyString>() {
        Ok(name) => name.extract()?,
        Err(_) => kind.getattr("name")?.extract()?,
    };
    CollectionType::parse(&name).to_py(kind.py())
}

/// Types: none, one, or any iterable.
pub(super) fn kinds_of(
    kinds: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<CollectionType>> {
    let Some(kinds) = kinds else { return Ok(Vec::new()) };
    if kinds.is_none() {
        return Ok(Vec::new());
    }
    if kinds.cast::<PyString>().is_ok() || kinds.hasattr("name")? {
        return Ok(vec![kind_of(kinds)?]);
    }
    kinds.try_iter()?.map(|kind| kind_of(&kind?)).collect()
}

/// `CollectionType` of Python.
pub(super) fn py_kind(
    py: Python<'_>,
    kind: CollectionType,
) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("salver._enums")?.getattr("CollectionType")?.unbind())
    })?;
    class.bind(py).call1((kind.code(),))
}

/// What is known of a collection.
#[pyclass(module = "salver", name = "CollectionInfo", frozen)]
#[derive(Debug)]
pub(crate) struct PyCollectionInfo {
    info: Collection,
    parents: Option<Vec<String>>,
    dataset_types: Option<Vec<String>>,
}

#[pymethods]
impl PyCollectionInfo {
    #[getter]
    fn name(&self) -> &str {
        &self.info.name
    }

    #[getter(r#type)]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py_kind(py, self.info.kind)
    }

    #[getter]
    fn doc(&self) -> &str {
        self.info.doc.as_deref().unwrap_or_default()
    }

    /// Members in search order, of a chain.
    #[getter]
    fn children<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.info.children)
    }

    /// The chains that hold it, where they were asked for.
    #[getter]
    fn parents<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyFrozenSet>>> {
        self.parents.as_ref().map(|names| PyFrozenSet::new(py, names)).transpose()
    }

    /// Names of the dataset types in it, where they were asked for.
    #[getter]
    fn dataset_types<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Option<Bound<'py, PyFrozenSet>>> {
        self.dataset_types.as_ref().map(|names| PyFrozenSet::new(py, names)).transpose()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().info == self.info)
    }

    fn __repr__(&self) -> String {
        format!("CollectionInfo(name='{}', type={})", self.info.name, self.info.kind)
    }
}

/// What a collection may hold.
#[pyclass(module = "salver", name = "CollectionSummary", frozen)]
#[derive(Debug)]
pub(crate) struct PySummary {
    summary: Summary,
    dataset_types: Vec<Arc<salver_model::DatasetType>>,
    shared: Arc<Shared>,
}

impl PySummary {
    pub(super) fn read(
        butler: &Butler,
        shared: &Arc<Shared>,
        name: &str,
    ) -> Result<Self> {
        let summary = butler.registry().collection_summary(name)?;
        let types =
            summary.dataset_types.iter().map(|t| butler.registry().dataset_type(t));
        let dataset_types = types.collect::<Result<_>>()?;
        Ok(Self { summary, dataset_types, shared: Arc::clone(shared) })
    }
}

#[pymethods]
impl PySummary {
    #[getter]
    fn dataset_types(&self) -> Vec<PyDatasetType> {
        self.dataset_types
            .iter()
            .map(|t| PyDatasetType::new_of(t, &self.shared))
            .collect()
    }

    /// Values of governor dimensions, by name.
    #[getter]
    fn governors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for governor in self.shared.universe.governors() {
            let values = self.summary.governors.get(&**governor.name());
            let values: Vec<&String> = values.into_iter().flatten().collect();
            dict.set_item(&**governor.name(), pyo3::types::PySet::new(py, values)?)?;
        }
        Ok(dict)
    }
}

/// The collections of a repository.
#[pyclass(module = "salver", name = "ButlerCollections", frozen)]
#[derive(Debug)]
pub(crate) struct PyCollections {
    butler: Butler,
    shared: Arc<Shared>,
}

impl PyCollections {
    pub(super) fn new_of(butler: Butler, shared: &Arc<Shared>) -> Self {
        Self { butler, shared: Arc::clone(shared) }
    }

    fn matching(
        &self,
        expression: &Bound<'_, PyAny>,
        kinds: Option<&Bound<'_, PyAny>>,
        flatten: bool,
        include_chains: Option<bool>,
    ) -> PyResult<Vec<Collection>> {
        let py = expression.py();
        let patterns = collections(Some(expression))?.unwrap_or_default();
        let kinds = kinds_of(kinds)?;
        let query = CollectionQuery { patterns, kinds, flatten };
        let found = detached(py, || self.butler.registry().query_collections(&query))
            .to_py(py)?;
        let chains = include_chains.unwrap_or(!flatten);
        Ok(found
            .into_iter()
            .filter(|c| chains || c.kind != CollectionType::Chained)
            .collect())
    }

    fn described(
        &self,
        info: Collection,
        parents: bool,
        summary: bool,
    ) -> Result<PyCollectionInfo> {
        let registry = self.butler.registry();
        let parents =
            parents.then(|| registry.collection_parents(&info.name)).transpose()?;
        let summary =
            summary.then(|| registry.collection_summary(&info.name)).transpose()?;
        let dataset_types = summary.map(|s| s.dataset_types.into_iter().collect());
        Ok(PyCollectionInfo { info, parents, dataset_types })
    }

    fn chain(
        &self,
        py: Python<'_>,
        children: &Bound<'_, PyAny>,
        change: impl Fn(&salver_registry::Registry, &[String]) -> Result<()> + Send + Sync,
    ) -> PyResult<()> {
        let children = collections(Some(children))?.unwrap_or_default();
        detached(py, || change(self.butler.registry(), &children)).to_py(py)
    }
}

#[pymethods]
impl PyCollections {
    /// The butler's default collections.
    #[getter]
    fn defaults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.butler.collections())
    }

    /// Registers a collection; `False` where it is there already.
    #[pyo3(signature = (name, r#type=None, doc=None))]
    fn register(
        &self,
        py: Python<'_>,
        name: &str,
        r#type: Option<&Bound<'_, PyAny>>,
        doc: Option<&str>,
    ) -> PyResult<bool> {
        let kind = r#type.map_or(Ok(CollectionType::Run), kind_of)?;
        detached(py, || self.butler.registry().register_collection(name, kind, doc))
            .to_py(py)
    }

    /// Names of collections, by name, glob and type.
    #[pyo3(signature = (expression, collection_types=None, flatten_chains=false, include_chains=None))]
    fn query(
        &self,
        expression: &Bound<'_, PyAny>,
        collection_types: Option<&Bound<'_, PyAny>>,
        flatten_chains: bool,
        include_chains: Option<bool>,
    ) -> PyResult<Vec<String>> {
        let found =
            self.matching(expression, collection_types, flatten_chains, include_chains)?;
        Ok(found.into_iter().map(|c| c.name).collect())
    }

    /// What is known of collections, by name, glob and type.
    #[pyo3(signature = (expression, collection_types=None, flatten_chains=false,
        include_chains=None, include_parents=false, include_summary=false, include_doc=false,
        summary_datasets=None))]
    fn query_info(
        &self,
        expression: &Bound<'_, PyAny>,
        collection_types: Option<&Bound<'_, PyAny>>,
        flatten_chains: bool,
        include_chains: Option<bool>,
        include_parents: bool,
        include_summary: bool,
        include_doc: bool,
        summary_datasets: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<PyCollectionInfo>> {
        let _ = (include_doc, summary_datasets);
        let py = expression.py();
        let found =
            self.matching(expression, collection_types, flatten_chains, include_chains)?;
        let described = detached(py, || {
            let one = |info| self.described(info, include_parents, include_summary);
            found.into_iter().map(one).collect::<Result<_>>()
        });
        described.to_py(py)
    }

    #[pyo3(signature = (name, include_parents=false, include_summary=false))]
    fn get_info(
        &self,
        py: Python<'_>,
        name: &str,
        include_parents: bool,
        include_summary: bool,
    ) -> PyResult<PyCollectionInfo> {
        detached(py, || {
            let info = self.butler.registry().collection_info(name)?;
            self.described(info, include_parents, include_summary)
        })
        .to_py(py)
    }

    fn redefine_chain(
        &self,
        py: Python<'_>,
        parent_collection_name: &str,
        child_collection_names: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.chain(py, child_collection_names, |r, c| {
            r.set_chain(parent_collection_name, c)
        })
    }

    fn prepend_chain(
        &self,
        py: Python<'_>,
        parent_collection_name: &str,
        child_collection_names: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.chain(py, child_collection_names, |r, c| {
            r.prepend_chain(parent_collection_name, c)
        })
    }

    fn extend_chain(
        &self,
        py: Python<'_>,
        parent_collection_name: &str,
        child_collection_names: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.chain(py, child_collection_names, |r, c| {
            r.extend_chain(parent_collection_name, c)
        })
    }

    fn remove_from_chain(
        &self,
        py: Python<'_>,
        parent_collection_name: &str,
        child_collection_names: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.chain(py, child_collection_names, |r, c| {
            r.remove_from_chain(parent_collection_name, c)
        })
    }

    /// Removes a collection; of a run, the datasets must be unstored before.
    fn x_remove(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        detached(py, || self.butler.registry().remove_collection(name)).to_py(py)
    }

    fn __len__(&self) -> usize {
        self.butler.collections().len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.defaults(py)?.try_iter()?.into_any())
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.defaults(py)?.as_any().get_item(index)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.defaults(py)?
            .eq(PyTuple::new(py, other.try_iter()?.collect::<PyResult<Vec<_>>>()?)?)
    }

    fn __repr__(&self) -> String {
        let _ = &self.shared;
        format!("ButlerCollections({})", self.butler.collections().join(", "))
    }
}
