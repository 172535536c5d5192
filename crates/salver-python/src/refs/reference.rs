//! `salver.Ref`.

#![expect(
    non_snake_case,
    clippy::too_many_arguments,
    reason = "names and arguments are those of Gen3"
)]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use salver::{GetOptions, ref_leaf};
use salver_core::{Error, ErrorKind, Op};
use salver_model::{DataValue, StorageClass};
use salver_tree::{Map, RefLeaf, Tree};

use super::Follow;
use crate::Reduced;
use crate::butler::PyHandle;
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, class_name, pairs_of, py_data_value, uuid_of};
use crate::value::{About, plain, to_map, to_python};

const OP: Op = Op("ref");

/// A reference to another dataset, held in an object: put, it becomes a link; read, it is a handle
/// that loads nothing until `get` is called.
#[pyclass(module = "salver", name = "Ref", frozen)]
#[derive(Debug)]
pub(crate) struct PyRef {
    pub(crate) leaf: Arc<RefLeaf>,
    pub(crate) follow: Option<Arc<Follow>>,
}

/// The reference that an object is: ours, a `DatasetRef` or a deferred handle, of `salver` or of
/// `lsst.daf.butler`; `None` for anything else.
pub(crate) fn leaf_of(object: &Bound<'_, PyAny>) -> PyResult<Option<RefLeaf>> {
    if let Ok(reference) = object.cast::<PyRef>() {
        return Ok(Some((*reference.get().leaf).clone()));
    }
    if let Ok(dataset) = object.cast::<PyDatasetRef>() {
        return Ok(Some(ref_leaf(&dataset.get().dataset)));
    }
    if let Ok(handle) = object.cast::<PyHandle>() {
        return handle.get().leaf(object.py()).map(Some);
    }
    let kind = object.get_type();
    if !kind.module()?.to_string_lossy().starts_with("lsst.daf.butler") {
        return Ok(None);
    }
    match kind.name()?.to_string_lossy().as_ref() {
        "DatasetRef" => foreign(object).map(Some),
        "DeferredDatasetHandle" => {
            let mut leaf = foreign(&object.getattr(intern!(object.py(), "ref"))?)?;
            let given = object.getattr(intern!(object.py(), "parameters"))?;
            if given.is_truthy()? {
                leaf.parameters = Some(to_map(&given)?);
            }
            Ok(Some(leaf))
        }
        _ => Ok(None),
    }
}

/// A `DatasetRef` of `lsst.daf.butler`.
fn foreign(object: &Bound<'_, PyAny>) -> PyResult<RefLeaf> {
    let name: String = object.getattr("datasetType")?.getattr("name")?.extract()?;
    let data_id = object.getattr("dataId")?.getattr("required")?;
    let pairs = leaf_pairs(pairs_of(Some(&data_id), None)?);
    let id = uuid_of(&object.getattr("id")?)?;
    let (name, component) = match name.split_once('.') {
        Some((name, component)) => (name, Some(component.to_owned())),
        None => (name.as_str(), None),
    };
    let run = Some(object.getattr("run")?.extract()?);
    Ok(RefLeaf { run, component, ..RefLeaf::new(id, name, pairs) })
}

fn leaf_pairs(pairs: Vec<(String, DataValue)>) -> Vec<(String, Tree)> {
    let value = |value| match value {
        DataValue::Int(n) => Tree::from(n),
        DataValue::Str(text) => Tree::from(&*text),
    };
    pairs.into_iter().map(|(name, v)| (name, value(v))).collect()
}

/// The references of an iterable; the first thing that is none is an error.
pub(crate) fn references_of(objects: &Bound<'_, PyAny>) -> PyResult<Vec<RefLeaf>> {
    objects.try_iter()?.map(|object| required(&object?)).collect()
}

fn required(object: &Bound<'_, PyAny>) -> PyResult<RefLeaf> {
    leaf_of(object)?.ok_or_else(|| {
        let error = Error::new(ErrorKind::InvalidInput, OP, "not a reference")
            .with("type", object.get_type())
            .hint("give a Ref, a DatasetRef, a deferred handle, or a dataset type and a data ID");
        raise(object.py(), &error)
    })
}

impl PyRef {
    pub(crate) fn new_of(leaf: RefLeaf, follow: Option<Arc<Follow>>) -> Self {
        Self { leaf: Arc::new(leaf), follow }
    }

    fn follow(&self, py: Python<'_>) -> PyResult<&Arc<Follow>> {
        self.follow.as_ref().ok_or_else(|| {
            let message = "the reference was made or read outside of a repository";
            let error = Error::new(ErrorKind::Unsupported, OP, message)
                .code_of("no_repository")
                .with("reference", &self.leaf)
                .hint("`butler.resolve(ref)` follows it in a repository");
            raise(py, &error)
        })
    }

    /// The object that was read for a reference.
    pub(crate) fn object<'py>(
        py: Python<'py>,
        follow: &Arc<Follow>,
        leaf: &RefLeaf,
        tree: Tree,
        class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = class_for(py, follow, leaf, class)?;
        let pairs: Vec<(String, DataValue)> = values(leaf);
        let about = About::given(&pairs).following(&follow.butler, &follow.shared);
        to_python(py, tree, Some(&class.pytype), &about)
    }
}

fn values(leaf: &RefLeaf) -> Vec<(String, DataValue)> {
    let value = |value: &Tree| match value {
        Tree::Str(text) => Some(DataValue::from(text.as_str())),
        other => other.as_int().map(DataValue::from),
    };
    leaf.data_id.iter().filter_map(|(n, v)| Some((n.clone(), value(v)?))).collect()
}

fn class_for(
    py: Python<'_>,
    follow: &Follow,
    leaf: &RefLeaf,
    asked: Option<&Bound<'_, PyAny>>,
) -> PyResult<Arc<StorageClass>> {
    let classes = &follow.shared.classes;
    if let Some(asked) = asked
        && !asked.is_none()
    {
        return classes.get(&class_name(asked)?).to_py(py);
    }
    let (name, own) = match leaf.dataset_type.split_once('.') {
        Some((name, component)) => (name, Some(component)),
        None => (leaf.dataset_type.as_str(), None),
    };
    let found = detached(py, || follow.butler.registry().dataset_type(name)).to_py(py)?;
    let class = classes.get(found.storage_class()).to_py(py)?;
    let component = leaf.component.as_deref().or(own);
    match component.and_then(|name| class.component(name)) {
        Some(name) => classes.get(name).to_py(py),
        None => Ok(class),
    }
}

#[pymethods]
impl PyRef {
    #[new]
    #[pyo3(signature = (target, data_id=None, *, id=None, run=None, component=None,
        parameters=None, **kwargs))]
    fn new(
        target: &Bound<'_, PyAny>,
        data_id: Option<&Bound<'_, PyAny>>,
        id: Option<&Bound<'_, PyAny>>,
        run: Option<String>,
        component: Option<String>,
        parameters: Option<&Bound<'_, PyDict>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut leaf = if let Ok(name) = target.cast::<PyString>() {
            let name: String = name.extract()?;
            let (name, part) = match name.split_once('.') {
                Some((name, part)) => (name.to_owned(), Some(part.to_owned())),
                None => (name, None),
            };
            let pairs = leaf_pairs(pairs_of(data_id, kwargs)?);
            RefLeaf { component: part, ..RefLeaf::partial(&name, pairs) }
        } else {
            if data_id.is_some() || kwargs.is_some() {
                let message = "a ref says the data ID already";
                let error = Error::new(ErrorKind::InvalidInput, OP, message);
                return Err(raise(target.py(), &error));
            }
            required(target)?
        };
        if let Some(id) = id {
            leaf.id = Some(uuid_of(id)?);
        }
        leaf.run = run.or(leaf.run);
        leaf.component = component.or(leaf.component);
        if let Some(parameters) = parameters {
            leaf.parameters = Some(to_map(parameters)?);
        }
        let follow = target.cast::<Self>().ok().and_then(|r| r.get().follow.clone());
        Ok(Self::new_of(leaf, follow))
    }

    /// The dataset's identifier; `None` while the reference is unresolved.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.leaf.id.map(|id| crate::model::py_uuid(py, id)).transpose()
    }

    /// Name of the dataset type.
    #[getter]
    fn dataset_type(&self) -> &str {
        &self.leaf.dataset_type
    }

    /// Dimension values by name.
    #[getter]
    fn data_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        for (name, value) in values(&self.leaf) {
            out.set_item(name, py_data_value(py, &value)?)?;
        }
        Ok(out)
    }

    /// Dimension values by name, as Gen3's handles call them.
    #[getter(dataId)]
    fn data_id_gen3<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.data_id(py)
    }

    /// The run that holds the dataset, where known.
    #[getter]
    fn run(&self) -> Option<&str> {
        self.leaf.run.as_deref()
    }

    /// The component that is meant, if not the whole.
    #[getter]
    fn component(&self) -> Option<&str> {
        self.leaf.component.as_deref()
    }

    /// Read parameters that every `get` applies.
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let given = self.leaf.parameters.clone();
        given.map(|map| plain(py, Tree::Map(map))).transpose()
    }

    /// The dataset's ref, as the repository that the reference was read from has it.
    #[getter]
    fn r#ref(&self, py: Python<'_>) -> PyResult<PyDatasetRef> {
        let follow = self.follow(py)?;
        let leaf = &self.leaf;
        let found = detached(py, || follow.butler.follow(leaf, None)).to_py(py)?;
        Ok(PyDatasetRef::new_of(found, &follow.shared))
    }

    /// Reads what is referred to; arguments go over those of the reference.
    #[pyo3(signature = (component=None, *, parameters=None, storageClass=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        component: Option<&str>,
        parameters: Option<&Bound<'py, PyDict>>,
        storageClass: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let follow = self.follow(py)?;
        let mut leaf = (*self.leaf).clone();
        if let Some(component) = component {
            leaf.component = Some(component.to_owned());
        }
        if let Some(parameters) = parameters {
            let own = leaf.parameters.take().unwrap_or_default();
            let all = own.into_iter().chain(to_map(parameters)?);
            leaf.parameters = Some(all.collect::<Map>());
        }
        let options = GetOptions::default();
        let read = detached(py, || follow.butler.resolve_with(&[&leaf], &options));
        let tree = read.to_py(py)?.pop().unwrap_or(Tree::Null);
        Self::object(py, follow, &leaf, tree, storageClass)
    }

    /// The reference as JSON text: what `$ref` and columns of references hold.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        self.leaf.to_text().to_py(py)
    }

    /// Reads what `to_json` gives.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        Ok(Self::new_of(RefLeaf::from_text(text).to_py(py)?, None))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| *other.get().leaf == *self.leaf)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.leaf.id.hash(&mut hasher);
        self.leaf.dataset_type.hash(&mut hasher);
        self.leaf.component.hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!("Ref({})", self.leaf)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (String,)> {
        let text = slf.get().to_json(slf.py())?;
        Ok((slf.get_type().getattr("from_json")?, (text,)))
    }
}
