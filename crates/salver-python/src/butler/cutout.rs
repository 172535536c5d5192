//! `Butler.cutout()`.

use std::sync::Arc;

use pyo3::prelude::*;
use salver::GetOptions;
use salver_core::{Error, ErrorKind, Op};
use salver_datastore::{Moved, SkyBox, SkySize};

use super::PyButler;
use super::arguments::type_name;
use super::find::Look;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::value::{About, to_python};

/// A part of an image, and what it cost to read it.
#[pyclass(module = "salver", name = "Cutout", frozen)]
#[derive(Debug)]
pub(crate) struct PyCutout {
    value: Py<PyAny>,
    moved: Arc<Moved>,
}

#[pymethods]
impl PyCutout {
    /// The object, cut.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.value.bind(py).clone()
    }

    /// Bytes that were read.
    #[getter]
    fn bytes_moved(&self) -> u64 {
        self.moved.bytes()
    }

    /// Ranges that were read.
    #[getter]
    fn reads(&self) -> u64 {
        self.moved.reads()
    }

    /// Bytes of the artifact.
    #[getter]
    fn bytes_total(&self) -> u64 {
        self.moved.total()
    }

    fn __repr__(&self) -> String {
        let (moved, total) = (self.moved.bytes(), self.moved.total());
        format!("Cutout({moved} of {total} bytes in {} reads)", self.moved.reads())
    }
}

/// Where a cutout is, and how large.
pub(super) struct Place {
    pub(super) ra_deg: f64,
    pub(super) dec_deg: f64,
    pub(super) size: Option<(u32, u32)>,
    pub(super) radius_deg: Option<f64>,
}

impl Place {
    fn sky(&self, py: Python<'_>) -> PyResult<SkyBox> {
        let size = match (self.size, self.radius_deg) {
            (Some((x, y)), None) => SkySize::Pixels { x, y },
            (None, Some(radius)) => SkySize::Radius(radius),
            _ => {
                let message =
                    "the size of a cutout is `size` in pixels or `radius` in degrees";
                let error =
                    Error::new(ErrorKind::InvalidInput, Op("butler.cutout"), message);
                return Err(raise(py, &error));
            }
        };
        Ok(SkyBox { ra_deg: self.ra_deg, dec_deg: self.dec_deg, size })
    }
}

impl PyButler {
    /// Reads the part of a dataset's images around a position.
    pub(super) fn cut(
        &self,
        py: Python<'_>,
        what: &Bound<'_, PyAny>,
        look: &Look<'_, '_>,
        place: &Place,
    ) -> PyResult<PyCutout> {
        let butler = self.inner(py)?;
        let name = type_name(what)?;
        let dataset = self.resolve(py, what, look)?.dataset;
        let component = name.split_once('.').map(|(_, component)| component);
        let moved = Arc::new(Moved::default());
        let options = GetOptions {
            sky: Some(place.sky(py)?),
            moved: Some(Arc::clone(&moved)),
            ..GetOptions::default()
        };
        let tree =
            detached(py, || butler.get_ref(&dataset, component, &options)).to_py(py)?;
        let class = self.class_of(py, &dataset.dataset_type, component, None)?;
        let about = About::of(&dataset.data_id, None);
        let value = to_python(py, tree, Some(&class.pytype), &about)?.unbind();
        Ok(PyCutout { value, moved })
    }
}
