//! Listings.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use salver::DatasetQuery;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_registry::RecordQuery;

use super::PyButler;
use super::arguments::{collections, timespan, type_name};
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{PyDatasetRef, PyRecord, pairs_of};
use crate::sphere::region_of;

/// What a listing of datasets asks for.
pub(super) struct Asked<'a, 'py> {
    pub(super) collections: Option<&'a Bound<'py, PyAny>>,
    pub(super) find_first: bool,
    pub(super) data_id: Option<&'a Bound<'py, PyAny>>,
    pub(super) more: Option<&'a Bound<'py, PyDict>>,
    pub(super) records: bool,
    pub(super) limit: Option<i64>,
    pub(super) explain: bool,
    pub(super) region: Option<&'a Bound<'py, PyAny>>,
    pub(super) timespan: Option<&'a Bound<'py, PyAny>>,
}

/// Refuses what the query language will be for.
pub(super) fn refuse(
    py: Python<'_>,
    expression: &str,
    order_by: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let ordered = match order_by {
        None => false,
        Some(order) => !order.is_none() && order.is_truthy()?,
    };
    if expression.trim().is_empty() && !ordered {
        return Ok(());
    }
    let message = "`where` and `order_by` are not there yet";
    let error = Error::new(ErrorKind::Unsupported, Op("butler.query"), message)
        .code_of("unimplemented_query")
        .hint("constrain by data ID: data_id={...} or keyword arguments");
    Err(raise(py, &error))
}

/// The error of a listing that finds nothing and should say so.
fn empty(py: Python<'_>, what: &str) -> PyErr {
    let error = Error::new(ErrorKind::NotFound, Op("butler.query"), "nothing was found")
        .code_of("empty_query_result")
        .with("asked", what)
        .hint("explain=False gives an empty list");
    raise(py, &error)
}

/// Cuts a listing; a negative limit warns where it cuts (Gen3 format §17.5).
fn cut<T>(py: Python<'_>, mut found: Vec<T>, limit: Option<i64>) -> PyResult<Vec<T>> {
    let Some(limit) = limit else { return Ok(found) };
    let most = usize::try_from(limit.unsigned_abs()).unwrap_or(usize::MAX);
    if found.len() > most {
        found.truncate(most);
        if limit < 0 {
            let text =
                format!("more than {most} rows were found; give a limit, or limit=None");
            py.import("warnings")?.call_method1("warn", (text,))?;
        }
    }
    Ok(found)
}

impl PyButler {
    /// Lists datasets.
    pub(super) fn list(
        &self,
        py: Python<'_>,
        what: &Bound<'_, PyAny>,
        call: &Asked<'_, '_>,
    ) -> PyResult<Vec<PyDatasetRef>> {
        let butler = self.inner(py)?;
        let names = match what.cast::<PyList>() {
            Ok(many) => {
                many.iter().map(|t| type_name(&t)).collect::<PyResult<Vec<_>>>()?
            }
            Err(_) => vec![type_name(what)?],
        };
        let what = names.join(", ");
        let query = DatasetQuery {
            types: names,
            collections: collections(call.collections)?.unwrap_or_default(),
            data_id: pairs_of(call.data_id, call.more)?,
            find_first: call.find_first,
            region: call.region.filter(|r| !r.is_none()).map(region_of).transpose()?,
            timespan: timespan(call.timespan)?,
            ..DatasetQuery::default()
        };
        let records = call.records;
        let found: Result<Vec<_>> = detached(py, || {
            let mut found = butler.query_datasets(&query)?;
            for dataset in found.iter_mut().filter(|_| records) {
                dataset.data_id = butler.registry().expand_data_id(&dataset.data_id)?;
            }
            Ok(found)
        });
        let found = found.to_py(py)?;
        if found.is_empty() && call.explain {
            return Err(empty(py, &what));
        }
        let found = cut(py, found, call.limit)?;
        Ok(found.into_iter().map(|d| PyDatasetRef::new_of(d, &self.shared)).collect())
    }

    /// Lists dimension records.
    pub(super) fn list_records(
        &self,
        element: &Bound<'_, PyAny>,
        data_id: Option<&Bound<'_, PyAny>>,
        more: Option<&Bound<'_, PyDict>>,
        (limit, explain): (Option<i64>, bool),
    ) -> PyResult<Vec<PyRecord>> {
        let py = element.py();
        let butler = self.inner(py)?;
        let name: String = match element.cast::<PyString>() {
            Ok(name) => name.extract()?,
            Err(_) => element.getattr("name")?.extract()?,
        };
        let query =
            RecordQuery { values: pairs_of(data_id, more)?, ..RecordQuery::default() };
        let found =
            detached(py, || butler.query_dimension_records(&name, &query)).to_py(py)?;
        if found.is_empty() && explain {
            return Err(empty(py, &name));
        }
        let found = cut(py, found, limit)?;
        Ok(found
            .into_iter()
            .map(|r| PyRecord::new_of(&Arc::new(r), &self.shared))
            .collect())
    }
}
