//! Tree → Python object.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use salver_core::{Error, ErrorKind, Op};
use salver_tree::{RefLeaf, Tree};

use super::{PyTable, PyTagged, array};
use crate::errors::raise;

/// The object that a reader of `pytype` expects: plain types directly, others by their assembler.
///
/// # Errors
/// What the assembler raises; `UnsupportedError` for a node that has no Python form.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    tree: Tree,
    pytype: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    match (pytype, &tree) {
        (
            None | Some("dict" | "list" | "int" | "float" | "str" | "bool"),
            Tree::Tagged(_),
        )
        | (
            Some("dict" | "list" | "int" | "float" | "str" | "bool" | "bytes"),
            Tree::Array(_) | Tree::Table(_),
        ) => assemble(py, plain(py, tree)?, pytype),
        (
            None | Some("dict" | "list" | "int" | "float" | "str" | "bool" | "bytes"),
            _,
        )
        | (Some("numpy.ndarray"), Tree::Array(_)) => plain(py, tree),
        _ => assemble(py, plain(py, tree)?, pytype),
    }
}

fn assemble<'py>(
    py: Python<'py>,
    value: Bound<'py, PyAny>,
    pytype: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    static CALL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let call = CALL.get_or_try_init(py, || {
        let module = py.import("salver.assemblers")?;
        Ok::<_, PyErr>(module.getattr("assemble")?.unbind())
    })?;
    call.bind(py).call1((value, pytype))
}

/// The plain object of a tree: dict, list, scalars, NumPy arrays, `Table`, `Tagged`.
pub(crate) fn plain(py: Python<'_>, tree: Tree) -> PyResult<Bound<'_, PyAny>> {
    Ok(match tree {
        Tree::Null => py.None().into_bound(py),
        Tree::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Tree::Int(number) => match i64::try_from(number) {
            Ok(small) => small.into_pyobject(py)?.into_any(),
            Err(_) => number.into_pyobject(py)?.into_any(),
        },
        Tree::Float(number) => number.into_pyobject(py)?.into_any(),
        Tree::Str(text) => PyString::new(py, &text).into_any(),
        Tree::Bytes(bytes) => PyBytes::new(py, &bytes).into_any(),
        Tree::Time(tai_ns) => time(py, tai_ns)?,
        Tree::List(items) => {
            let list = PyList::empty(py);
            for (i, item) in items.into_iter().enumerate() {
                look(py, i)?;
                list.append(plain(py, item)?)?;
            }
            list.into_any()
        }
        Tree::Map(map) => {
            let dict = PyDict::new(py);
            for (i, (key, value)) in map.into_iter().enumerate() {
                look(py, i)?;
                dict.set_item(PyString::new(py, &key), plain(py, value)?)?;
            }
            dict.into_any()
        }
        Tree::Array(array) => array::to_numpy(py, array)?,
        Tree::Table(table) => PyTable::new(table).into_pyobject(py)?.into_any(),
        Tree::Ref(leaf) => reference(py, *leaf)?,
        Tree::Tagged(tagged) => {
            let value = plain(py, tagged.tree)?.unbind();
            let tagged = PyTagged { name: tagged.name, version: tagged.version, value };
            tagged.into_pyobject(py)?.into_any()
        }
        other => {
            let message = "this kind of node has no Python form";
            let error =
                Error::new(ErrorKind::Unsupported, Op("python.from_tree"), message);
            return Err(raise(py, &error.with("kind", other.kind())));
        }
    })
}

/// Looks for Ctrl-C once in many items.
pub(super) fn look(py: Python<'_>, item: usize) -> PyResult<()> {
    if item & 0xFFFF == 0xFFFF { py.check_signals() } else { Ok(()) }
}

/// An instant, as the assemblers spell it.
fn time(py: Python<'_>, tai_ns: i64) -> PyResult<Bound<'_, PyAny>> {
    py.import("salver.assemblers")?.getattr("time")?.call1((tai_ns,))
}

/// A reference, in its spelling in JSON.
fn reference(py: Python<'_>, leaf: RefLeaf) -> PyResult<Bound<'_, PyAny>> {
    let inner = PyDict::new(py);
    inner.set_item("id", leaf.id.map(|id| id.to_string()))?;
    inner.set_item("dataset_type", leaf.dataset_type)?;
    let data_id = PyDict::new(py);
    for (key, value) in leaf.data_id {
        data_id.set_item(key, plain(py, value)?)?;
    }
    inner.set_item("data_id", data_id)?;
    inner.set_item("run", leaf.run)?;
    if let Some(component) = leaf.component {
        inner.set_item("component", component)?;
    }
    let outer = PyDict::new(py);
    outer.set_item("$ref", inner)?;
    Ok(outer.into_any())
}
