//! `FileDataset`.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use super::PyDatasetRef;
use crate::Reduced;

/// A file, and the datasets that it holds: what `Butler.ingest` takes.
#[pyclass(module = "salver", name = "FileDataset", get_all, set_all, skip_from_py_object)]
#[derive(Debug)]
pub(crate) struct PyFileDataset {
    /// Where the file is: a path, a URI, or an object with either.
    pub(crate) path: Py<PyAny>,
    /// The datasets in it.
    pub(crate) refs: Py<PyList>,
    /// Who reads it: a class, or the name of one.
    pub(crate) formatter: Option<Py<PyAny>>,
}

impl PyFileDataset {
    /// The path as text.
    pub(crate) fn path_text(&self, py: Python<'_>) -> PyResult<String> {
        path_text(self.path.bind(py))
    }

    /// The full name of the formatter.
    pub(crate) fn formatter_name(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let Some(formatter) = &self.formatter else { return Ok(None) };
        let formatter = formatter.bind(py);
        if let Ok(class) = formatter.cast::<PyType>() {
            return class.fully_qualified_name()?.extract().map(Some);
        }
        formatter.extract().map(Some)
    }
}

/// The text of a path or URI: text, `os.PathLike`, or an object with `geturl`.
pub(crate) fn path_text(path: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = path.py();
    if let Ok(text) = path.extract::<String>() {
        return Ok(text);
    }
    if let Ok(url) = path.call_method0(intern!(py, "geturl")) {
        return url.extract();
    }
    py.import(intern!(py, "os"))?.call_method1(intern!(py, "fspath"), (path,))?.extract()
}

#[pymethods]
impl PyFileDataset {
    #[new]
    #[pyo3(signature = (path, refs, *, formatter=None))]
    fn new(
        path: Py<PyAny>,
        refs: &Bound<'_, PyAny>,
        formatter: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let py = refs.py();
        let refs = match refs.cast::<PyDatasetRef>() {
            Ok(one) => PyList::new(py, [one])?,
            Err(_) => match refs.cast::<PyList>() {
                Ok(list) => list.clone(),
                Err(_) => {
                    PyList::new(py, refs.try_iter()?.collect::<PyResult<Vec<_>>>()?)?
                }
            },
        };
        let formatter = formatter.filter(|f| !f.is_none(py));
        Ok(Self { path, refs: refs.unbind(), formatter })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let refs = self.refs.bind(py).len();
        Ok(format!("FileDataset({}, {refs} refs)", self.path_text(py)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (Py<PyAny>, Py<PyList>)> {
        let this = slf.borrow();
        let arguments = (this.path.clone_ref(slf.py()), this.refs.clone_ref(slf.py()));
        Ok((slf.get_type().into_any(), arguments))
    }
}
