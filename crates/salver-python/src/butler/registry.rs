//! `Butler.registry`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use salver::{Butler, DatasetQuery};
use salver_core::{Error, ErrorKind, IdSource, Op, Result, SystemIds};
use salver_model::{CollectionType, DataId, DatasetRef, Element, Record};
use salver_registry::{CollectionQuery, IfPresent, InsertMode, SyncOutcome};

use super::arguments::{collections, type_name};
use super::collections::{PySummary, kind_of, kinds_of, py_kind};
use super::transaction::PyTransaction;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{
    PyDataCoordinate, PyDatasetRef, PyDatasetType, PyUniverse, Shared, fields_of,
    names_of, pairs_of, refs_of, uuid_of,
};

/// The registry of a repository: rows, without files.
#[pyclass(module = "salver", name = "Registry", frozen)]
#[derive(Debug)]
pub(crate) struct PyRegistry {
    butler: Butler,
    shared: Arc<Shared>,
}

impl PyRegistry {
    pub(super) fn new_of(butler: Butler, shared: &Arc<Shared>) -> Self {
        Self { butler, shared: Arc::clone(shared) }
    }

    fn registry(&self) -> &salver_registry::Registry {
        self.butler.registry()
    }

    fn element(&self, element: &Bound<'_, PyAny>) -> PyResult<Arc<Element>> {
        let name: String = match element.cast::<PyString>() {
            Ok(name) => name.extract()?,
            Err(_) => element.getattr("name")?.extract()?,
        };
        self.shared.universe.require(&name).cloned().to_py(element.py())
    }

    fn py_ref(&self, dataset: DatasetRef) -> PyDatasetRef {
        PyDatasetRef::new_of(dataset, &self.shared)
    }
}

#[pymethods]
impl PyRegistry {
    #[getter]
    fn dimensions(&self) -> PyUniverse {
        PyUniverse(Arc::clone(&self.shared))
    }

    #[pyo3(name = "isWriteable")]
    fn is_writeable(&self) -> bool {
        self.butler.is_writeable()
    }

    #[pyo3(signature = (*, savepoint=false))]
    fn transaction(&self, savepoint: bool) -> PyTransaction {
        let _ = savepoint;
        PyTransaction::new_of(self.butler.clone())
    }

    /// Nothing to do: what is cached is checked in every transaction.
    fn refresh(&self) {
        let _ = self;
    }

    /// Inserts dimension records: dicts or `DimensionRecord`s.
    #[pyo3(name = "insertDimensionData", signature = (element, *data, conform=true, replace=false, skip_existing=false))]
    fn insert_records(
        &self,
        element: &Bound<'_, PyAny>,
        data: &Bound<'_, PyTuple>,
        conform: bool,
        replace: bool,
        skip_existing: bool,
    ) -> PyResult<()> {
        let _ = conform;
        let py = element.py();
        let element = self.element(element)?;
        let mut records = Vec::with_capacity(data.len());
        for row in data {
            records.push(Record::from_pairs(&element, fields_of(&row)?).to_py(py)?);
        }
        let mode = match (replace, skip_existing) {
            (true, _) => InsertMode::Replace,
            (false, true) => InsertMode::SkipExisting,
            (false, false) => InsertMode::Insert,
        };
        detached(py, || self.registry().insert_records(element.name(), &records, mode))
            .to_py(py)
            .map(drop)
    }

    /// Inserts a record, or compares it with the one that is there; gives whether it was inserted,
    /// or, where it was updated, the old values.
    #[pyo3(name = "syncDimensionData", signature = (element, row, conform=true, update=false))]
    fn sync_record<'py>(
        &self,
        element: &Bound<'py, PyAny>,
        row: &Bound<'py, PyAny>,
        conform: bool,
        update: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = conform;
        let py = element.py();
        let element = self.element(element)?;
        let record = Record::from_pairs(&element, fields_of(row)?).to_py(py)?;
        let outcome =
            detached(py, || self.registry().sync_record(&record, update)).to_py(py)?;
        let inserted = match outcome {
            SyncOutcome::Inserted => true,
            SyncOutcome::Unchanged => false,
            SyncOutcome::Updated(old) => {
                let dict = PyDict::new(py);
                for (name, value) in old {
                    dict.set_item(&*name, crate::model::py_field_value(py, &value)?)?;
                }
                return Ok(dict.into_any());
            }
        };
        Ok(inserted.into_pyobject(py)?.to_owned().into_any())
    }

    /// A data ID with implied values and records.
    #[pyo3(name = "expandDataId", signature = (dataId=None, *, dimensions=None, records=None, withDefaults=true, **kwargs))]
    fn expand_data_id(
        &self,
        py: Python<'_>,
        dataId: Option<&Bound<'_, PyAny>>,
        dimensions: Option<&Bound<'_, PyAny>>,
        records: Option<&Bound<'_, PyAny>>,
        withDefaults: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyDataCoordinate> {
        let _ = (records, withDefaults);
        let universe = &self.shared.universe;
        let pairs = pairs_of(dataId, kwargs)?;
        let group = match (dimensions, dataId.map(|d| d.cast::<PyDataCoordinate>())) {
            (Some(names), _) => universe.group(names_of(names)?).to_py(py)?,
            (None, Some(Ok(ours))) if kwargs.is_none() => {
                ours.get().data_id.group().clone()
            }
            _ => {
                let known =
                    pairs.iter().map(|(name, _)| name.split('.').next().unwrap_or(name));
                let known = known.filter(|name| universe.dimension(name).is_some());
                universe.group(known).to_py(py)?
            }
        };
        let full = detached(py, || {
            let data_id = self.butler.data_id(&group, &pairs)?;
            self.registry().expand_data_id(&data_id)
        });
        Ok(PyDataCoordinate::new_of(full.to_py(py)?, &self.shared))
    }

    /// Registers a dataset type of a storage class that the repository knows; `False` where it is
    /// there already.
    #[pyo3(name = "registerDatasetType")]
    fn register_dataset_type(
        &self,
        py: Python<'_>,
        datasetType: &PyDatasetType,
    ) -> PyResult<bool> {
        let dataset_type = &datasetType.dataset_type;
        let registered = detached(py, || self.butler.register_dataset_type(dataset_type));
        registered.to_py(py)
    }

    /// Removes dataset types that have no datasets: a name, a glob, or a tuple of them.
    #[pyo3(name = "removeDatasetType")]
    fn remove_dataset_type(&self, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = name.py();
        let patterns = collections(Some(name))?.unwrap_or_default();
        detached(py, || {
            for found in self.registry().dataset_types(&patterns)? {
                self.registry().remove_dataset_type(found.name())?;
            }
            Ok(())
        })
        .to_py(py)
    }

    #[pyo3(name = "getDatasetType")]
    fn get_dataset_type(&self, py: Python<'_>, name: &str) -> PyResult<PyDatasetType> {
        let found = detached(py, || self.registry().dataset_type(name)).to_py(py)?;
        Ok(PyDatasetType::new_of(&found, &self.shared))
    }

    /// Dataset types by name and glob.
    #[pyo3(name = "queryDatasetTypes", signature = (expression=None, *, missing=None))]
    fn query_dataset_types(
        &self,
        py: Python<'_>,
        expression: Option<&Bound<'_, PyAny>>,
        missing: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<PyDatasetType>> {
        let _ = missing;
        let patterns = match expression {
            Some(one) if one.cast::<PyDatasetType>().is_ok() => vec![type_name(one)?],
            given => collections(given)?.unwrap_or_default(),
        };
        let found =
            detached(py, || self.registry().dataset_types(&patterns)).to_py(py)?;
        Ok(found.iter().map(|t| PyDatasetType::new_of(t, &self.shared)).collect())
    }

    #[pyo3(name = "registerCollection", signature = (name, r#type=None, doc=None))]
    fn register_collection(
        &self,
        py: Python<'_>,
        name: &str,
        r#type: Option<&Bound<'_, PyAny>>,
        doc: Option<&str>,
    ) -> PyResult<bool> {
        let kind = r#type.map_or(Ok(CollectionType::Tagged), kind_of)?;
        detached(py, || self.registry().register_collection(name, kind, doc)).to_py(py)
    }

    #[pyo3(name = "registerRun", signature = (name, doc=None))]
    fn register_run(
        &self,
        py: Python<'_>,
        name: &str,
        doc: Option<&str>,
    ) -> PyResult<bool> {
        detached(py, || {
            self.registry().register_collection(name, CollectionType::Run, doc)
        })
        .to_py(py)
    }

    #[pyo3(name = "removeCollection")]
    fn remove_collection(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        detached(py, || self.registry().remove_collection(name)).to_py(py)
    }

    #[pyo3(name = "getCollectionType")]
    fn collection_type<'py>(
        &self,
        py: Python<'py>,
        name: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let info = detached(py, || self.registry().collection_info(name)).to_py(py)?;
        py_kind(py, info.kind)
    }

    #[pyo3(name = "getCollectionDocumentation")]
    fn collection_doc(
        &self,
        py: Python<'_>,
        collection: &str,
    ) -> PyResult<Option<String>> {
        Ok(detached(py, || self.registry().collection_info(collection)).to_py(py)?.doc)
    }

    #[pyo3(name = "setCollectionDocumentation", signature = (collection, doc))]
    fn set_doc(
        &self,
        py: Python<'_>,
        collection: &str,
        doc: Option<&str>,
    ) -> PyResult<()> {
        detached(py, || self.registry().set_doc(collection, doc)).to_py(py)
    }

    #[pyo3(name = "getCollectionSummary")]
    fn summary(&self, py: Python<'_>, collection: &str) -> PyResult<PySummary> {
        detached(py, || PySummary::read(&self.butler, &self.shared, collection)).to_py(py)
    }

    #[pyo3(name = "getCollectionChain")]
    fn chain<'py>(&self, py: Python<'py>, parent: &str) -> PyResult<Bound<'py, PyTuple>> {
        let info = detached(py, || self.registry().collection_info(parent)).to_py(py)?;
        if info.kind != CollectionType::Chained {
            let message = "the collection is not a chain";
            let error =
                Error::new(ErrorKind::InvalidInput, Op("registry.chain"), message)
                    .code_of("collection_type")
                    .with("collection", parent)
                    .with("type", info.kind);
            return Err(raise(py, &error));
        }
        PyTuple::new(py, info.children)
    }

    #[pyo3(name = "setCollectionChain", signature = (parent, children, *, flatten=false))]
    fn set_chain(
        &self,
        parent: &str,
        children: &Bound<'_, PyAny>,
        flatten: bool,
    ) -> PyResult<()> {
        let py = children.py();
        let mut names = collections(Some(children))?.unwrap_or_default();
        detached(py, || {
            if flatten {
                let patterns = std::mem::take(&mut names);
                let query = CollectionQuery { patterns, kinds: Vec::new(), flatten };
                let flat = self.registry().query_collections(&query)?;
                names = flat.into_iter().map(|c| c.name).collect();
            }
            self.registry().set_chain(parent, &names)
        })
        .to_py(py)
    }

    /// Names of collections, by name, glob and type.
    #[pyo3(name = "queryCollections", signature = (expression=None, datasetType=None, collectionTypes=None, flattenChains=false, includeChains=None))]
    fn query_collections(
        &self,
        py: Python<'_>,
        expression: Option<&Bound<'_, PyAny>>,
        datasetType: Option<&Bound<'_, PyAny>>,
        collectionTypes: Option<&Bound<'_, PyAny>>,
        flattenChains: bool,
        includeChains: Option<bool>,
    ) -> PyResult<Vec<String>> {
        let holding = datasetType.filter(|t| !t.is_none()).map(type_name).transpose()?;
        let query = CollectionQuery {
            patterns: collections(expression)?.unwrap_or_default(),
            kinds: kinds_of(collectionTypes)?,
            flatten: flattenChains,
        };
        let chains = includeChains.unwrap_or(!flattenChains);
        detached(py, || {
            let mut names = Vec::new();
            for found in self.registry().query_collections(&query)? {
                let wanted = match &holding {
                    None => true,
                    Some(name) => self
                        .registry()
                        .collection_summary(&found.name)?
                        .dataset_types
                        .contains(name),
                };
                if wanted && (chains || found.kind != CollectionType::Chained) {
                    names.push(found.name);
                }
            }
            Ok(names)
        })
        .to_py(py)
    }

    /// The dataset of a type and data ID, or `None`.
    #[pyo3(name = "findDataset", signature = (datasetType, dataId=None, *, collections=None, timespan=None, datastore_records=false, **kwargs))]
    fn find_dataset(
        &self,
        py: Python<'_>,
        datasetType: &Bound<'_, PyAny>,
        dataId: Option<&Bound<'_, PyAny>>,
        collections: Option<&Bound<'_, PyAny>>,
        timespan: Option<&Bound<'_, PyAny>>,
        datastore_records: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Option<PyDatasetRef>> {
        let _ = datastore_records;
        let name = type_name(datasetType)?;
        let pairs = pairs_of(dataId, kwargs)?;
        let path = super::arguments::collections(collections)?;
        let span = super::arguments::timespan(timespan)?;
        let found = detached(py, || {
            self.butler.find_dataset(&name, &pairs, path.as_deref(), span)
        });
        Ok(found.to_py(py)?.map(|d| self.py_ref(d)))
    }

    #[pyo3(name = "getDataset")]
    fn get_dataset(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
    ) -> PyResult<Option<PyDatasetRef>> {
        let id = uuid_of(id)?;
        let found = detached(py, || self.butler.get_dataset(id)).to_py(py)?;
        Ok(found.map(|d| self.py_ref(d)))
    }

    /// Datasets by type, collections and data ID.
    #[pyo3(name = "queryDatasets", signature = (datasetType, *, collections=None, dimensions=None, dataId=None, r#where="", findFirst=false, bind=None, check=true, **kwargs))]
    fn query_datasets(
        &self,
        py: Python<'_>,
        datasetType: &Bound<'_, PyAny>,
        collections: Option<&Bound<'_, PyAny>>,
        dimensions: Option<&Bound<'_, PyAny>>,
        dataId: Option<&Bound<'_, PyAny>>,
        r#where: &str,
        findFirst: bool,
        bind: Option<&Bound<'_, PyAny>>,
        check: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Vec<PyDatasetRef>> {
        let _ = (dimensions, bind, check);
        super::query::refuse(py, r#where, None)?;
        let query = DatasetQuery {
            types: vec![type_name(datasetType)?],
            collections: super::arguments::collections(collections)?.unwrap_or_default(),
            data_id: pairs_of(dataId, kwargs)?,
            find_first: findFirst,
            ..DatasetQuery::default()
        };
        let found = detached(py, || self.butler.query_datasets(&query)).to_py(py)?;
        Ok(found.into_iter().map(|d| self.py_ref(d)).collect())
    }

    /// Registers datasets that have no files.
    #[pyo3(name = "insertDatasets", signature = (datasetType, dataIds, run=None, expand=true, idGenerationMode=None))]
    fn insert_datasets(
        &self,
        py: Python<'_>,
        datasetType: &Bound<'_, PyAny>,
        dataIds: &Bound<'_, PyAny>,
        run: Option<&str>,
        expand: bool,
        idGenerationMode: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<PyDatasetRef>> {
        let _ = (expand, idGenerationMode);
        let name = type_name(datasetType)?;
        let found = detached(py, || self.registry().dataset_type(&name));
        let dataset_type = found.to_py(py)?;
        let Some(run) = run.or(self.butler.run()).map(Arc::<str>::from) else {
            let error = Error::new(
                ErrorKind::InvalidInput,
                Op("registry.insert"),
                "no run to write to",
            )
            .code_of("no_default_collection");
            return Err(raise(py, &error));
        };
        let group = dataset_type.dimensions();
        let mut refs = Vec::new();
        for given in dataIds.try_iter()? {
            let pairs = pairs_of(Some(&given?), None)?;
            let data_id = DataId::standardise(&self.shared.universe, group, pairs, None)
                .to_py(py)?;
            let id = SystemIds.uuid7();
            let dataset_type = Arc::clone(&dataset_type);
            refs.push(DatasetRef { id, dataset_type, data_id, run: Arc::clone(&run) });
        }
        let done: Result<()> =
            detached(py, || self.registry().insert_datasets(&refs, IfPresent::Fail));
        done.to_py(py)?;
        Ok(refs.into_iter().map(|d| self.py_ref(d)).collect())
    }

    /// Removes datasets that have no files.
    #[pyo3(name = "removeDatasets")]
    fn remove_datasets(&self, refs: &Bound<'_, PyAny>) -> PyResult<()> {
        let ids: Vec<_> = refs_of(refs)?.into_iter().map(|d| d.id).collect();
        detached(refs.py(), || self.registry().delete_datasets(&ids))
            .to_py(refs.py())
            .map(drop)
    }

    /// Adds datasets to a tagged collection.
    fn associate(&self, collection: &str, refs: &Bound<'_, PyAny>) -> PyResult<()> {
        let datasets = refs_of(refs)?;
        detached(refs.py(), || self.registry().associate(collection, &datasets))
            .to_py(refs.py())
    }

    /// Takes datasets out of a tagged collection.
    fn disassociate(&self, collection: &str, refs: &Bound<'_, PyAny>) -> PyResult<()> {
        let datasets = refs_of(refs)?;
        detached(refs.py(), || self.registry().disassociate(collection, &datasets))
            .to_py(refs.py())
    }

    /// Makes datasets valid for a time in a calibration collection.
    fn certify(
        &self,
        collection: &str,
        refs: &Bound<'_, PyAny>,
        timespan: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let datasets = refs_of(refs)?;
        let span = super::arguments::timespan(Some(timespan))?
            .unwrap_or(salver_model::Timespan::UNBOUNDED);
        detached(refs.py(), || self.registry().certify(collection, &datasets, span))
            .to_py(refs.py())
    }

    /// Takes a time out of the validity of datasets of one type.
    #[pyo3(signature = (collection, datasetType, timespan, *, dataIds=None))]
    fn decertify(
        &self,
        collection: &str,
        datasetType: &Bound<'_, PyAny>,
        timespan: &Bound<'_, PyAny>,
        dataIds: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = datasetType.py();
        let span = super::arguments::timespan(Some(timespan))?;
        let span = span.unwrap_or(salver_model::Timespan::UNBOUNDED);
        let name = type_name(datasetType)?;
        let found = detached(py, || self.registry().dataset_type(&name));
        let dataset_type = found.to_py(py)?;
        let data_ids = match dataIds {
            None => None,
            Some(given) => {
                let mut all = Vec::new();
                for one in given.try_iter()? {
                    let pairs = pairs_of(Some(&one?), None)?;
                    all.push(
                        self.butler
                            .data_id(dataset_type.dimensions(), &pairs)
                            .to_py(py)?,
                    );
                }
                Some(all)
            }
        };
        detached(py, || {
            self.registry().decertify(
                collection,
                dataset_type.name(),
                span,
                data_ids.as_deref(),
            )
        })
        .to_py(py)
    }
}
