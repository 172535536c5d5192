//! What callers give: datasets by ref, type or name; collections; configurations.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use salver::config::Environment;
use salver_core::{Error, ErrorKind, Op};
use salver_model::{DatasetRef, Timespan};

use crate::errors::raise;
use crate::model::{PyDatasetRef, PyDatasetType, PyTimespan, path_text};

/// A dataset, as a call names it.
pub(crate) enum Asked<'a> {
    /// By ref.
    Ref(&'a DatasetRef),
    /// By the name of its type.
    Name(&'a str),
}

/// A dataset of a ref, of a dataset type, or of the name of one.
pub(crate) fn asked<'a>(what: &'a Bound<'_, PyAny>) -> PyResult<Asked<'a>> {
    if let Ok(name) = what.cast::<PyString>() {
        return name.to_str().map(Asked::Name);
    }
    if let Ok(dataset) = what.cast::<PyDatasetRef>() {
        return Ok(Asked::Ref(&dataset.get().dataset));
    }
    if let Ok(dataset_type) = what.cast::<PyDatasetType>() {
        return Ok(Asked::Name(dataset_type.get().name()));
    }
    let error = Error::new(ErrorKind::InvalidInput, Op("butler"), "not a dataset")
        .with("type", what.get_type().fully_qualified_name()?)
        .hint("give a DatasetRef, a DatasetType, or the name of a dataset type");
    Err(raise(what.py(), &error))
}

/// The name of a dataset type.
pub(super) fn type_name(what: &Bound<'_, PyAny>) -> PyResult<String> {
    match asked(what)? {
        Asked::Name(name) => Ok(name.to_owned()),
        Asked::Ref(dataset) => Ok(dataset.dataset_type.name().to_owned()),
    }
}

/// Names of collections: none, one, or any iterable; `...` is all.
pub(super) fn collections(
    given: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Vec<String>>> {
    let Some(given) = given else { return Ok(None) };
    if given.is_none() {
        return Ok(None);
    }
    if let Ok(name) = given.cast::<PyString>() {
        return Ok(Some(vec![name.extract()?]));
    }
    if given.is(given.py().Ellipsis()) {
        return Ok(Some(vec!["*".to_owned()]));
    }
    given.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>().map(Some)
}

/// A timespan of ours or of `lsst.daf.butler`.
pub(super) fn timespan(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Timespan>> {
    let Some(given) = given else { return Ok(None) };
    if given.is_none() {
        return Ok(None);
    }
    if let Ok(ours) = given.cast::<PyTimespan>() {
        return Ok(Some(ours.get().0));
    }
    let (begin, end): (i64, i64) = given.getattr("nsec")?.extract()?;
    Ok(Some(Timespan::new(Some(begin), Some(end))))
}

/// What the environment says about repositories.
#[expect(
    clippy::disallowed_methods,
    reason = "the package reads the environment for the library"
)]
pub(super) fn environment() -> Environment {
    let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let config_path = text("DAF_BUTLER_CONFIG_PATH").unwrap_or_default();
    Environment {
        repository_index: text("DAF_BUTLER_REPOSITORY_INDEX"),
        repositories: text("DAF_BUTLER_REPOSITORIES"),
        config_path: config_path
            .split(':')
            .filter(|p| !p.is_empty())
            .map(PathBuf::from)
            .collect(),
    }
}

/// A configuration: the place of one, or one in memory.
pub(super) enum Configuration {
    /// A label, folder, file or URI.
    Place(String),
    /// Sections by name.
    Sections(serde_json::Value),
}

/// A configuration given as a place or as a mapping.
pub(super) fn configuration(given: &Bound<'_, PyAny>) -> PyResult<Configuration> {
    if let Ok(dict) = given.cast::<PyDict>() {
        let tree = crate::value::to_tree(dict)?;
        let value = salver::config::value_of(&tree).map_err(|e| raise(given.py(), &e))?;
        return Ok(Configuration::Sections(value));
    }
    if given.hasattr("toDict")? && !given.hasattr("geturl")? {
        return configuration(&given.call_method0("toDict")?);
    }
    path_text(given).map(Configuration::Place)
}
