//! Python objects ↔ trees.
//!
//! Plain values, NumPy arrays and Arrow tables are converted here. Every other object goes through
//! an assembler in `salver.assemblers`, which turns it into those.

mod array;
mod columns;
mod columns_out;
mod table;
mod to_python;
mod to_tree;

pub(crate) use table::PyTable;
pub(crate) use to_python::{plain, to_python};
pub(crate) use to_tree::{to_map, to_tree};

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
    let tree = to_tree(object)?;
    match pytype {
        None => plain(object.py(), tree),
        Some(_) => to_python(object.py(), tree, pytype),
    }
}

/// A node that says which assembler made it.
#[pyclass(module = "salver", name = "Tagged", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct PyTagged {
    /// The assembler's name.
    name: String,
    /// The version of the tagged form.
    version: u32,
    /// The plain value.
    value: Py<PyAny>,
}

#[pymethods]
impl PyTagged {
    #[new]
    fn new(name: String, version: u32, value: Py<PyAny>) -> Self {
        Self { name, version, value }
    }
}

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTable>()?;
    module.add_class::<PyTagged>()?;
    module.add_function(wrap_pyfunction!(_round_trip, module)?)
}
