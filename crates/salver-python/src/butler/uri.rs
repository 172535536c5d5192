//! Where an artifact is.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use salver_store::{Local, path_of_uri};

use crate::Reduced;
use crate::errors::ToPy;
use crate::interrupt::detached;

/// Where an artifact is; has the most used names of `lsst.resources.ResourcePath`.
#[pyclass(module = "salver", name = "ResourcePath", frozen)]
#[derive(Debug)]
pub(crate) struct PyUri(pub(super) String);

impl PyUri {
    fn local(&self, py: Python<'_>) -> PyResult<std::path::PathBuf> {
        let uri = self.0.split_once('#').map_or(self.0.as_str(), |(path, _)| path);
        path_of_uri(uri).to_py(py)
    }
}

#[pymethods]
impl PyUri {
    #[new]
    fn new(uri: String) -> Self {
        Self(uri)
    }

    fn geturl(&self) -> &str {
        &self.0
    }

    #[getter]
    fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    /// The path on this machine's file system.
    #[getter]
    fn ospath(&self, py: Python<'_>) -> PyResult<String> {
        let path = self.local(py)?;
        path.into_os_string().into_string().map_err(|path| {
            PyValueError::new_err(format!("not text: {}", path.display()))
        })
    }

    #[getter]
    fn path(&self, py: Python<'_>) -> PyResult<String> {
        self.ospath(py)
    }

    #[getter]
    fn fragment(&self) -> &str {
        self.0.split_once('#').map_or("", |(_, fragment)| fragment)
    }

    #[getter(isLocal)]
    fn is_local(&self) -> bool {
        self.scheme() == "file"
    }

    fn basename(&self, py: Python<'_>) -> PyResult<String> {
        let path = self.ospath(py)?;
        Ok(path.rsplit('/').next().unwrap_or_default().to_owned())
    }

    #[pyo3(name = "getExtension")]
    fn extension(&self, py: Python<'_>) -> PyResult<String> {
        let name = self.basename(py)?;
        let at = name.trim_end_matches(".gz").trim_end_matches(".fz").rfind('.');
        Ok(at.and_then(|at| name.get(at..)).unwrap_or_default().to_owned())
    }

    fn exists(&self, py: Python<'_>) -> PyResult<bool> {
        let path = self.local(py)?;
        detached(py, move || Local::size_of_path(&path))
            .to_py(py)
            .map(|size| size.is_some())
    }

    fn size(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let path = self.local(py)?;
        detached(py, move || Local::size_of_path(&path)).to_py(py)
    }

    /// All bytes.
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let path = self.local(py)?;
        let bytes = detached(py, move || {
            let source = Local::open_path(path, None)?;
            source.read(&[0..source.len()])
        });
        let bytes = bytes.to_py(py)?;
        Ok(PyBytes::new(py, bytes.first().map_or(&[], |b| b)))
    }

    fn __fspath__(&self, py: Python<'_>) -> PyResult<String> {
        self.ospath(py)
    }

    fn __str__(&self) -> &str {
        &self.0
    }

    fn __repr__(&self) -> String {
        format!("ResourcePath(\"{}\")", self.0)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        pyo3::types::PyString::new(py, &self.0).hash()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (String,)> {
        Ok((slf.get_type().into_any(), (slf.get().0.clone(),)))
    }
}
