//! Tree → Python object.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use salver_core::{Error, ErrorKind, Op};
use salver_tree::Tree;

use super::{About, PyTable, PyTagged, array};
use crate::errors::raise;
use crate::refs::PyRef;

/// Types that say nothing of the kind of object.
const PLAIN: [&str; 8] =
    ["object", "dict", "list", "int", "float", "str", "bool", "bytes"];

/// The object that a reader of `pytype` expects: plain types directly, others by their assembler;
/// tagged nodes inside become what their tags say.
///
/// # Errors
/// What the assembler raises; `UnsupportedError` for a node that has no Python form.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    tree: Tree,
    pytype: Option<&str>,
    about: &About<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let making = Making { py, about: Some(about) };
    let wants = pytype.filter(|t| *t != "object" && *t != "numpy.ndarray");
    match (tree, wants) {
        (Tree::Tagged(tagged), _) => {
            let value = making.value(tagged.tree)?.unbind();
            let (name, version) = (tagged.name, tagged.version);
            let tagged = PyTagged { name, version, value, note: None };
            making.assemble(tagged.into_pyobject(py)?.into_any(), pytype)
        }
        (tree @ Tree::Array(_), None) => making.value(tree),
        (tree @ (Tree::Array(_) | Tree::Table(_)), Some(_)) => {
            making.assemble(making.value(tree)?, pytype)
        }
        (tree, wants)
            if wants.is_none_or(|t| PLAIN.contains(&t))
                && pytype != Some("numpy.ndarray") =>
        {
            making.value(tree)
        }
        (tree, _) => making.assemble(making.value(tree)?, pytype),
    }
}

/// The plain object of a tree: dict, list, scalars, NumPy arrays, `Table`, `Tagged`.
pub(crate) fn plain(py: Python<'_>, tree: Tree) -> PyResult<Bound<'_, PyAny>> {
    Making { py, about: None }.value(tree)
}

/// How objects are made: with assemblers for tagged nodes, or without.
struct Making<'a, 'b, 'py> {
    py: Python<'py>,
    about: Option<&'a About<'b, 'py>>,
}

impl<'py> Making<'_, '_, 'py> {
    fn assemble(
        &self,
        value: Bound<'py, PyAny>,
        pytype: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static CALL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = self.py;
        let call = CALL.get_or_try_init(py, || {
            let module = py.import("salver.assemblers")?;
            Ok::<_, PyErr>(module.getattr("assemble")?.unbind())
        })?;
        match self.about {
            Some(about) => call.bind(py).call1((value, pytype, about.context(py)?)),
            None => Ok(value),
        }
    }

    fn value(&self, tree: Tree) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
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
            Tree::List(items) => self.list(items)?,
            Tree::Map(map) => {
                let dict = PyDict::new(py);
                for (i, (key, value)) in map.into_iter().enumerate() {
                    look(py, i)?;
                    dict.set_item(PyString::new(py, &key), self.value(value)?)?;
                }
                dict.into_any()
            }
            Tree::Array(array) => array::to_numpy(py, array)?,
            Tree::Table(table) => PyTable::new(table).into_pyobject(py)?.into_any(),
            Tree::Ref(leaf) => {
                let follow = self.about.and_then(About::follow);
                PyRef::new_of(*leaf, follow).into_pyobject(py)?.into_any()
            }
            Tree::Tagged(tagged) => {
                let value = self.value(tagged.tree)?.unbind();
                let (name, version) = (tagged.name, tagged.version);
                let tagged = PyTagged { name, version, value, note: None };
                self.assemble(tagged.into_pyobject(py)?.into_any(), None)?
            }
            other => {
                let message = "this kind of node has no Python form";
                let error =
                    Error::new(ErrorKind::Unsupported, Op("python.from_tree"), message);
                return Err(raise(py, &error.with("kind", other.kind())));
            }
        })
    }

    fn list(&self, items: Vec<Tree>) -> PyResult<Bound<'py, PyAny>> {
        let list = PyList::empty(self.py);
        for (i, item) in items.into_iter().enumerate() {
            look(self.py, i)?;
            list.append(self.value(item)?)?;
        }
        Ok(list.into_any())
    }
}

/// Looks for Ctrl-C once in many items.
pub(super) fn look(py: Python<'_>, item: usize) -> PyResult<()> {
    if item & 0xFFFF == 0xFFFF { py.check_signals() } else { Ok(()) }
}

/// An instant, as the assemblers spell it.
fn time(py: Python<'_>, tai_ns: i64) -> PyResult<Bound<'_, PyAny>> {
    py.import("salver.assemblers")?.getattr("time")?.call1((tai_ns,))
}
