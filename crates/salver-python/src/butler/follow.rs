//! References and lineage.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyList;
use salver::GetOptions;
use salver_tree::RefLeaf;

use super::PyButler;
use super::arguments::collections;
use crate::errors::ToPy;
use crate::interrupt::detached;
use crate::model::{refs_of, uuid_of};
use crate::refs::{Follow, PyEdges, PyRef, exported, query_of, references_of};

/// What of the graph is asked for: roots, direction, depth, kinds, dataset types.
type Asked<'py> =
    (Bound<'py, PyAny>, String, Option<u32>, Option<Vec<String>>, Option<Vec<String>>);

fn query(asked: Asked<'_>) -> PyResult<salver_registry::LineageQuery> {
    let (roots, direction, depth, kinds, types) = asked;
    let ids = roots.try_iter()?.map(|id| uuid_of(&id?)).collect::<PyResult<_>>()?;
    query_of(roots.py(), ids, &direction, depth, kinds, types)
}

/// Edges of lineage, page by page.
#[pyfunction]
fn _edges(butler: &Bound<'_, PyButler>, asked: Asked<'_>) -> PyResult<PyEdges> {
    let py = butler.py();
    let follow = butler.get().follow(py)?;
    let query = query(asked)?;
    let edges = detached(py, || follow.butler.lineage(&query)).to_py(py)?;
    Ok(PyEdges::new_of(edges, follow))
}

/// Lineage in the words of another tool.
#[pyfunction]
fn _lineage_text(
    butler: &Bound<'_, PyButler>,
    form: &str,
    name: &str,
    asked: Asked<'_>,
) -> PyResult<String> {
    let py = butler.py();
    let butler = butler.get().inner(py)?;
    let query = query(asked)?;
    let edges = detached(py, || butler.lineage(&query)).to_py(py)?;
    exported(py, edges, form, name, butler.registry().tai_ns())
}

/// The objects of references, in their order.
#[pyfunction]
fn _resolve<'py>(
    butler: &Bound<'py, PyButler>,
    references: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = butler.py();
    let follow = Arc::new(butler.get().follow(py)?);
    let leaves = references_of(references)?;
    let all: Vec<&RefLeaf> = leaves.iter().collect();
    let options = GetOptions::default();
    let trees = detached(py, || follow.butler.resolve_with(&all, &options)).to_py(py)?;
    let objects = leaves.iter().zip(trees);
    objects.map(|(leaf, tree)| PyRef::object(py, &follow, leaf, tree, None)).collect()
}

/// The reference as a handle of a butler.
#[pyfunction]
fn _follow(
    butler: &Bound<'_, PyButler>,
    reference: &Bound<'_, PyRef>,
) -> PyResult<PyRef> {
    let follow = Some(Arc::new(butler.get().follow(butler.py())?));
    Ok(PyRef { leaf: Arc::clone(&reference.get().leaf), follow })
}

/// What `Butler.lineage` is called with, but the butler.
type Lineage<'a, 'py> = (
    &'a Bound<'py, PyAny>,
    &'a str,
    Option<u32>,
    Option<&'a Bound<'py, PyAny>>,
    Option<&'a Bound<'py, PyAny>>,
);

/// A `salver.lineage.Lineage`.
pub(super) fn lineage<'py>(
    butler: &Bound<'py, PyButler>,
    (refs, direction, depth, kinds, types): Lineage<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let class = butler.py().import("salver.lineage")?.getattr("Lineage")?;
    class.call1((butler, refs, direction, depth, kinds, types))
}

/// The objects of the references in a structure.
pub(super) fn resolve<'py>(
    butler: &Bound<'py, PyButler>,
    value: &Bound<'py, PyAny>,
    component: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let resolve = butler.py().import("salver.lineage")?.getattr("resolve")?;
    resolve.call1((butler, value, component))
}

impl PyButler {
    /// What follows references.
    fn follow(&self, py: Python<'_>) -> PyResult<Follow> {
        Ok(Follow { butler: self.inner(py)?, shared: Arc::clone(&self.shared) })
    }

    /// Makes links of unresolved references.
    pub(super) fn link_unresolved(
        &self,
        refs: &Bound<'_, PyAny>,
        names: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(usize, usize)> {
        let py = refs.py();
        let butler = self.inner(py)?;
        let one = refs.cast::<crate::model::PyDatasetRef>().is_ok();
        let datasets = if one {
            refs_of(PyList::new(py, [refs])?.as_any())?
        } else {
            refs_of(refs)?
        };
        let names = collections(names)?;
        detached(py, || butler.resolve_links(&datasets, names.as_deref())).to_py(py)
    }
}

/// Adds the functions of this module.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_edges, module)?)?;
    module.add_function(wrap_pyfunction!(_lineage_text, module)?)?;
    module.add_function(wrap_pyfunction!(_resolve, module)?)?;
    module.add_function(wrap_pyfunction!(_follow, module)?)
}
