//! Writing and removing.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use salver::{Butler, FileDataset, Prune, PutOptions, RunRemoval};
use salver_core::{Error, ErrorKind, Op};
use salver_datastore::IngestMode;
use salver_model::LinkKind;
use salver_model::StorageClass;
use salver_tree::{RefLeaf, Tree};

use super::PyButler;
use super::arguments::{Asked, asked, collections};
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, PyFileDataset, pairs_of, refs_of};
use crate::refs::references_of;
use crate::value::{About, to_tree, tree_for};

/// Where an object goes.
pub(super) struct Target<'a, 'py> {
    pub(super) what: &'a Bound<'py, PyAny>,
    pub(super) data_id: Option<&'a Bound<'py, PyAny>>,
    pub(super) more: Option<&'a Bound<'py, PyDict>>,
    pub(super) run: Option<&'a str>,
    pub(super) options: PutOptions,
}

/// The tree of an object for a storage class: a dict of columns is a table where the class says so.
pub(crate) fn tree_of<'py>(
    object: &Bound<'py, PyAny>,
    class: &StorageClass,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    if class.name == "ArrowNumpyDict" && object.cast::<PyDict>().is_ok() {
        let module = object.py().import("salver.assemblers._numpy")?;
        return to_tree(&module.call_method1("table_from_columns", (object,))?);
    }
    tree_for(object, Some(&class.pytype), about)
}

/// How files are taken in; `None` is in place.
fn mode_of(py: Python<'_>, transfer: Option<&str>) -> PyResult<IngestMode> {
    let wanted = transfer.unwrap_or("none");
    let found = IngestMode::ALL.iter().find(|(_, name)| *name == wanted);
    found.map(|(mode, _)| *mode).ok_or_else(|| {
        let names: Vec<_> = IngestMode::ALL.iter().map(|(_, name)| *name).collect();
        let error = Error::new(
            ErrorKind::InvalidInput,
            Op("butler.ingest"),
            "unknown transfer mode",
        )
        .with("transfer", wanted)
        .hint(format!("one of {}", names.join(", ")));
        raise(py, &error)
    })
}

/// Who runs the program, for tombstones.
#[expect(clippy::disallowed_methods, reason = "the package reads the environment")]
fn whose() -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok())
}

/// What a put is told of references.
pub(super) fn put_options(
    inputs: Option<&Bound<'_, PyAny>>,
    names: Option<&Bound<'_, PyAny>>,
    [allow_unresolved, allow_dangling]: [bool; 2],
) -> PyResult<PutOptions> {
    let mut found = Vec::new();
    if let Some(inputs) = inputs.filter(|inputs| !inputs.is_none()) {
        for input in inputs.try_iter()? {
            let input = input?;
            match input.extract::<(String, Bound<'_, PyAny>)>() {
                Ok((kind, target)) => {
                    let kind = kind.parse::<LinkKind>().to_py(input.py())?;
                    found.push((kind, one_reference(&target)?));
                }
                Err(_) => found.push((LinkKind::Used, one_reference(&input)?)),
            }
        }
    }
    let collections = collections(names)?;
    Ok(PutOptions { inputs: found, collections, allow_unresolved, allow_dangling })
}

fn one_reference(object: &Bound<'_, PyAny>) -> PyResult<RefLeaf> {
    let list = pyo3::types::PyList::new(object.py(), [object])?;
    Ok(references_of(&list)?.pop().unwrap_or_else(|| RefLeaf::partial("", Vec::new())))
}

/// Refuses combinations of flags that Gen3 refuses.
fn prune_flags(
    py: Python<'_>,
    [disassociate, unstore, purge]: [bool; 3],
    no_tags: bool,
) -> PyResult<()> {
    let message = match (purge, disassociate, unstore) {
        (true, false, _) => "purge needs disassociate",
        (true, true, false) => "purge needs unstore",
        (false, true, _) if no_tags => "disassociate needs tags, or purge",
        (false, false, false) => "nothing to do",
        _ => return Ok(()),
    };
    let error = Error::new(ErrorKind::InvalidInput, Op("butler.prune_datasets"), message);
    Err(raise(py, &error.hint("unstore; tags with disassociate; or purge with both")))
}

impl PyButler {
    /// Stores an object.
    pub(super) fn store(
        &self,
        py: Python<'_>,
        object: &Bound<'_, PyAny>,
        target: &Target<'_, '_>,
    ) -> PyResult<PyDatasetRef> {
        let butler = self.inner(py)?;
        let made = match asked(target.what)? {
            Asked::Ref(dataset) => {
                if target.data_id.is_some()
                    || target.more.is_some()
                    || target.run.is_some()
                {
                    let message = "a ref says data ID and run already";
                    let error =
                        Error::new(ErrorKind::InvalidInput, Op("butler.put"), message);
                    return Err(raise(py, &error.with("dataset", dataset)));
                }
                let class = self.class_of(py, &dataset.dataset_type, None, None)?;
                let about = About::of(&dataset.data_id, None);
                let tree = tree_of(object, &class, &about)?;
                let options = &target.options;
                detached(py, move || butler.put_with(&tree, dataset, options))
            }
            Asked::Name(name) => {
                let pairs = pairs_of(target.data_id, target.more)?;
                let tree = match self.class_named(py, &butler, name) {
                    Some(class) => tree_of(object, &class, &About::given(&pairs))?,
                    None => to_tree(object)?, // the put says what is wrong with the name
                };
                let (run, options) = (target.run, &target.options);
                detached(py, move || {
                    let dataset = butler.new_ref(name, &pairs, run, None)?;
                    butler.put_with(&tree, &dataset, options)
                })
            }
        };
        match made {
            Ok(made) => Ok(PyDatasetRef::new_of(made, &self.shared)),
            Err(error) => self.write_foreign(object, target, &error),
        }
    }

    /// The storage class of a dataset type, where both are known; plain values need none.
    pub(super) fn class_named(
        &self,
        py: Python<'_>,
        butler: &Butler,
        name: &str,
    ) -> Option<Arc<StorageClass>> {
        let found = detached(py, || butler.registry().dataset_type(name)).ok()?;
        self.shared.classes.get(found.storage_class()).ok()
    }

    /// Ingests files.
    pub(super) fn take_in(
        &self,
        datasets: &Bound<'_, PyTuple>,
        transfer: Option<&str>,
        skip_existing: bool,
    ) -> PyResult<()> {
        let py = datasets.py();
        let butler = self.inner(py)?;
        let mut files = Vec::with_capacity(datasets.len());
        for item in datasets {
            let file = item.cast::<PyFileDataset>()?.borrow();
            files.push(FileDataset {
                path: file.path_text(py)?,
                refs: refs_of(file.refs.bind(py))?,
                formatter: file.formatter_name(py)?,
            });
        }
        if skip_existing {
            let message = "passing over files that were ingested before";
            let error = Error::new(ErrorKind::Unsupported, Op("butler.ingest"), message);
            return Err(raise(py, &error));
        }
        let mode = mode_of(py, transfer)?;
        detached(py, move || butler.ingest(&files, mode)).to_py(py)
    }

    /// Prunes datasets; the flags are disassociate, unstore, purge.
    pub(super) fn prune(
        &self,
        refs: &Bound<'_, PyAny>,
        [disassociate, unstore, purge]: [bool; 3],
        tags: Option<&Bound<'_, PyAny>>,
        force: bool,
    ) -> PyResult<()> {
        let py = refs.py();
        let butler = self.inner(py)?;
        let refs = refs_of(refs)?;
        let tags = collections(tags)?.unwrap_or_default();
        prune_flags(py, [disassociate, unstore, purge], tags.is_empty())?;
        let disassociate = if disassociate { tags } else { Vec::new() };
        let by = whose();
        let how = Prune { disassociate, unstore, purge, force, by, ..Prune::default() };
        detached(py, move || butler.prune_datasets(&refs, &how)).to_py(py)
    }

    /// Removes runs.
    pub(super) fn drop_runs(
        &self,
        names: &Bound<'_, PyAny>,
        unstore: bool,
        unlink_from_chains: bool,
        force: bool,
    ) -> PyResult<()> {
        let py = names.py();
        if names.cast::<PyString>().is_ok() {
            let message = "a list of runs is wanted, not one name";
            let error =
                Error::new(ErrorKind::InvalidInput, Op("butler.remove_runs"), message);
            return Err(raise(py, &error.with("names", names)));
        }
        let butler = self.inner(py)?;
        let names = collections(Some(names))?.unwrap_or_default();
        let _ = unstore;
        let how = RunRemoval { unlink_from_chains, force, by: whose() };
        detached(py, move || butler.remove_runs(&names, &how)).to_py(py).map(drop)
    }
}
