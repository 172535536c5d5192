//! `Timespan`.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use salver_model::Timespan;

use crate::Reduced;

const NS_PER_DAY: f64 = 86_400e9;
/// The Julian date of 1970-01-01T00:00:00.
const JD_1970: f64 = 2_440_587.5;

/// A half-open interval `[begin, end)` of TAI.
#[pyclass(module = "salver", name = "Timespan", frozen, from_py_object)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct PyTimespan(pub(crate) Timespan);

/// An end of a timespan: `None`, an `astropy.time.Time`, nanoseconds of TAI, or `Timespan.EMPTY`.
enum Bound1 {
    Open,
    Empty,
    At(i64),
}

/// Nanoseconds of TAI since 1970 of an `astropy.time.Time`, or of a whole number of them.
pub(crate) fn tai_ns(time: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = time.py();
    if let Ok(ns) = time.extract::<i64>() {
        return Ok(ns);
    }
    let Ok(tai) = time.getattr(intern!(py, "tai")) else {
        let name = time.get_type().fully_qualified_name()?;
        let message = format!("{name} is not a time: give an astropy.time.Time");
        return Err(PyTypeError::new_err(message));
    };
    let jd1: f64 = tai.getattr(intern!(py, "jd1"))?.extract()?;
    let jd2: f64 = tai.getattr(intern!(py, "jd2"))?.extract()?;
    let days = jd1 - JD_1970;
    let whole = days.floor();
    let rest = ((days - whole) + jd2) * NS_PER_DAY;
    Ok(to_i64(whole)
        .saturating_mul(86_400_000_000_000)
        .saturating_add(to_i64(rest.round())))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and timespans are clamped"
)]
fn to_i64(x: f64) -> i64 {
    x as i64
}

/// The `astropy.time.Time` of an instant.
fn time(py: Python<'_>, ns: i64) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "salver.assemblers"))?.call_method1(intern!(py, "time"), (ns,))
}

fn bound(value: &Bound<'_, PyAny>) -> PyResult<Bound1> {
    if value.is_none() {
        return Ok(Bound1::Open);
    }
    if value.is(PyTimespan::empty_mark(value.py())?) {
        return Ok(Bound1::Empty);
    }
    tai_ns(value).map(Bound1::At)
}

impl PyTimespan {
    /// What `Timespan.EMPTY` is: a value of its own.
    fn empty_mark(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
        use pyo3::sync::PyOnceLock;
        static MARK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let mark = MARK.get_or_try_init(py, || {
            let object = py.import("builtins")?.getattr("object")?.call0()?;
            Ok::<_, PyErr>(object.unbind())
        })?;
        Ok(mark.bind(py))
    }
}

#[pymethods]
impl PyTimespan {
    #[new]
    #[pyo3(signature = (begin, end, padInstantaneous=true, _nsec=None))]
    #[expect(
        non_snake_case,
        clippy::used_underscore_binding,
        reason = "Gen3's names of the arguments"
    )]
    fn new(
        begin: &Bound<'_, PyAny>,
        end: &Bound<'_, PyAny>,
        padInstantaneous: bool,
        _nsec: Option<(i64, i64)>,
    ) -> PyResult<Self> {
        if let Some((begin, end)) = _nsec {
            return Ok(Self(Timespan::new(Some(begin), Some(end))));
        }
        let (begin, end) = match (bound(begin)?, bound(end)?) {
            (Bound1::Empty, _) | (_, Bound1::Empty) => return Ok(Self(Timespan::EMPTY)),
            (Bound1::At(a), Bound1::At(b)) if a == b && padInstantaneous => {
                return Ok(Self(Timespan::from_instant(a)));
            }
            (a, b) => (a.instant(), b.instant()),
        };
        Ok(Self(Timespan::new(begin, end)))
    }

    /// What to give as an end for a timespan that holds nothing.
    #[classattr]
    #[pyo3(name = "EMPTY")]
    fn empty(py: Python<'_>) -> PyResult<Py<PyAny>> {
        Self::empty_mark(py).map(|mark| mark.clone().unbind())
    }

    #[staticmethod]
    #[pyo3(name = "makeEmpty")]
    fn make_empty() -> Self {
        Self(Timespan::EMPTY)
    }

    #[staticmethod]
    #[pyo3(name = "fromInstant")]
    fn from_instant(time: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(Timespan::from_instant(tai_ns(time)?)))
    }

    /// The beginning as an `astropy.time.Time`, `None` where open, `Timespan.EMPTY` where empty.
    #[getter]
    fn begin<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0.begin() {
            _ if self.0.is_empty() => Self::empty_mark(py).cloned(),
            Some(ns) => time(py, ns),
            None => Ok(py.None().into_bound(py)),
        }
    }

    /// The end, in the same way.
    #[getter]
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0.end() {
            _ if self.0.is_empty() => Self::empty_mark(py).cloned(),
            Some(ns) => time(py, ns),
            None => Ok(py.None().into_bound(py)),
        }
    }

    /// Both ends as stored: nanoseconds of TAI since 1970.
    #[getter]
    fn nsec(&self) -> (i64, i64) {
        (self.0.begin_ns(), self.0.end_ns())
    }

    #[pyo3(name = "isEmpty")]
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the two have an instant in common; a time is an instant.
    fn overlaps(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(span) => Ok(self.0.overlaps(span.get().0)),
            Err(_) => Ok(self.0.contains_instant(tai_ns(other)?)),
        }
    }

    /// Whether all of the other is in this one.
    fn contains(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(span) => Ok(self.0.contains(span.get().0)),
            Err(_) => Ok(self.0.contains_instant(tai_ns(other)?)),
        }
    }

    #[pyo3(signature = (*others))]
    fn intersection(&self, others: Vec<Self>) -> Self {
        Self(others.iter().fold(self.0, |span, other| span.intersection(other.0)))
    }

    fn difference(&self, other: Self) -> Vec<Self> {
        self.0.difference(other.0).into_iter().map(Self).collect()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> i64 {
        self.0.begin_ns() ^ self.0.end_ns().rotate_left(17)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let (begin, end) = self.nsec();
        format!("Timespan(begin=None, end=None, _nsec=({begin}, {end}))")
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, Ends> {
        Ok((slf.get_type().into_any(), (None, None, false, slf.get().nsec())))
    }
}

/// Arguments that make a timespan of its stored ends.
type Ends = (Option<i64>, Option<i64>, bool, (i64, i64));

impl Bound1 {
    fn instant(&self) -> Option<i64> {
        match self {
            Self::At(ns) => Some(*ns),
            Self::Open | Self::Empty => None,
        }
    }
}
