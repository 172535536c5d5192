//! Python objects ↔ trees.
//!
//! Plain values, NumPy arrays and Arrow tables are converted here. Every other object goes through
//! an assembler in `salver.assemblers`, which turns it into those.

mod about;
mod array;
mod columns;
mod columns_out;
mod table;
mod to_python;
mod to_tree;

pub(crate) use about::About;
pub(crate) use table::PyTable;
pub(crate) use to_python::{plain, to_python};
pub(crate) use to_tree::{to_map, to_tree, tree_for};

use pyo3::prelude::*;

/// A tree's round trip through the conversions, for tests of the package.
///
/// With `pytype`, what a storage class of that type would give; without, the plain value.
#[pyfunction]
#[pyo3(signature = (object, pytype=None))]
fn _round_trip<'py>(
    object: &Bound<'py, PyAny>,
    pytype: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    if pytype.is_none() {
        return plain(object.py(), to_tree(object)?);
    }
    let about = About::nothing();
    let tree = tree_for(object, pytype, &about)?;
    to_python(object.py(), tree, pytype, &about)
}

/// A node that says which assembler made it: a name, a version and the plain value.
#[pyclass(module = "salver", name = "Tagged", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct PyTagged {
    /// The assembler's name.
    name: String,
    /// The version of the tagged form.
    version: u32,
    /// The plain value.
    value: Py<PyAny>,
    /// Why no object was made of it.
    note: Option<String>,
}

#[pymethods]
impl PyTagged {
    #[new]
    #[pyo3(signature = (name, version, value, note=None))]
    fn new(name: String, version: u32, value: Py<PyAny>, note: Option<String>) -> Self {
        Self { name, version, value, note }
    }

    /// A part of the value.
    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.value.bind(key.py()).get_item(key)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let value = self.value.bind(py).repr()?;
        let note = self.note.as_ref().map_or_else(String::new, |n| format!(": {n}"));
        Ok(format!("<{} version {}{note}> {value}", self.name, self.version))
    }
}

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTable>()?;
    module.add_class::<PyTagged>()?;
    module.add_function(wrap_pyfunction!(_round_trip, module)?)
}
