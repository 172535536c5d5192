//! Formats that only Python reads and writes: `salver.formatters`.

use pyo3::prelude::*;
use salver::{Butler, FileDataset};
use salver_core::Error;
use salver_datastore::IngestMode;
use salver_model::DatasetRef;

use super::PyButler;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, pairs_of};

/// What an error of the datastore says under a key, where it is about a formatter that is not ours.
fn context<'e>(error: &'e Error, key: &str) -> Option<&'e str> {
    let foreign = error.code() == "foreign_formatter";
    let found = error.context().iter().find(|(k, _)| foreign && *k == key);
    found.map(|(_, value)| value.as_str())
}

/// Reads in Python what Rust could not; the error itself where Python cannot either.
pub(super) fn read<'py>(
    py: Python<'py>,
    error: &Error,
    pytype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    if let (Some(formatter), Some(uri)) =
        (context(error, "formatter"), context(error, "uri"))
    {
        let path = salver_store::path_of_uri(uri).to_py(py)?;
        let module = py.import("salver.formatters")?;
        let made = module.call_method1("read", (formatter, path))?;
        if !made.is(py.NotImplemented()) {
            return py
                .import("salver.assemblers")?
                .call_method1("assemble", (made, pytype));
        }
    }
    Err(raise(py, error))
}

impl PyButler {
    /// Writes in Python what Rust could not, and takes the file in.
    pub(super) fn write_foreign(
        &self,
        object: &Bound<'_, PyAny>,
        target: &super::write::Target<'_, '_>,
        error: &Error,
    ) -> PyResult<PyDatasetRef> {
        let py = object.py();
        let Some(formatter) = context(error, "formatter") else {
            return Err(raise(py, error));
        };
        let folder =
            py.import("tempfile")?.call_method1("mkdtemp", (py.None(), "salver-"))?;
        let stem: String = folder.extract::<String>()? + "/dataset";
        let module = py.import("salver.formatters")?;
        let written = module.call_method1("write", (formatter, object, stem));
        let taken = written.and_then(|path| {
            if path.is(py.NotImplemented()) {
                return Err(raise(py, error));
            }
            self.take_written(target, path.extract()?, formatter)
        });
        let gone = py.import("shutil")?.call_method1("rmtree", (folder, true));
        gone.and(taken)
    }

    fn take_written(
        &self,
        target: &super::write::Target<'_, '_>,
        path: String,
        formatter: &str,
    ) -> PyResult<PyDatasetRef> {
        let py = target.what.py();
        let butler = self.inner(py)?;
        let dataset = new_ref(py, &butler, target)?;
        let formatter = Some(formatter.to_owned());
        let files = [FileDataset { path, refs: vec![dataset.clone()], formatter }];
        detached(py, || butler.ingest(&files, IngestMode::Move)).to_py(py)?;
        Ok(PyDatasetRef::new_of(dataset, &self.shared))
    }
}

/// The ref of a dataset to come.
fn new_ref(
    py: Python<'_>,
    butler: &Butler,
    target: &super::write::Target<'_, '_>,
) -> PyResult<DatasetRef> {
    match super::arguments::asked(target.what)? {
        super::arguments::Asked::Ref(dataset) => Ok(dataset.clone()),
        super::arguments::Asked::Name(name) => {
            let pairs = pairs_of(target.data_id, target.more)?;
            let run = target.run;
            detached(py, || butler.new_ref(name, &pairs, run, None)).to_py(py)
        }
    }
}
