//! Files in one of the formats, without a butler.

mod read;
mod write;

pub(crate) use read::{read_file, read_fits_image, read_tree, read_value};
pub(crate) use write::{encode, formats, write_fits_image, write_value};

use pyo3::prelude::*;

/// Adds the functions of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_file, module)?)?;
    module.add_function(wrap_pyfunction!(read_fits_image, module)?)?;
    module.add_function(wrap_pyfunction!(read_value, module)?)?;
    module.add_function(wrap_pyfunction!(encode, module)?)?;
    module.add_function(wrap_pyfunction!(formats, module)?)?;
    module.add_function(wrap_pyfunction!(write_value, module)?)?;
    module.add_function(wrap_pyfunction!(write_fits_image, module)?)
}
