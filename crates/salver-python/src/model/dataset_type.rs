//! `DatasetType`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pyo3::prelude::*;
use salver_core::{Error, ErrorKind, Op};
use salver_model::DatasetType;

use super::group::names_of;
use super::storage_class::class_name;
use super::value::json;
use super::{PyGroup, PyStorageClass, PyUniverse, Shared, default_shared};
use crate::Reduced;
use crate::errors::{ToPy, raise};

/// A name, dimensions and a storage class: what can exist.
#[pyclass(module = "salver", name = "DatasetType", frozen)]
#[derive(Debug)]
pub(crate) struct PyDatasetType {
    pub(crate) dataset_type: Arc<DatasetType>,
    pub(crate) shared: Arc<Shared>,
}

impl PyDatasetType {
    pub(crate) fn new_of(dataset_type: &Arc<DatasetType>, shared: &Arc<Shared>) -> Self {
        Self { dataset_type: Arc::clone(dataset_type), shared: Arc::clone(shared) }
    }
}

#[pymethods]
impl PyDatasetType {
    #[new]
    #[pyo3(signature = (
        name, dimensions, storageClass, parentStorageClass=None, *, universe=None, isCalibration=false
    ))]
    fn new(
        py: Python<'_>,
        name: &str,
        dimensions: &Bound<'_, PyAny>,
        storageClass: &Bound<'_, PyAny>,
        parentStorageClass: Option<&Bound<'_, PyAny>>,
        universe: Option<&Bound<'_, PyUniverse>>,
        isCalibration: bool,
    ) -> PyResult<Self> {
        let shared = match (universe, dimensions.cast::<PyGroup>()) {
            (Some(universe), _) => Arc::clone(&universe.get().0),
            (None, Ok(group)) => Arc::clone(&group.get().shared),
            (None, Err(_)) => default_shared(),
        };
        let group = match dimensions.cast::<PyGroup>() {
            Ok(group) => group.get().group.clone(),
            Err(_) => shared.universe.group(names_of(dimensions)?).to_py(py)?,
        };
        let class = class_name(storageClass)?;
        if let Some(parent) = parentStorageClass
            && let Some((whole, component)) = name.split_once('.')
        {
            let whole = DatasetType::new(whole, group, class_name(parent)?).to_py(py)?;
            let made = whole
                .calibration(isCalibration)
                .component_type(component, &shared.classes);
            return Ok(Self { dataset_type: Arc::new(made.to_py(py)?), shared });
        }
        let made =
            DatasetType::new(name, group, class).to_py(py)?.calibration(isCalibration);
        Ok(Self { dataset_type: Arc::new(made), shared })
    }

    #[getter]
    pub(crate) fn name(&self) -> &str {
        self.dataset_type.name()
    }

    #[getter]
    fn dimensions(&self) -> PyGroup {
        PyGroup::new_of(self.dataset_type.dimensions().clone(), &self.shared)
    }

    #[getter(storageClass)]
    fn storage_class(&self, py: Python<'_>) -> PyResult<PyStorageClass> {
        PyStorageClass::named(py, &self.shared.classes, self.dataset_type.storage_class())
    }

    #[getter(storageClass_name)]
    fn storage_class_name(&self) -> &str {
        self.dataset_type.storage_class()
    }

    #[getter(parentStorageClass)]
    fn parent_storage_class(&self, py: Python<'_>) -> PyResult<Option<PyStorageClass>> {
        let parent = self.dataset_type.parent_storage_class();
        parent
            .map(|name| PyStorageClass::named(py, &self.shared.classes, name))
            .transpose()
    }

    #[pyo3(name = "isCalibration")]
    fn is_calibration(&self) -> bool {
        self.dataset_type.is_calibration()
    }

    #[pyo3(name = "isComponent")]
    fn is_component(&self) -> bool {
        self.dataset_type.component().is_some()
    }

    #[pyo3(name = "isComposite")]
    fn is_composite(&self, py: Python<'_>) -> PyResult<bool> {
        let class =
            self.shared.classes.get(self.dataset_type.storage_class()).to_py(py)?;
        Ok(!class.components.is_empty())
    }

    fn component(&self) -> Option<&str> {
        self.dataset_type.component()
    }

    #[pyo3(name = "nameAndComponent")]
    fn name_and_component(&self) -> (&str, Option<&str>) {
        (self.dataset_type.parent_name(), self.dataset_type.component())
    }

    #[staticmethod]
    #[pyo3(name = "splitDatasetTypeName")]
    fn split_name(name: &str) -> (&str, Option<&str>) {
        name.split_once('.')
            .map_or((name, None), |(name, component)| (name, Some(component)))
    }

    #[staticmethod]
    #[pyo3(name = "nameWithComponent")]
    fn name_with_component(name: &str, component: &str) -> String {
        format!("{name}.{component}")
    }

    #[pyo3(name = "makeComponentDatasetType")]
    fn component_type(&self, py: Python<'_>, component: &str) -> PyResult<Self> {
        let made = self
            .dataset_type
            .component_type(component, &self.shared.classes)
            .to_py(py)?;
        Ok(Self { dataset_type: Arc::new(made), shared: Arc::clone(&self.shared) })
    }

    #[pyo3(name = "makeCompositeDatasetType")]
    fn composite_type(&self, py: Python<'_>) -> PyResult<Self> {
        let Some(parent) = self.dataset_type.parent_storage_class() else {
            let message = "the dataset type is not a component's";
            let error = Error::new(ErrorKind::InvalidInput, Op("dataset_type"), message);
            return Err(raise(py, &error.with("name", self.dataset_type.name())));
        };
        let whole = DatasetType::new(
            self.dataset_type.parent_name(),
            self.dataset_type.dimensions().clone(),
            parent,
        );
        let whole = whole.to_py(py)?.calibration(self.dataset_type.is_calibration());
        Ok(Self { dataset_type: Arc::new(whole), shared: Arc::clone(&self.shared) })
    }

    #[pyo3(name = "overrideStorageClass")]
    fn override_class(&self, storageClass: &Bound<'_, PyAny>) -> PyResult<Self> {
        let made =
            (*self.dataset_type).clone().with_storage_class(class_name(storageClass)?);
        Ok(Self { dataset_type: Arc::new(made), shared: Arc::clone(&self.shared) })
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|o| o.get().dataset_type == self.dataset_type)
    }

    fn __lt__(&self, other: &Self) -> bool {
        self.dataset_type.name() < other.dataset_type.name()
    }

    fn __hash__(&self) -> u64 {
        let mut state = DefaultHasher::new();
        self.dataset_type.hash(&mut state);
        state.finish()
    }

    fn __repr__(&self) -> String {
        self.dataset_type.to_string()
    }

    /// Gen3's JSON form (Gen3 format §15.1).
    pub(crate) fn to_json(&self) -> String {
        self.dataset_type.to_json().to_string()
    }

    #[staticmethod]
    fn _unpickle(py: Python<'_>, universe: &PyUniverse, text: &str) -> PyResult<Self> {
        let made =
            DatasetType::from_json(&json(py, text)?, &universe.0.universe).to_py(py)?;
        Ok(Self { dataset_type: Arc::new(made), shared: Arc::clone(&universe.0) })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (PyUniverse, String)> {
        let this = slf.get();
        let arguments = (PyUniverse(Arc::clone(&this.shared)), this.to_json());
        Ok((slf.get_type().getattr("_unpickle")?, arguments))
    }
}
