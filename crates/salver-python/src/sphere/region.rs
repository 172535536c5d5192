//! Regions.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use salver_core::{Error, ErrorKind, Op};
use salver_sphere::{
    Angle, Circle, ConvexPolygon, IntersectionRegion, LonLat, Region, SphericalBox,
    UnionRegion, UnitVector,
};

use super::vector::{AnyAngle, PyAngle, PyLonLat, PyUnitVector, number};
use crate::Reduced;
use crate::errors::{ToPy, raise};

/// A part of the sphere: the base of all shapes.
#[pyclass(module = "salver.sphgeom", name = "Region", subclass, frozen)]
#[derive(Debug)]
pub(crate) struct PyRegion {
    region: Region,
}

/// The object of a region, of the class of its shape.
pub(crate) fn wrap(py: Python<'_>, region: Region) -> PyResult<Bound<'_, PyAny>> {
    let base = PyClassInitializer::from(PyRegion { region: region.clone() });
    Ok(match region {
        Region::Box(_) => Bound::new(py, base.add_subclass(PyBox))?.into_any(),
        Region::Circle(_) => Bound::new(py, base.add_subclass(PyCircle))?.into_any(),
        Region::Polygon(_) => Bound::new(py, base.add_subclass(PyPolygon))?.into_any(),
        Region::Ellipse(_) => Bound::new(py, base.add_subclass(PyEllipse))?.into_any(),
        Region::Union(_) => Bound::new(py, base.add_subclass(PyUnion))?.into_any(),
        Region::Intersection(_) => {
            Bound::new(py, base.add_subclass(PyIntersection))?.into_any()
        }
    })
}

/// The region of one of our objects, or of `lsst.sphgeom`'s, which encode themselves.
pub(crate) fn region_of(object: &Bound<'_, PyAny>) -> PyResult<Region> {
    if let Ok(ours) = object.cast::<PyRegion>() {
        return Ok(ours.get().region.clone());
    }
    if let Ok(encoded) = object.call_method0("encode")
        && let Ok(bytes) = encoded.cast::<PyBytes>()
    {
        return Region::decode(bytes.as_bytes()).to_py(object.py());
    }
    let error = Error::new(ErrorKind::InvalidInput, Op("sphgeom.region"), "not a region")
        .with("type", object.get_type().fully_qualified_name()?)
        .hint("shapes of `salver.sphgeom` and of `lsst.sphgeom` are regions");
    Err(raise(object.py(), &error))
}

#[pymethods]
impl PyRegion {
    /// The region of its encoding (Gen3 format §8.1).
    #[staticmethod]
    fn decode<'py>(py: Python<'py>, encoded: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, Region::decode(encoded).to_py(py)?)
    }

    #[staticmethod]
    #[pyo3(name = "decodeBase64")]
    fn decode_base64<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, Region::from_base64(text).to_py(py)?)
    }

    #[staticmethod]
    fn from_ivoa_pos<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, Region::from_ivoa_pos(text).to_py(py)?)
    }

    /// The encoding (Gen3 format §8.1).
    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.region.encode())
    }

    /// Whether a direction lies in the region, its edge included; or whether another region does.
    fn contains(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(direction) = other.cast::<PyUnitVector>() {
            return Ok(self.region.contains(&direction.get().0));
        }
        if let Ok(position) = other.cast::<PyLonLat>() {
            return Ok(self.region.contains(&UnitVector::from_lonlat(position.get().0)));
        }
        Ok(self.region.relate(&region_of(other)?).contains())
    }

    /// What is proven of this and another region: bits `DISJOINT`, `CONTAINS`, `WITHIN`.
    fn relate(&self, region: &Bound<'_, PyAny>) -> PyResult<u8> {
        Ok(self.region.relate(&region_of(region)?).bits())
    }

    /// Whether the two overlap; `None` where it is not known.
    fn overlaps(&self, other: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
        Ok(self.region.overlaps(&region_of(other)?))
    }

    #[pyo3(name = "getBoundingCircle")]
    fn bounding_circle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, self.region.bounding_circle().into())
    }

    #[pyo3(name = "getBoundingBox")]
    fn bounding_box<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        wrap(py, self.region.bounding_box().into())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        region_of(other).is_ok_and(|other| other == self.region)
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut state = DefaultHasher::new();
        self.region.encode().hash(&mut state);
        state.finish()
    }

    fn __repr__(&self) -> String {
        describe(&self.region)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, Bound<'py, PyTuple>> {
        let py = slf.py();
        let make = py.get_type::<Self>().getattr("decode")?;
        let encoded = PyBytes::new(py, &slf.get().region.encode());
        Ok((make, PyTuple::new(py, [encoded])?))
    }
}

fn describe(region: &Region) -> String {
    let list =
        |parts: &[Region]| parts.iter().map(describe).collect::<Vec<_>>().join(", ");
    let vector = |v: &UnitVector| {
        let [x, y, z] = [v.x(), v.y(), v.z()].map(number);
        format!("UnitVector3d({x}, {y}, {z})")
    };
    match region {
        Region::Box(shape) => {
            let [w, e] = shape.lon().map(|a| number(a.radians()));
            let [s, n] = shape.lat().map(|a| number(a.radians()));
            format!("Box.fromRadians({w}, {s}, {e}, {n})")
        }
        Region::Circle(shape) => {
            let opening = number(shape.opening().radians());
            format!("Circle({}, Angle({opening}))", vector(&shape.center()))
        }
        Region::Polygon(shape) => {
            let corners: Vec<_> = shape.vertices().iter().map(vector).collect();
            format!("ConvexPolygon([{}])", corners.join(", "))
        }
        Region::Ellipse(shape) => {
            let [a, b] = [shape.alpha(), shape.beta()].map(|a| number(a.radians()));
            format!("Ellipse({}, Angle({a}), Angle({b}))", vector(&shape.center()))
        }
        Region::Union(shape) => format!("UnionRegion({})", list(shape.operands())),
        Region::Intersection(shape) => {
            format!("IntersectionRegion({})", list(shape.operands()))
        }
    }
}

/// A convex polygon with edges on great circles.
#[pyclass(module = "salver.sphgeom", name = "ConvexPolygon", extends = PyRegion, frozen)]
#[derive(Debug)]
struct PyPolygon;

#[pymethods]
impl PyPolygon {
    /// The convex hull of three or more directions.
    #[new]
    fn new(
        py: Python<'_>,
        points: Vec<PyUnitVector>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let points: Vec<_> = points.iter().map(|p| p.0).collect();
        let hull = ConvexPolygon::convex_hull(&points).to_py(py)?;
        Ok(PyClassInitializer::from(PyRegion { region: hull.into() }).add_subclass(Self))
    }

    #[staticmethod]
    #[pyo3(name = "convexHull")]
    fn convex_hull(
        py: Python<'_>,
        points: Vec<PyUnitVector>,
    ) -> PyResult<Bound<'_, PyAny>> {
        let points: Vec<_> = points.iter().map(|p| p.0).collect();
        wrap(py, ConvexPolygon::convex_hull(&points).to_py(py)?.into())
    }

    /// The corners, counter-clockwise seen from outside.
    #[pyo3(name = "getVertices")]
    fn vertices(slf: PyRef<'_, Self>) -> Vec<PyUnitVector> {
        match &slf.as_super().region {
            Region::Polygon(shape) => {
                shape.vertices().iter().map(|v| PyUnitVector(*v)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// All within an angle of a centre.
#[pyclass(module = "salver.sphgeom", name = "Circle", extends = PyRegion, frozen)]
#[derive(Debug)]
struct PyCircle;

#[pymethods]
impl PyCircle {
    #[new]
    #[pyo3(signature = (center, angle=None))]
    fn new(
        py: Python<'_>,
        center: PyUnitVector,
        angle: Option<AnyAngle>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let angle = angle.map_or(Angle::from_radians(0.0), |a| a.angle());
        let circle = Circle::new(center.0, angle).to_py(py)?;
        Ok(PyClassInitializer::from(PyRegion { region: circle.into() })
            .add_subclass(Self))
    }

    #[pyo3(name = "getCenter")]
    fn center(slf: PyRef<'_, Self>) -> Option<PyUnitVector> {
        match &slf.as_super().region {
            Region::Circle(shape) => Some(PyUnitVector(shape.center())),
            _ => None,
        }
    }

    #[pyo3(name = "getOpeningAngle")]
    fn opening(slf: PyRef<'_, Self>) -> Option<PyAngle> {
        match &slf.as_super().region {
            Region::Circle(shape) => Some(PyAngle(shape.opening())),
            _ => None,
        }
    }
}

/// A range of longitudes and one of latitudes.
#[pyclass(module = "salver.sphgeom", name = "Box", extends = PyRegion, frozen)]
#[derive(Debug)]
struct PyBox;

fn box_of(
    py: Python<'_>,
    lon: [Angle; 2],
    lat: [Angle; 2],
) -> PyResult<Bound<'_, PyAny>> {
    wrap(py, SphericalBox::new(lon, lat).to_py(py)?.into())
}

#[pymethods]
impl PyBox {
    /// The box from one corner eastwards and northwards to another.
    #[new]
    fn new(
        py: Python<'_>,
        a: PyLonLat,
        b: PyLonLat,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (a, b): (LonLat, LonLat) = (a.0, b.0);
        let shape =
            SphericalBox::new([a.lon(), b.lon()], [a.lat(), b.lat()]).to_py(py)?;
        Ok(PyClassInitializer::from(PyRegion { region: shape.into() }).add_subclass(Self))
    }

    #[staticmethod]
    #[pyo3(name = "fromDegrees")]
    fn from_degrees(
        py: Python<'_>,
        lon1: f64,
        lat1: f64,
        lon2: f64,
        lat2: f64,
    ) -> PyResult<Bound<'_, PyAny>> {
        box_of(
            py,
            [lon1, lon2].map(Angle::from_degrees),
            [lat1, lat2].map(Angle::from_degrees),
        )
    }

    #[staticmethod]
    #[pyo3(name = "fromRadians")]
    fn from_radians(
        py: Python<'_>,
        lon1: f64,
        lat1: f64,
        lon2: f64,
        lat2: f64,
    ) -> PyResult<Bound<'_, PyAny>> {
        box_of(
            py,
            [lon1, lon2].map(Angle::from_radians),
            [lat1, lat2].map(Angle::from_radians),
        )
    }

    #[staticmethod]
    fn empty(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        wrap(py, SphericalBox::empty().into())
    }

    #[staticmethod]
    fn full(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        wrap(py, SphericalBox::full().into())
    }
}

/// All whose angles to two foci add up to no more than a limit.
#[pyclass(module = "salver.sphgeom", name = "Ellipse", extends = PyRegion, frozen)]
#[derive(Debug)]
struct PyEllipse;

/// What lies in one operand at least.
#[pyclass(module = "salver.sphgeom", name = "UnionRegion", extends = PyRegion, frozen)]
#[derive(Debug)]
struct PyUnion;

#[pymethods]
impl PyUnion {
    #[new]
    #[pyo3(signature = (*regions))]
    fn new(regions: &Bound<'_, PyTuple>) -> PyResult<PyClassInitializer<Self>> {
        let operands = regions.iter().map(|r| region_of(&r)).collect::<PyResult<_>>()?;
        let region = UnionRegion::new(operands).into();
        Ok(PyClassInitializer::from(PyRegion { region }).add_subclass(Self))
    }
}

/// What lies in every operand.
#[pyclass(module = "salver.sphgeom", name = "IntersectionRegion", extends = PyRegion, frozen)]
#[derive(Debug)]
struct PyIntersection;

#[pymethods]
impl PyIntersection {
    #[new]
    #[pyo3(signature = (*regions))]
    fn new(regions: &Bound<'_, PyTuple>) -> PyResult<PyClassInitializer<Self>> {
        let operands = regions.iter().map(|r| region_of(&r)).collect::<PyResult<_>>()?;
        let region = IntersectionRegion::new(operands).into();
        Ok(PyClassInitializer::from(PyRegion { region }).add_subclass(Self))
    }
}

/// Adds the shapes.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRegion>()?;
    module.add_class::<PyPolygon>()?;
    module.add_class::<PyCircle>()?;
    module.add_class::<PyBox>()?;
    module.add_class::<PyEllipse>()?;
    module.add_class::<PyUnion>()?;
    module.add_class::<PyIntersection>()
}
