//! Python object → tree.

use bytes::Bytes;
use numpy::PyUntypedArray;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    IntoPyDict as _, PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList,
    PyMapping, PyString, PyTuple,
};
use salver_core::{Error, ErrorKind, Op};
use salver_tree::{Map, Tagged, Tree};

use super::to_python::look;
use super::{About, PyTable, PyTagged, array};
use crate::errors::{ToPy, raise};
use crate::refs::leaf_of;

const OP: Op = Op("python.to_tree");

/// How deep lists and dicts may nest.
const MAX_DEPTH: usize = 200;

/// The tree of a Python object.
///
/// # Errors
/// `InvalidInputError` where a key is not text, a number is out of range, or no assembler knows the
/// object's type.
pub(crate) fn to_tree(object: &Bound<'_, PyAny>) -> PyResult<Tree> {
    convert(object, 0, &About::nothing())
}

/// Types of storage classes that say nothing of the kind of object.
const ANY: [&str; 4] = ["object", "dict", "list", "set"];

/// The tree of an object for a storage class of `pytype`: a class that says the kind itself has it
/// without a tag where its assembler knows such a form.
///
/// # Errors
/// As [`to_tree`].
pub(crate) fn tree_for<'py>(
    object: &Bound<'py, PyAny>,
    pytype: Option<&str>,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    let plain = object.is_exact_instance_of::<PyDict>()
        || object.is_exact_instance_of::<PyList>();
    if pytype.is_none_or(|pytype| plain || ANY.contains(&pytype)) {
        return convert(object, 0, about);
    }
    if let Some(Tree::Array(array)) = numpy_array(object)? {
        return Ok(Tree::Array(array));
    }
    match disassemble(object, about, true)? {
        Some(plain) => convert(&plain, 1, about),
        None => convert(object, 0, about),
    }
}

fn numpy_array(object: &Bound<'_, PyAny>) -> PyResult<Option<Tree>> {
    if module_of(object)? == "numpy" && object.get_type().name()? == "ndarray" {
        return array::from_numpy(object);
    }
    Ok(None)
}

fn convert<'py>(
    object: &Bound<'py, PyAny>,
    depth: usize,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    if depth > MAX_DEPTH {
        let error = Error::new(ErrorKind::InvalidInput, OP, "the value nests too deep");
        return Err(raise(object.py(), &error.with("levels", MAX_DEPTH)));
    }
    if let Ok(text) = object.cast_exact::<PyString>() {
        return text.extract().map(Tree::Str);
    }
    if let Ok(number) = object.cast_exact::<PyInt>() {
        return int(number);
    }
    if let Ok(number) = object.cast_exact::<PyFloat>() {
        return number.extract().map(Tree::Float);
    }
    if let Ok(map) = object.cast_exact::<PyDict>() {
        return dict(map, depth, about);
    }
    if let Ok(list) = object.cast_exact::<PyList>() {
        let items = list.iter().enumerate().map(|(i, item)| {
            look(object.py(), i)?;
            convert(&item, depth + 1, about)
        });
        return items.collect::<PyResult<_>>().map(Tree::List);
    }
    if object.is_none() {
        return Ok(Tree::Null);
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(Tree::Bool(flag.is_true()));
    }
    less_common(object, depth, about)
}

/// Subclasses of the plain types, bytes, and what is not plain.
fn less_common<'py>(
    object: &Bound<'py, PyAny>,
    depth: usize,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Tree::Bytes(Bytes::copy_from_slice(bytes.as_bytes())));
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return Ok(Tree::Bytes(bytes.to_vec().into()));
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        let items = tuple.iter().map(|item| convert(&item, depth + 1, about));
        return items.collect::<PyResult<_>>().map(Tree::List);
    }
    if let Ok(table) = object.cast::<PyTable>() {
        return Ok(Tree::Table(table.get().tree().clone()));
    }
    if let Ok(tagged) = object.cast::<PyTagged>() {
        let tagged = tagged.get();
        let tree = convert(tagged.value.bind(object.py()), depth + 1, about)?;
        let tagged = Tagged { name: tagged.name.clone(), version: tagged.version, tree };
        return Ok(Tree::Tagged(Box::new(tagged)));
    }
    if let Some(leaf) = leaf_of(object)? {
        return Ok(Tree::Ref(Box::new(leaf)));
    }
    if module_of(object)? == "numpy"
        && let Some(found) = numpy(object, depth, about)?
    {
        return Ok(found);
    }
    subclass_or_assembler(object, depth, about)
}

/// The top part of the name of the module that defines the object's type.
fn module_of(object: &Bound<'_, PyAny>) -> PyResult<String> {
    match object.get_type().module() {
        Ok(name) => name.extract(),
        Err(_) => Ok(String::new()),
    }
}

/// NumPy's arrays and scalars; `None` for what needs an assembler.
fn numpy<'py>(
    object: &Bound<'py, PyAny>,
    depth: usize,
    about: &About<'_, 'py>,
) -> PyResult<Option<Tree>> {
    let name = object.get_type().name()?;
    if name == "ndarray" {
        return array::from_numpy(object);
    }
    if !object.hasattr(intern!(object.py(), "dtype"))?
        || object.cast::<PyUntypedArray>().is_ok()
        || name == "datetime64"
        || name == "timedelta64"
        || name == "void"
    {
        return Ok(None);
    }
    let item = object.call_method0(intern!(object.py(), "item"))?;
    if item.get_type().is(object.get_type()) {
        return Ok(None);
    }
    convert(&item, depth + 1, about).map(Some)
}

fn subclass_or_assembler<'py>(
    object: &Bound<'py, PyAny>,
    depth: usize,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    let py = object.py();
    if let Some(plain) = disassemble(object, about, false)? {
        return convert(&plain, depth + 1, about);
    }
    if let Ok(text) = object.cast::<PyString>() {
        return text.extract().map(Tree::Str);
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return int(number);
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return number.extract().map(Tree::Float);
    }
    if object.hasattr(intern!(py, "__arrow_c_stream__"))? {
        return PyTable::import(object).map(Tree::Table);
    }
    if let Ok(map) = object.cast::<PyMapping>() {
        let copy = py.get_type::<PyDict>().call1((map,))?.cast_into::<PyDict>()?;
        return dict(&copy, depth, about);
    }
    if object.cast::<PyList>().is_ok() || object.cast::<PyTuple>().is_ok() {
        let items = object.try_iter()?.map(|item| convert(&item?, depth + 1, about));
        return items.collect::<PyResult<_>>().map(Tree::List);
    }
    let error = Error::new(ErrorKind::InvalidInput, OP, "no assembler knows this type of object")
        .with("type", object.get_type().fully_qualified_name()?)
        .hint("plain values, NumPy arrays, Arrow tables and what `salver.assemblers.known()` lists can be put");
    Err(raise(py, &error))
}

/// Asks the assemblers in Python; `None` where none knows the type.
fn disassemble<'py>(
    object: &Bound<'py, PyAny>,
    about: &About<'_, 'py>,
    bare: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    static CALL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let call = CALL.get_or_try_init(py, || {
        let module = py.import("salver.assemblers")?;
        Ok::<_, PyErr>(module.getattr("disassemble")?.unbind())
    })?;
    let bare = [(intern!(py, "bare"), bare)].into_py_dict(py)?;
    let plain = call.bind(py).call((object, about.context(py)?), Some(&bare))?;
    Ok(if plain.is(object) { None } else { Some(plain) })
}

fn int(number: &Bound<'_, PyInt>) -> PyResult<Tree> {
    if let Ok(small) = number.extract::<i64>() {
        return Ok(Tree::Int(small.into()));
    }
    if let Ok(large) = number.extract::<u64>() {
        return Ok(Tree::Int(large.into()));
    }
    let error = Error::new(ErrorKind::InvalidInput, OP, "a whole number too large")
        .with("value", number)
        .hint("whole numbers are −2⁶³ … 2⁶⁴−1");
    Err(raise(number.py(), &error))
}

fn dict<'py>(
    map: &Bound<'py, PyDict>,
    depth: usize,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    let mut out = Map::new();
    for (i, (key, value)) in map.iter().enumerate() {
        look(map.py(), i)?;
        let Ok(name) = key.cast::<PyString>() else {
            let error =
                Error::new(ErrorKind::InvalidInput, OP, "a key of a dict is not text")
                    .with("key", &key)
                    .with("type", key.get_type().name()?);
            return Err(raise(map.py(), &error));
        };
        out.insert(name.extract::<String>()?, convert(&value, depth + 1, about)?);
    }
    Ok(Tree::Map(out))
}

/// Parameters and other maps of plain values.
pub(crate) fn to_map(object: &Bound<'_, PyAny>) -> PyResult<Map> {
    match to_tree(object)? {
        Tree::Map(map) => Ok(map),
        other => {
            let error = Error::new(ErrorKind::InvalidInput, OP, "not a dict");
            Err::<Map, _>(error.with("kind", other.kind())).to_py(object.py())
        }
    }
}
