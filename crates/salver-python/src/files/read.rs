//! Reading.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_formats::fits::{HduName, read_image};
use salver_store::Local;
use salver_tree::{BoxSelect, Format, MemorySource, Select, Source, Tree};

use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{pairs_of, path_text};
use crate::value::{About, plain, to_python};

const OP: Op = Op("python.read_file");

/// How many bytes tell a format.
const FIRST: u64 = 80;

/// The format of a name, else of a file name's ending, else of the first bytes.
fn format_of(
    name: Option<&str>,
    path: &str,
    source: &dyn Source,
) -> Result<Arc<dyn Format>> {
    if let Some(name) = name {
        return salver_formats::by_name(name).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, OP, "no format of this name")
                .with("format", name)
                .with("known", salver_formats::names().join(", "))
        });
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut dots = file.match_indices('.').filter_map(|(i, _)| file.get(i..));
    if let Some(found) = dots.find_map(salver_formats::by_extension) {
        return Ok(found);
    }
    let first = 0..source.len().min(FIRST);
    let first = source.read(&[first])?;
    let sniffed = first.first().and_then(|bytes| salver_formats::sniff(bytes));
    // bytes of text that is neither a mapping nor a list: what `dumps` makes of a plain value
    let plain = || salver_formats::by_name("json").filter(|_| path.is_empty());
    let sniffed = sniffed.or_else(plain);
    sniffed.ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            OP,
            "neither ending nor first bytes tell the format",
        )
        .with("path", path)
        .with("known", salver_formats::names().join(", "))
    })
}

/// Reads all of a file as a tree.
pub(crate) fn read_tree(path: String, format: Option<&str>) -> Result<Tree> {
    let source = Local::open_path(path.clone().into(), None)?;
    let format = format_of(format, &path, &*source)?;
    let index = Arc::new(format.index(&source)?);
    format.decode(&index, &Select::all(), &source)
}

/// Reads a file as the object that a storage class of `pytype` would be.
#[pyfunction]
#[pyo3(signature = (path, format=None, pytype=None, component=None, parameters=None, data_id=None))]
pub(crate) fn read_file<'py>(
    path: &Bound<'py, PyAny>,
    format: Option<String>,
    pytype: Option<&str>,
    component: Option<String>,
    parameters: Option<&Bound<'py, PyDict>>,
    data_id: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = path.py();
    let path = path_text(path)?;
    let mut select = match parameters {
        Some(given) => select_of(given)?,
        None => Select::all(),
    };
    if let Some(name) = component {
        select.part = Some(format!("/{}", name.replace('~', "~0").replace('/', "~1")));
    }
    let tree = detached(py, move || {
        let source = Local::open_path(path.clone().into(), None)?;
        let format = format_of(format.as_deref(), &path, &*source)?;
        let index = Arc::new(format.index(&source)?);
        format.decode(&index, &select, &source)
    });
    let values = pairs_of(data_id.map(Bound::as_any), None)?;
    to_python(py, tree.to_py(py)?, pytype, &About::read(&values, parameters))
}

/// Where a value is: in a file, or in bytes.
#[derive(FromPyObject)]
pub(crate) enum Place<'py> {
    Bytes(Vec<u8>),
    Path(Bound<'py, PyAny>),
}

/// What of a value is read.
fn select_of(given: &Bound<'_, PyDict>) -> PyResult<Select> {
    let mut select = Select::all();
    for (name, value) in given {
        let name: String = name.extract()?;
        if !value.is_none() && !["part", "columns", "box"].contains(&name.as_str()) {
            let message = "this parameter is not known outside of a butler of Salver";
            let error = Error::new(ErrorKind::Unsupported, OP, message);
            let error = error.with("parameter", name).hint("part, columns and box are");
            return Err(raise(given.py(), &error));
        }
    }
    if let Some(part) = given.get_item("part")? {
        select.part = Some(part.extract()?);
    }
    if let Some(columns) = given.get_item("columns")? {
        let one = || columns.extract().map(|name| vec![name]);
        select.columns = Some(columns.extract().or_else(|_| one())?);
    }
    if let Some(axes) = given.get_item("box")? {
        let axes: Vec<(i64, i64)> = axes.extract()?;
        let axes = axes.into_iter().map(|(start, stop)| start..stop);
        select.region = Some(BoxSelect(axes.collect()));
    }
    Ok(select)
}

/// Reads a value of a file or of bytes, or what is selected of it.
#[pyfunction]
#[pyo3(signature = (place, format, pytype, select))]
pub(crate) fn read_value<'py>(
    py: Python<'py>,
    place: Place<'py>,
    format: Option<String>,
    pytype: Option<&str>,
    select: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let select = select_of(select)?;
    let (path, bytes) = match place {
        Place::Bytes(bytes) => (String::new(), Some(bytes)),
        Place::Path(path) => (path_text(&path)?, None),
    };
    let tree = detached(py, move || {
        let source: Arc<dyn Source> = match bytes {
            Some(bytes) => Arc::new(MemorySource::new(bytes)),
            None => Local::open_path(path.clone().into(), None)?,
        };
        let format = format_of(format.as_deref(), &path, &*source)?;
        let index = Arc::new(format.index(&source)?);
        format.decode(&index, &select, &source)
    });
    to_python(py, tree.to_py(py)?, pytype, &About::nothing())
}

/// An HDU, by number or by `EXTNAME`.
#[derive(FromPyObject)]
pub(crate) enum AnyHdu {
    Number(usize),
    Name(String),
}

/// Reads the image of one HDU, or a box of it.
#[pyfunction]
#[pyo3(signature = (path, hdu, section=None))]
pub(crate) fn read_fits_image<'py>(
    py: Python<'py>,
    path: &Bound<'py, PyAny>,
    hdu: AnyHdu,
    section: Option<Vec<(i64, i64)>>,
) -> PyResult<Bound<'py, PyAny>> {
    let path = path_text(path)?;
    let array = detached(py, move || {
        let source = Local::open_path(path.into(), None)?;
        let section =
            section.map(|axes| BoxSelect(axes.into_iter().map(|(a, b)| a..b).collect()));
        let hdu = match &hdu {
            AnyHdu::Number(number) => HduName::Number(*number),
            AnyHdu::Name(name) => HduName::Name(name),
        };
        read_image(&*source, hdu, section.as_ref())
    });
    plain(py, Tree::Array(array.to_py(py)?))
}
