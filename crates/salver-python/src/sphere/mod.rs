//! `salver.sphgeom`: positions, regions and pixels with the names of `lsst.sphgeom`.

mod pixel;
mod region;
mod vector;

pub(crate) use region::{region_of, wrap};

use pyo3::prelude::*;

/// Adds the types of this module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<vector::PyAngle>()?;
    module.add_class::<vector::PyLonLat>()?;
    module.add_class::<vector::PyUnitVector>()?;
    region::register(module)?;
    module.add_class::<pixel::PyHtm>()?;
    module.add_class::<pixel::PyHealpix>()
}
