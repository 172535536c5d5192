//! Datasets made of parts of others.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver::GetOptions;
use salver_model::DatasetRef;

use super::PyButler;
use super::arguments::{Asked, asked};
use super::read::parameters;
use super::write::{Target, tree_of};
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, pairs_of, refs_of};
use crate::value::{About, to_python, to_tree};

/// Dataset type, data ID, more of it, run.
type Named<'a, 'py> = (
    &'a str,
    Option<&'a Bound<'py, PyAny>>,
    Option<&'a Bound<'py, PyDict>>,
    Option<&'a str>,
);

/// Components by name, each with the ref it is linked to.
fn parts_of(parts: &Bound<'_, PyDict>) -> PyResult<Vec<(String, DatasetRef)>> {
    let mut found = Vec::with_capacity(parts.len());
    for (name, source) in parts.iter() {
        let source = source.cast::<PyDatasetRef>()?.get().dataset.clone();
        found.push((name.extract()?, source));
    }
    Ok(found)
}

impl PyButler {
    /// A dataset of links alone.
    pub(super) fn link_parts(
        &self,
        (name, data_id, more, run): Named<'_, '_>,
        parts: &Bound<'_, PyDict>,
    ) -> PyResult<PyDatasetRef> {
        let py = parts.py();
        let butler = self.inner(py)?;
        let pairs = pairs_of(data_id, more)?;
        let parts = parts_of(parts)?;
        let made = detached(py, move || butler.link(name, &pairs, &parts, run));
        Ok(PyDatasetRef::new_of(made.to_py(py)?, &self.shared))
    }

    /// An object of which some components are in other datasets.
    pub(super) fn store_parts(
        &self,
        py: Python<'_>,
        object: &Bound<'_, PyAny>,
        target: &Target<'_, '_>,
        (parts, base): (Option<&Bound<'_, PyDict>>, Option<&PyDatasetRef>),
    ) -> PyResult<PyDatasetRef> {
        let butler = self.inner(py)?;
        let dataset = match asked(target.what)? {
            Asked::Ref(dataset) => dataset.clone(),
            Asked::Name(name) => {
                let pairs = pairs_of(target.data_id, target.more)?;
                butler.new_ref(name, &pairs, target.run, None).to_py(py)?
            }
        };
        let tree = if object.is_none() {
            None
        } else {
            let name = dataset.dataset_type.name();
            Some(match self.class_named(py, &butler, name) {
                Some(class) => {
                    tree_of(object, &class, &About::of(&dataset.data_id, None))?
                }
                None => to_tree(object)?,
            })
        };
        let parts = parts.map_or_else(|| Ok(Vec::new()), parts_of)?;
        let base = base.map(|base| base.dataset.clone());
        let made = detached(py, move || match (&base, &tree) {
            (Some(base), Some(tree)) => butler.put_over(tree, &dataset, (base, &parts)),
            _ => butler.put_parts(tree.as_ref(), &dataset, &parts),
        });
        Ok(PyDatasetRef::new_of(made.to_py(py)?, &self.shared))
    }

    /// Many datasets, in order.
    pub(super) fn read_many<'py>(
        &self,
        refs: &Bound<'py, PyAny>,
        given: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = refs.py();
        let butler = self.inner(py)?;
        let refs = refs_of(refs)?;
        let options =
            GetOptions { parameters: parameters(given)?, ..GetOptions::default() };
        let found = detached(py, || butler.get_many(&refs, &options));
        let found = found.map_err(|e| raise(py, &e))?;
        let mut out = Vec::with_capacity(found.len());
        for (dataset, tree) in refs.iter().zip(found) {
            let class = self.shared.classes.get(dataset.dataset_type.storage_class());
            let class = class.to_py(py)?;
            let about = About::of(&dataset.data_id, given);
            out.push(to_python(py, tree, Some(&class.pytype), &about)?);
        }
        Ok(out)
    }

    /// Datasets in the layout of now.
    pub(super) fn pack_again(&self, refs: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = refs.py();
        let butler = self.inner(py)?;
        let refs = refs_of(refs)?;
        let all = detached(py, move || {
            refs.iter().try_fold(0, |n, dataset| Ok(n + butler.repack(dataset)?))
        });
        all.to_py(py)
    }
}
