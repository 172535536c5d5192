//! Pixelizations: HTM and HEALPix.

use pyo3::prelude::*;
use salver_sphere::{Healpix, Htm, RangeSet};

use super::region::{region_of, wrap};
use super::vector::PyUnitVector;
use crate::errors::ToPy;

fn ranges(set: &RangeSet) -> Vec<(u64, u64)> {
    set.ranges().iter().map(|r| (r.start, r.end)).collect()
}

/// The hierarchical triangular mesh of one level.
#[pyclass(module = "salver.sphgeom", name = "HtmPixelization", frozen)]
#[derive(Debug)]
pub(super) struct PyHtm(Htm);

#[pymethods]
impl PyHtm {
    #[new]
    fn new(py: Python<'_>, level: u32) -> PyResult<Self> {
        Htm::new(level).to_py(py).map(Self)
    }

    #[pyo3(name = "getLevel")]
    fn level(&self) -> u32 {
        self.0.level()
    }

    fn index(&self, direction: PyUnitVector) -> u64 {
        self.0.index(&direction.0)
    }

    fn pixel<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, self.0.pixel(index).to_py(py)?.into())
    }

    /// Ranges of the pixels that may touch a region: `(begin, end)`, half-open.
    fn envelope(&self, region: &Bound<'_, PyAny>) -> PyResult<Vec<(u64, u64)>> {
        Ok(ranges(&self.0.envelope(&region_of(region)?)))
    }

    /// Ranges of the pixels that lie within a region.
    fn interior(&self, region: &Bound<'_, PyAny>) -> PyResult<Vec<(u64, u64)>> {
        Ok(ranges(&self.0.interior(&region_of(region)?)))
    }

    #[pyo3(name = "toString")]
    fn name(&self, py: Python<'_>, index: u64) -> PyResult<String> {
        self.0.name(index).to_py(py)
    }
}

/// HEALPix, nested, of one level.
#[pyclass(module = "salver.sphgeom", name = "HealpixPixelization", frozen)]
#[derive(Debug)]
pub(super) struct PyHealpix(Healpix);

#[pymethods]
impl PyHealpix {
    #[new]
    fn new(py: Python<'_>, level: u32) -> PyResult<Self> {
        Healpix::new(level).to_py(py).map(Self)
    }

    #[pyo3(name = "getLevel")]
    fn level(&self) -> u32 {
        self.0.level()
    }

    fn index(&self, direction: PyUnitVector) -> u64 {
        self.0.index(&direction.0)
    }

    fn pixel<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, self.0.pixel(index).to_py(py)?.into())
    }

    /// Ranges of the pixels that may touch a region: `(begin, end)`, half-open.
    fn envelope(&self, region: &Bound<'_, PyAny>) -> PyResult<Vec<(u64, u64)>> {
        Ok(ranges(&self.0.envelope(&region_of(region)?)))
    }

    /// Ranges of the pixels that lie within a region.
    fn interior(&self, region: &Bound<'_, PyAny>) -> PyResult<Vec<(u64, u64)>> {
        Ok(ranges(&self.0.interior(&region_of(region)?)))
    }
}
