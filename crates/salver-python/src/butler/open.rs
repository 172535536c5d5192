//! Making and opening repositories.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use salver::config::{Config, Environment};
use salver::{Butler, ButlerOptions, MakeRepoOptions};
use salver_core::{Error, ErrorKind, Op};
use salver_model::DataValue;

use super::PyButler;
use super::arguments::{Configuration, collections, configuration, environment};
use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{pairs_of, path_text};
use crate::value::plain;

/// What opens the same butler again.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    place: String,
    options: ButlerOptions,
}

/// A value of a data ID, in a pickle.
#[derive(Debug, Clone, FromPyObject, IntoPyObject)]
pub(super) enum AnyValue {
    Int(i64),
    Str(String),
}

/// Place, collections, run, writeable, data ID.
pub(super) type Again =
    (String, Vec<String>, Option<String>, bool, Vec<(String, AnyValue)>);

impl Opened {
    pub(super) fn arguments(&self) -> Again {
        let value = |v: &DataValue| match v {
            DataValue::Int(i) => AnyValue::Int(*i),
            DataValue::Str(s) => AnyValue::Str(s.to_string()),
        };
        let o = &self.options;
        let data_id = o.data_id.iter().map(|(k, v)| (k.clone(), value(v))).collect();
        (self.place.clone(), o.collections.clone(), o.run.clone(), o.writeable, data_id)
    }
}

/// How a butler is opened.
pub(super) struct Asked<'a, 'py> {
    pub(super) config: Option<&'a Bound<'py, PyAny>>,
    pub(super) collections: Option<&'a Bound<'py, PyAny>>,
    pub(super) run: Option<String>,
    pub(super) search_paths: Option<&'a Bound<'py, PyAny>>,
    pub(super) writeable: Option<bool>,
    pub(super) infer_defaults: bool,
    pub(super) data_id: Option<&'a Bound<'py, PyDict>>,
}

/// The environment, with search paths of a call before its own.
fn searched(paths: Option<&Bound<'_, PyAny>>) -> PyResult<Environment> {
    let mut environment = environment();
    if let Some(paths) = paths
        && !paths.is_none()
    {
        let mut all: Vec<PathBuf> = paths
            .try_iter()?
            .map(|path| path_text(&path?).map(PathBuf::from))
            .collect::<PyResult<_>>()?;
        all.append(&mut environment.config_path);
        environment.config_path = all;
    }
    Ok(environment)
}

pub(super) fn open(py: Python<'_>, asked: &Asked<'_, '_>) -> PyResult<PyButler> {
    let Some(config) = asked.config else {
        let error = Error::new(
            ErrorKind::InvalidInput,
            Op("butler.open"),
            "no repository is named",
        );
        return Err(raise(
            py,
            &error.hint("give its folder, configuration file or label"),
        ));
    };
    let place = place_of(config)?;
    let options = ButlerOptions {
        writeable: asked.writeable.unwrap_or(asked.run.is_some()),
        run: asked.run.clone(),
        collections: collections(asked.collections)?.unwrap_or_default(),
        data_id: pairs_of(None, asked.data_id)?,
        infer_defaults: asked.infer_defaults,
        environment: searched(asked.search_paths)?,
        ..ButlerOptions::default()
    };
    open_at(py, place, options)
}

fn open_at(py: Python<'_>, place: String, options: ButlerOptions) -> PyResult<PyButler> {
    let opened = Opened { place, options };
    let butler =
        detached(py, || Butler::open(&opened.place, &opened.options)).to_py(py)?;
    Ok(PyButler::new_of(butler, opened))
}

/// The place of a configuration: a mapping names the file it came from.
fn place_of(config: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(file) = config.getattr("configFile")
        && !file.is_none()
    {
        return path_text(&file);
    }
    match configuration(config)? {
        Configuration::Place(place) => Ok(place),
        Configuration::Sections(_) => {
            let message = "a configuration without a file";
            let error = Error::new(ErrorKind::Unsupported, Op("butler.open"), message)
                .hint("give the repository's folder or its butler.yaml");
            Err(raise(config.py(), &error))
        }
    }
}

/// The butler of a pickle.
pub(super) fn again(
    py: Python<'_>,
    place: &str,
    collections: Vec<String>,
    run: Option<String>,
    writeable: bool,
    data_id: Vec<(String, AnyValue)>,
) -> PyResult<PyButler> {
    let value = |v: AnyValue| match v {
        AnyValue::Int(i) => DataValue::from(i),
        AnyValue::Str(s) => DataValue::from(s),
    };
    let options = ButlerOptions {
        writeable,
        run,
        collections,
        data_id: data_id.into_iter().map(|(k, v)| (k, value(v))).collect(),
        environment: environment(),
        ..ButlerOptions::default()
    };
    open_at(py, place.to_owned(), options)
}

/// The same repository with other defaults; what is not given stays.
pub(super) fn reopened(
    py: Python<'_>,
    butler: &PyButler,
    given: Option<&Bound<'_, PyAny>>,
    run: Option<String>,
    infer_defaults: Option<bool>,
    data_id: Option<&Bound<'_, PyDict>>,
) -> PyResult<PyButler> {
    let inner = butler.inner(py)?;
    let mut opened = butler.opened.clone();
    if let Some(names) = collections(given)? {
        opened.options.collections = names;
    }
    opened.options.run = run.or(opened.options.run);
    opened.options.infer_defaults =
        infer_defaults.unwrap_or(opened.options.infer_defaults);
    if let Some(values) = data_id {
        opened.options.data_id = pairs_of(None, Some(values))?;
    }
    let made = detached(py, || inner.with_defaults(&opened.options)).to_py(py)?;
    Ok(PyButler::new_of(made, opened))
}

/// How a repository is made.
pub(super) struct Made<'a, 'py> {
    pub(super) config: Option<&'a Bound<'py, PyAny>>,
    pub(super) dimensions: Option<&'a Bound<'py, PyAny>>,
    pub(super) standalone: bool,
    pub(super) search_paths: Option<&'a Bound<'py, PyAny>>,
    pub(super) override_all: bool,
    pub(super) outfile: Option<&'a Bound<'py, PyAny>>,
    pub(super) overwrite: bool,
}

pub(super) fn make<'py>(
    root: &Bound<'py, PyAny>,
    asked: &Made<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = root.py();
    if asked.overwrite {
        let message = "making a repository over another";
        let error = Error::new(ErrorKind::Unsupported, Op("butler.make_repo"), message);
        return Err(raise(py, &error.hint("remove the old repository first")));
    }
    let root = path_text(root)?;
    let options = MakeRepoOptions {
        seed: asked.config.map(sections).transpose()?.flatten(),
        dimensions: asked.dimensions.map(sections).transpose()?.flatten(),
        standalone: asked.standalone,
        override_all: asked.override_all,
        outfile: asked.outfile.filter(|o| !o.is_none()).map(path_text).transpose()?,
        environment: searched(asked.search_paths)?,
    };
    let config: Config =
        detached(py, move || Butler::make_repo(&root, &options)).to_py(py)?;
    let tree = salver::config::tree_of(config.own()).to_py(py)?;
    let file = config.file().display().to_string();
    let class = py.import("salver._config")?.getattr("Config")?;
    let made = class.call1((plain(py, tree)?,))?;
    made.setattr("configFile", file)?;
    Ok(made)
}

/// The sections of a configuration: a mapping, or the file at a place.
fn sections(given: &Bound<'_, PyAny>) -> PyResult<Option<serde_json::Value>> {
    let py = given.py();
    if given.is_none() {
        return Ok(None);
    }
    match configuration(given)? {
        Configuration::Sections(value) => Ok(Some(value)),
        Configuration::Place(path) => {
            let read = detached(py, || {
                let json =
                    std::path::Path::new(&path).extension().is_some_and(|e| e == "json");
                let format = if json { "json" } else { "yaml" };
                let tree = crate::files::read_tree(path, Some(format))?;
                salver::config::value_of(&tree)
            });
            read.to_py(py).map(Some)
        }
    }
}
