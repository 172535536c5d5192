//! Angles and positions.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use salver_core::{Error, ErrorKind, Op};
use salver_sphere::{Angle, LonLat, UnitVector};

use crate::Reduced;
use crate::errors::{ToPy, raise};

/// An angle, held in radians.
#[pyclass(module = "salver.sphgeom", name = "Angle", frozen, from_py_object)]
#[derive(Debug, Clone, Copy)]
pub(super) struct PyAngle(pub(super) Angle);

#[pymethods]
impl PyAngle {
    #[new]
    #[pyo3(signature = (radians=0.0))]
    fn new(radians: f64) -> Self {
        Self(Angle::from_radians(radians))
    }

    #[staticmethod]
    #[pyo3(name = "fromDegrees")]
    fn from_degrees(degrees: f64) -> Self {
        Self(Angle::from_degrees(degrees))
    }

    #[staticmethod]
    #[pyo3(name = "fromRadians")]
    fn from_radians(radians: f64) -> Self {
        Self(Angle::from_radians(radians))
    }

    #[pyo3(name = "asDegrees")]
    fn as_degrees(&self) -> f64 {
        self.0.degrees()
    }

    #[pyo3(name = "asRadians")]
    fn as_radians(&self) -> f64 {
        self.0.radians()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn __repr__(&self) -> String {
        format!("Angle({})", number(self.0.radians()))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (f64,)> {
        Ok((slf.get_type().into_any(), (slf.get().0.radians(),)))
    }
}

/// A number as Python spells it.
pub(super) fn number(value: f64) -> String {
    let text = value.to_string();
    if value.is_finite() && !text.contains('.') { format!("{text}.0") } else { text }
}

/// An angle, or a number of radians.
#[derive(FromPyObject)]
pub(super) enum AnyAngle {
    Angle(PyAngle),
    Radians(f64),
}

impl AnyAngle {
    pub(super) fn angle(&self) -> Angle {
        match self {
            Self::Angle(angle) => angle.0,
            Self::Radians(radians) => Angle::from_radians(*radians),
        }
    }
}

/// A position: longitude and latitude.
#[pyclass(module = "salver.sphgeom", name = "LonLat", frozen, from_py_object)]
#[derive(Debug, Clone, Copy)]
pub(super) struct PyLonLat(pub(super) LonLat);

#[pymethods]
impl PyLonLat {
    #[new]
    fn new(py: Python<'_>, lon: AnyAngle, lat: AnyAngle) -> PyResult<Self> {
        LonLat::new(lon.angle(), lat.angle()).to_py(py).map(Self)
    }

    #[staticmethod]
    #[pyo3(name = "fromDegrees")]
    fn from_degrees(py: Python<'_>, lon: f64, lat: f64) -> PyResult<Self> {
        LonLat::from_degrees(lon, lat).to_py(py).map(Self)
    }

    #[staticmethod]
    #[pyo3(name = "fromRadians")]
    fn from_radians(py: Python<'_>, lon: f64, lat: f64) -> PyResult<Self> {
        LonLat::new(Angle::from_radians(lon), Angle::from_radians(lat))
            .to_py(py)
            .map(Self)
    }

    #[pyo3(name = "getLon")]
    fn lon(&self) -> PyAngle {
        PyAngle(self.0.lon())
    }

    #[pyo3(name = "getLat")]
    fn lat(&self) -> PyAngle {
        PyAngle(self.0.lat())
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0.lon() == other.0.lon() && self.0.lat() == other.0.lat()
    }

    fn __repr__(&self) -> String {
        let (lon, lat) = (self.0.lon().radians(), self.0.lat().radians());
        format!("LonLat.fromRadians({}, {})", number(lon), number(lat))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (f64, f64)> {
        let at = slf.get().0;
        let make = slf.get_type().getattr("fromRadians")?;
        Ok((make, (at.lon().radians(), at.lat().radians())))
    }
}

/// A direction: a unit vector.
#[pyclass(module = "salver.sphgeom", name = "UnitVector3d", frozen, from_py_object)]
#[derive(Debug, Clone, Copy)]
pub(super) struct PyUnitVector(pub(super) UnitVector);

#[pymethods]
impl PyUnitVector {
    /// `UnitVector3d(lonlat)`, `UnitVector3d(lon, lat)` or `UnitVector3d(x, y, z)`.
    #[new]
    #[pyo3(signature = (*args))]
    fn new(args: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let py = args.py();
        if let Ok((position,)) = args.extract::<(PyLonLat,)>() {
            return Ok(Self(UnitVector::from_lonlat(position.0)));
        }
        if let Ok((lon, lat)) = args.extract::<(PyAngle, PyAngle)>() {
            let position = LonLat::new(lon.0, lat.0).to_py(py)?;
            return Ok(Self(UnitVector::from_lonlat(position)));
        }
        if let Ok((x, y, z)) = args.extract::<(f64, f64, f64)>() {
            return UnitVector::new(x, y, z).to_py(py).map(Self);
        }
        let message = "no direction of these arguments";
        let error =
            Error::new(ErrorKind::InvalidInput, Op("sphgeom.UnitVector3d"), message)
                .with("arguments", args)
                .hint("a LonLat, two Angles or three numbers are one");
        Err(raise(py, &error))
    }

    fn x(&self) -> f64 {
        self.0.x()
    }

    fn y(&self) -> f64 {
        self.0.y()
    }

    fn z(&self) -> f64 {
        self.0.z()
    }

    fn dot(&self, other: &Self) -> f64 {
        self.0.dot(other.0)
    }

    fn __eq__(&self, other: &Self) -> bool {
        (self.0.x(), self.0.y(), self.0.z()) == (other.0.x(), other.0.y(), other.0.z())
    }

    fn __repr__(&self) -> String {
        let [x, y, z] = [self.0.x(), self.0.y(), self.0.z()].map(number);
        format!("UnitVector3d({x}, {y}, {z})")
    }

    /// The direction of components that are normalised already, bit for bit.
    #[staticmethod]
    fn _exact(py: Python<'_>, x: f64, y: f64, z: f64) -> PyResult<Self> {
        UnitVector::from_normalized(x, y, z).to_py(py).map(Self)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (f64, f64, f64)> {
        let v = slf.get().0;
        Ok((slf.get_type().getattr("_exact")?, (v.x(), v.y(), v.z())))
    }
}
