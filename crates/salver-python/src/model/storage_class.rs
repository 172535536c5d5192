//! `StorageClass`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet};
use salver_core::{Error, ErrorKind, Op};
use salver_model::{StorageClass, StorageClasses};

use crate::errors::{ToPy, raise};

/// A kind of object: its Python type, its parts, the parameters that a read takes.
#[pyclass(module = "salver", name = "StorageClass", frozen)]
#[derive(Debug)]
pub(crate) struct PyStorageClass {
    class: Arc<StorageClass>,
    classes: Arc<StorageClasses>,
}

/// The name of a storage class: text, or an object with a `name`.
pub(crate) fn class_name(class: &Bound<'_, PyAny>) -> PyResult<String> {
    match class.extract::<String>() {
        Ok(name) => Ok(name),
        Err(_) => class.getattr("name")?.extract(),
    }
}

impl PyStorageClass {
    pub(crate) fn named(
        py: Python<'_>,
        classes: &Arc<StorageClasses>,
        name: &str,
    ) -> PyResult<Self> {
        let class = classes.get(name).to_py(py)?;
        Ok(Self { class, classes: Arc::clone(classes) })
    }

    fn dict<'py, 'a>(
        &self,
        py: Python<'py>,
        components: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, class) in components {
            dict.set_item(name, Self::named(py, &self.classes, class)?)?;
        }
        Ok(dict)
    }
}

#[pymethods]
impl PyStorageClass {
    #[getter]
    fn name(&self) -> &str {
        &self.class.name
    }

    /// The name of the Python type, which is not imported.
    #[getter]
    fn pytype_name(&self) -> &str {
        &self.class.pytype
    }

    /// The Python type; imports the module that defines it.
    #[getter]
    fn pytype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let name = self.class.pytype.as_str();
        let Some((module, class)) = name.rsplit_once('.') else {
            return py.import("builtins")?.getattr(name);
        };
        py.import(module).and_then(|m| m.getattr(class)).map_err(|e| {
            let message = "the storage class's Python type is not installed";
            let error =
                Error::new(ErrorKind::Unsupported, Op("storage_class.pytype"), message)
                    .with("storage_class", &self.class.name)
                    .with("pytype", name);
            raise(py, &error.caused_by(e))
        })
    }

    #[getter]
    fn components<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, &self.class.components)
    }

    #[getter(derivedComponents)]
    fn derived_components<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, &self.class.derived_components)
    }

    #[pyo3(name = "allComponents")]
    fn all_components<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, self.class.components.iter().chain(&self.class.derived_components))
    }

    #[pyo3(name = "isComposite")]
    fn is_composite(&self) -> bool {
        !self.class.components.is_empty()
    }

    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyFrozenSet>> {
        PyFrozenSet::new(py, &self.class.parameters)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().class == self.class)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        pyo3::types::PyString::new(py, &self.class.name).hash()
    }

    fn __str__(&self) -> &str {
        &self.class.name
    }

    fn __repr__(&self) -> String {
        format!("StorageClass('{}', pytype={})", self.class.name, self.class.pytype)
    }
}
