//! `DatasetRef`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pyo3::prelude::*;
use salver_core::{Error, ErrorKind, IdSource, Op, SystemIds};
use salver_model::ids::{IdMode, dataset_id};
use salver_model::{DataId, DatasetRef};

use super::value::{json, py_uuid, uuid_of};
use super::{PyDataCoordinate, PyDatasetType, PyGroup, PyUniverse, Shared, pairs_of};
use crate::Reduced;
use crate::errors::{ToPy, raise};

/// The identity of one dataset: identifier, type, data ID, run.
#[pyclass(module = "salver", name = "DatasetRef", frozen)]
#[derive(Debug)]
pub(crate) struct PyDatasetRef {
    pub(crate) dataset: DatasetRef,
    pub(crate) shared: Arc<Shared>,
}

/// The refs of an iterable.
pub(crate) fn refs_of(refs: &Bound<'_, PyAny>) -> PyResult<Vec<DatasetRef>> {
    refs.try_iter()?
        .map(|item| {
            let item = item?;
            if let Ok(dataset) = item.cast::<PyDatasetRef>() {
                return Ok(dataset.get().dataset.clone());
            }
            let error =
                Error::new(ErrorKind::InvalidInput, Op("dataset_ref"), "not a ref")
                    .with("type", item.get_type().fully_qualified_name()?)
                    .hint("give salver.DatasetRef objects");
            Err(raise(item.py(), &error))
        })
        .collect()
}

impl PyDatasetRef {
    pub(crate) fn new_of(dataset: DatasetRef, shared: &Arc<Shared>) -> Self {
        Self { dataset, shared: Arc::clone(shared) }
    }
}

/// How the identifier is made: `DatasetIdGenEnum` by name.
fn id_mode(mode: Option<&Bound<'_, PyAny>>) -> PyResult<Option<IdMode>> {
    let Some(mode) = mode else { return Ok(None) };
    let name: String = mode.getattr("name")?.extract()?;
    match name.as_str() {
        "UNIQUE" => Ok(None),
        "DATAID_TYPE" => Ok(Some(IdMode::DataIdType)),
        "DATAID_TYPE_RUN" => Ok(Some(IdMode::DataIdTypeRun)),
        other => {
            let message = "unknown way to make an identifier";
            let error = Error::new(ErrorKind::InvalidInput, Op("dataset_ref"), message)
                .with("mode", other)
                .hint("UNIQUE, DATAID_TYPE or DATAID_TYPE_RUN");
            Err(raise(mode.py(), &error))
        }
    }
}

#[pymethods]
impl PyDatasetRef {
    #[new]
    #[pyo3(signature = (
        datasetType, dataId, run, *, id=None, conform=true, id_generation_mode=None,
        datastore_records=None
    ))]
    fn new(
        py: Python<'_>,
        datasetType: &Bound<'_, PyDatasetType>,
        dataId: &Bound<'_, PyAny>,
        run: &str,
        id: Option<&Bound<'_, PyAny>>,
        conform: bool,
        id_generation_mode: Option<&Bound<'_, PyAny>>,
        datastore_records: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        // data IDs are always made to fit, and records are read where they are needed
        let _ = (conform, datastore_records);
        let PyDatasetType { dataset_type, shared } = datasetType.get();
        let group = dataset_type.dimensions();
        let data_id = if let Ok(ours) = dataId.cast::<PyDataCoordinate>() {
            ours.get().data_id.subset(group).to_py(py)?
        } else {
            let pairs = pairs_of(Some(dataId), None)?;
            DataId::standardise(&shared.universe, group, pairs, None).to_py(py)?
        };
        let id = match (id, id_mode(id_generation_mode)?) {
            (Some(id), _) => uuid_of(id)?,
            (None, None) => SystemIds.uuid7(),
            (None, Some(mode)) => dataset_id(mode, dataset_type, &data_id, run),
        };
        let dataset =
            DatasetRef::new(id, Arc::clone(dataset_type), data_id, run).to_py(py)?;
        Ok(Self::new_of(dataset, shared))
    }

    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py_uuid(py, self.dataset.id)
    }

    #[getter(datasetType)]
    fn dataset_type(&self) -> PyDatasetType {
        PyDatasetType::new_of(&self.dataset.dataset_type, &self.shared)
    }

    #[getter(dataId)]
    fn data_id(&self) -> PyDataCoordinate {
        PyDataCoordinate::new_of(self.dataset.data_id.clone(), &self.shared)
    }

    #[getter]
    fn run(&self) -> &str {
        &self.dataset.run
    }

    #[getter]
    fn dimensions(&self) -> PyGroup {
        PyGroup::new_of(self.dataset.data_id.group().clone(), &self.shared)
    }

    #[pyo3(name = "isComponent")]
    fn is_component(&self) -> bool {
        self.dataset.component().is_some()
    }

    #[pyo3(name = "isComposite")]
    fn is_composite(&self, py: Python<'_>) -> PyResult<bool> {
        let class = self.shared.classes.get(self.dataset.dataset_type.storage_class());
        Ok(!class.to_py(py)?.components.is_empty())
    }

    #[pyo3(name = "makeComponentRef")]
    fn component_ref(&self, py: Python<'_>, name: &str) -> PyResult<Self> {
        let made = self.dataset.component_ref(name, &self.shared.classes).to_py(py)?;
        Ok(Self::new_of(made, &self.shared))
    }

    #[pyo3(name = "makeCompositeRef")]
    fn composite_ref(&self, py: Python<'_>) -> PyResult<Self> {
        let whole = self.dataset_type().into_pyobject(py)?;
        let whole = whole
            .call_method0("makeCompositeDatasetType")?
            .cast_into::<PyDatasetType>()?;
        let dataset_type = Arc::clone(&whole.get().dataset_type);
        Ok(Self::new_of(
            DatasetRef { dataset_type, ..self.dataset.clone() },
            &self.shared,
        ))
    }

    #[pyo3(name = "overrideStorageClass")]
    fn override_class(&self, storageClass: &Bound<'_, PyAny>) -> PyResult<Self> {
        let class = super::storage_class::class_name(storageClass)?;
        let made = (*self.dataset.dataset_type).clone().with_storage_class(class);
        let dataset_type = Arc::new(made);
        Ok(Self::new_of(
            DatasetRef { dataset_type, ..self.dataset.clone() },
            &self.shared,
        ))
    }

    /// The same dataset with a data ID that has records.
    fn expanded(&self, py: Python<'_>, data_id: &PyDataCoordinate) -> PyResult<Self> {
        if data_id.data_id != self.dataset.data_id {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("dataset_ref"), "another data ID");
            return Err(raise(py, &error.with("expected", &self.dataset.data_id)));
        }
        let data_id = data_id.data_id.clone();
        Ok(Self::new_of(DatasetRef { data_id, ..self.dataset.clone() }, &self.shared))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|o| o.get().dataset == self.dataset)
    }

    fn __lt__(&self, other: &Self) -> bool {
        let key =
            |d: &DatasetRef| (d.dataset_type.name().to_owned(), d.data_id.clone(), d.id);
        key(&self.dataset) < key(&other.dataset)
    }

    fn __hash__(&self) -> u64 {
        let mut state = DefaultHasher::new();
        self.dataset.id.hash(&mut state);
        state.finish()
    }

    fn __repr__(&self) -> String {
        self.dataset.to_string()
    }

    /// Gen3's JSON form (Gen3 format §15.2).
    fn to_json(&self) -> String {
        self.dataset.to_json().to_string()
    }

    /// Reads Gen3's JSON form, the full one.
    #[staticmethod]
    #[pyo3(signature = (text, universe=None))]
    fn from_json(
        py: Python<'_>,
        text: &str,
        universe: Option<&PyUniverse>,
    ) -> PyResult<Self> {
        let shared = universe.map_or_else(super::default_shared, |u| Arc::clone(&u.0));
        let dataset =
            DatasetRef::from_json(&json(py, text)?, &shared.universe).to_py(py)?;
        Ok(Self { dataset, shared })
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> Reduced<'py, (String, Option<PyUniverse>)> {
        let this = slf.get();
        let default = super::default_shared();
        let own = this.shared.universe.json() != default.universe.json();
        let universe = own.then(|| PyUniverse(Arc::clone(&this.shared)));
        Ok((slf.get_type().getattr("from_json")?, (this.to_json(), universe)))
    }
}
