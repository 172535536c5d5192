//! Files in one of the formats, without a butler.

mod read;
mod write;

pub(crate) use read::{read_file, read_fits_image, read_tree};
pub(crate) use write::{encode, write_fits_image};

use pyo3::prelude::*;

/// Adds the functions of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_file, module)?)?;
    module.add_function(wrap_pyfunction!(read_fits_image, module)?)?;
    module.add_function(wrap_pyfunction!(encode, module)?)?;
    module.add_function(wrap_pyfunction!(write_fits_image, module)?)
}
