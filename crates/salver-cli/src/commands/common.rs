//! What several verbs share.

use std::path::PathBuf;

use clap::Args;
use salver::config::Environment;
use salver::model::time::{Scale, parse_iso};
use salver::model::{DataValue, DatasetRef, Timespan};
use salver::sphere::{Angle, Circle, Region, UnitVector};
use salver::{Butler, ButlerOptions, Error, ErrorKind, Op, Result};
use serde_json::Value as Json;

use crate::input::{numbers, pairs, split_commas};
use crate::output::{Align, Table};

/// What the environment says of repositories.
#[expect(clippy::disallowed_methods, reason = "the command line reads the environment")]
pub(crate) fn environment() -> Environment {
    let path = std::env::var_os("DAF_BUTLER_CONFIG_PATH").unwrap_or_default();
    Environment {
        repository_index: std::env::var("DAF_BUTLER_REPOSITORY_INDEX").ok(),
        repositories: std::env::var("DAF_BUTLER_REPOSITORIES").ok(),
        config_path: std::env::split_paths(&path)
            .filter(|p| !p.as_os_str().is_empty())
            .collect::<Vec<PathBuf>>(),
    }
}

/// Opens a repository for reading.
pub(crate) fn open(repo: &str) -> Result<Butler> {
    let options =
        ButlerOptions { environment: environment(), ..ButlerOptions::default() };
    Butler::open(repo, &options)
}

/// Opens a repository for writing.
pub(crate) fn open_writeable(repo: &str) -> Result<Butler> {
    let options = ButlerOptions {
        writeable: true,
        environment: environment(),
        ..ButlerOptions::default()
    };
    Butler::open(repo, &options)
}

/// The same butler, writing to a run, which is made where it is not there.
pub(crate) fn with_run(butler: &Butler, run: &str) -> Result<Butler> {
    butler.with_defaults(&ButlerOptions {
        run: Some(run.to_owned()),
        ..ButlerOptions::default()
    })
}

/// Which dataset is meant: type and data ID, or an identifier.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// Repository: folder, configuration file or label.
    pub(crate) repo: String,
    /// Dataset type, with `.component` for a part; with --id a component alone, or nothing.
    pub(crate) dataset_type: Option<String>,
    /// Dimension values, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    pub(crate) data_id: Vec<String>,
    /// Collections to search in order; comma-separated, repeatable.
    #[arg(short, long, value_name = "COLLECTION")]
    pub(crate) collections: Vec<String>,
    /// The dataset's UUID, in place of type and data ID.
    #[arg(long, value_name = "UUID")]
    pub(crate) id: Option<String>,
}

impl Which {
    /// The dataset and the component that is meant.
    pub(crate) fn find(&self, butler: &Butler) -> Result<(DatasetRef, Option<String>)> {
        let op = Op("cli.find");
        let component = self.dataset_type.as_deref().and_then(|t| t.split_once('.'));
        let component = component.map(|(_, c)| c.to_owned());
        if let Some(id) = &self.id {
            let uuid = id.parse().map_err(|e| {
                let error = Error::new(ErrorKind::InvalidInput, op, "not a UUID");
                error.with("id", id).caused_by(e)
            })?;
            let dataset = butler.get_dataset(uuid)?.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, op, "no dataset of this identifier")
                    .code_of("dataset_not_found")
                    .with("id", id)
            })?;
            return Ok((dataset, component));
        }
        let Some(dataset_type) = &self.dataset_type else {
            let message = "which dataset? name a dataset type, or give --id";
            return Err(Error::new(ErrorKind::InvalidInput, op, message));
        };
        let collections = search_path(butler, &self.collections)?;
        let data_id = data_id(&self.data_id)?;
        let found =
            butler.find_dataset(dataset_type, &data_id, Some(&collections), None)?;
        let dataset = found.ok_or_else(|| {
            let given: Vec<_> = data_id.iter().map(|(k, v)| format!("{k}={v}")).collect();
            Error::new(ErrorKind::NotFound, op, "no dataset of this type and data ID")
                .code_of("dataset_not_found")
                .with("dataset_type", dataset_type)
                .with("data_id", given.join(","))
                .with("collections", collections.join(", "))
                .hint(format!("`salver query-datasets {} {dataset_type}`", self.repo))
        })?;
        Ok((dataset, component))
    }
}

/// The collections asked for; all RUN collections, newest name last, where none is.
pub(crate) fn search_path(
    butler: &Butler,
    collections: &[String],
) -> Result<Vec<String>> {
    let given = split_commas(collections);
    if !given.is_empty() {
        return Ok(given);
    }
    Ok(butler.runs(&[])?.into_iter().map(|(run, _)| run).collect())
}

/// A data ID as options give it.
pub(crate) fn data_id(values: &[String]) -> Result<Vec<(String, DataValue)>> {
    Ok(pairs(values)?.into_iter().map(|(k, v)| (k, DataValue::from(v))).collect())
}

/// Datasets as Gen3's command line lists them: one table a dataset type.
pub(crate) fn dataset_tables(datasets: &[DatasetRef], uris: Option<&[String]>) -> String {
    let mut out = String::from("\n");
    let mut start = 0;
    for group in datasets.chunk_by(|a, b| a.dataset_type.name() == b.dataset_type.name())
    {
        let Some(first) = group.first() else { continue };
        let keys = first.dataset_type.dimensions().data_coordinate_keys();
        let names = ["type", "run", "id"].into_iter().map(str::to_owned);
        let names = names.chain(keys.iter().map(ToString::to_string));
        let names = names.chain(uris.map(|_| "URI".to_owned()));
        let mut table = Table::new(names, Align::Right);
        for (i, dataset) in group.iter().enumerate() {
            let mut row = vec![
                dataset.dataset_type.name().to_owned(),
                dataset.run.to_string(),
                dataset.id.to_string(),
            ];
            let value = |key: &str| {
                dataset
                    .data_id
                    .get(key)
                    .map_or_else(|| "None".to_owned(), DataValue::plain)
            };
            row.extend(keys.iter().map(|key| value(key)));
            row.extend(uris.and_then(|all| all.get(start + i)).cloned());
            table.push(row);
        }
        start += group.len();
        out.push_str(&table.render());
        out.push('\n');
    }
    out
}

/// Datasets in JSON, with their URIs where these were asked for.
pub(crate) fn dataset_json(datasets: &[DatasetRef], uris: Option<&[String]>) -> Json {
    let one = |(i, dataset): (usize, &DatasetRef)| {
        let mut json = dataset.to_json();
        let uri = uris.and_then(|all| all.get(i));
        if let (Some(map), Some(uri)) = (json.as_object_mut(), uri) {
            map.insert("uri".to_owned(), uri.clone().into());
        }
        json
    };
    datasets.iter().enumerate().map(one).collect()
}

/// A region: `RA DEC`, `RA DEC RADIUS` in degrees, or IVOA text.
pub(crate) fn sky_region(text: &str) -> Result<Region> {
    if text.trim_start().starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Region::from_ivoa_pos(text);
    }
    let (ra, dec, radius) = match *numbers(text)?.as_slice() {
        [ra, dec] => (ra, dec, 0.0),
        [ra, dec, radius] => (ra, dec, radius),
        _ => {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("cli.region"), "not a region");
            return Err(error.with("given", text).hint(
                "`RA DEC`, `RA DEC RADIUS` in degrees, or IVOA text: `POLYGON 10 0 11 0 11 1`",
            ));
        }
    };
    let center = UnitVector::from_degrees(ra, dec)?;
    Ok(Circle::new(center, Angle::from_degrees(radius))?.into())
}

/// A timespan: `BEGIN/END` in UTC, either of them may be empty; or one instant.
pub(crate) fn time_range(text: &str) -> Result<Timespan> {
    let instant = |text: &str| match text.trim() {
        "" => Ok(None),
        text => parse_iso(text, Scale::Utc).map(Some),
    };
    match text.split_once('/') {
        Some((begin, end)) => Ok(Timespan::new(instant(begin)?, instant(end)?)),
        None => parse_iso(text, Scale::Utc).map(Timespan::from_instant),
    }
}

/// Query expressions come with the query language.
pub(crate) fn no_where(expression: Option<&str>) -> Result<()> {
    let Some(expression) = expression else { return Ok(()) };
    let message = "query expressions are not understood yet";
    Err(Error::new(ErrorKind::Unsupported, Op("cli.where"), message)
        .with("where", expression)
        .hint("--data-id KEY=VALUE, --overlaps REGION and --time TIMES select too"))
}
