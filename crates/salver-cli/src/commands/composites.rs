//! Layouts of stored datasets: checked, used again.

use clap::Args;
use salver::datastore::layout::{Layout, resolve};
use salver::{DatasetQuery, Error, ErrorKind, Op, Result};
use serde_json::json;

use super::common::{data_id, open, open_writeable};
use crate::input::split_commas;
use crate::output::{Align, Out, Table, lines};

/// Check the layouts of a repository's configuration against its dataset types.
#[derive(Debug, Args)]
pub(crate) struct ConfigValidate {
    /// Repository.
    repo: String,
}

impl ConfigValidate {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.repo)?;
        let layouts = butler.datastore().layouts();
        let mut table = Table::new(["dataset type", "layout", "artifacts"], Align::Left);
        let mut rows = Vec::new();
        let mut used = Vec::new();
        let mut wrong = Vec::new();
        for dataset_type in butler.registry().dataset_types(&[] as &[&str])? {
            let classes = butler.storage_classes();
            let found = match resolve(layouts, &dataset_type, classes, None, false) {
                Ok(Layout::Ours(entry)) => entry,
                Ok(Layout::Gen3 { .. }) => continue,
                Err(error) => {
                    wrong.push(error.to_string());
                    continue;
                }
            };
            used.push(found.key.clone());
            let artifact = |a: &salver::datastore::layout::ArtifactLayout| {
                let parts = a.parts.iter().map(|p| if p.is_empty() { "*" } else { p });
                format!("{}: {}", a.format, parts.collect::<Vec<_>>().join(" "))
            };
            let artifacts: Vec<String> = found.artifacts.iter().map(artifact).collect();
            let name = dataset_type.name();
            table.push(vec![name.to_owned(), found.key.clone(), artifacts.join("; ")]);
            rows.push(json!({"dataset_type": name, "layout": found.key,
                             "artifacts": artifacts}));
        }
        if !wrong.is_empty() {
            let message = "layouts that cannot serve their dataset types";
            return Err(Error::new(
                ErrorKind::Config,
                Op("cli.config_validate"),
                message,
            )
            .with("layouts", wrong.join("; ")));
        }
        let idle = layouts.keys().iter().filter(|k| !used.contains(k));
        let idle: Vec<&str> = idle.map(String::as_str).collect();
        let unused = match idle.as_slice() {
            [] => String::new(),
            idle => format!("no dataset type uses: {}\n", idle.join(", ")),
        };
        let text = table.render() + &unused;
        Ok(Out::text(text, json!({"layouts": rows, "unused": idle})))
    }
}

/// Write stored datasets again as the configuration says now: layout, format, compression.
#[derive(Debug, Args)]
pub(crate) struct Repack {
    /// Repository.
    repo: String,
    /// Collections to look in.
    collections: Vec<String>,
    /// Names or shell patterns of dataset types; comma-separated, repeatable.
    #[arg(long, value_name = "GLOB", required = true)]
    datasets: Vec<String>,
    /// Dimension values that datasets must have, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
}

impl Repack {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let query = DatasetQuery {
            types: split_commas(&self.datasets),
            collections: split_commas(&self.collections),
            data_id: data_id(&self.data_id)?,
            ..DatasetQuery::default()
        };
        let found = butler.query_datasets(&query)?;
        let mut gone = 0;
        for dataset in &found {
            gone += butler.repack(dataset)?;
        }
        let text = lines([format!(
            "repacked {} datasets, {gone} old artifacts went",
            found.len()
        )]);
        Ok(Out::text(text, json!({"datasets": found.len(), "removed": gone})))
    }
}

/// Make a dataset of parts of others: nothing is read or copied.
#[derive(Debug, Args)]
pub(crate) struct Link {
    /// Repository.
    repo: String,
    /// Name of the dataset type.
    dataset_type: String,
    /// Components, each with the UUID of a dataset and the component of it: `psf=UUID.psf`.
    #[arg(required = true, value_name = "NAME=UUID[.COMPONENT]")]
    parts: Vec<String>,
    /// Dimension values, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
    /// Run that the dataset goes to.
    #[arg(long)]
    run: String,
}

impl Link {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let op = Op("cli.link");
        let wrong = |text: &str, message: &str| {
            Error::new(ErrorKind::InvalidInput, op, message).with("part", text)
        };
        let mut parts = Vec::new();
        for text in &self.parts {
            let (name, source) = text
                .split_once('=')
                .ok_or_else(|| wrong(text, "a part is `name=UUID.component`"))?;
            let (id, component) = match source.split_once('.') {
                Some((id, component)) => (id, Some(component)),
                None => (source, None),
            };
            let id = salver::model::DatasetRef::id_from_json(&json!({"id": id}))
                .map_err(|e| wrong(text, "not a UUID").caused_by(e))?
                .0;
            let dataset = butler.get_dataset(id)?.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, op, "no dataset of this UUID")
                    .code_of("dataset_not_found")
                    .with("id", id)
            })?;
            let dataset = match component {
                Some(name) => dataset.component_ref(name, butler.storage_classes())?,
                None => dataset,
            };
            parts.push((name.to_owned(), dataset));
        }
        let pairs = data_id(&self.data_id)?;
        let made = butler.link(&self.dataset_type, &pairs, &parts, Some(&self.run))?;
        Ok(Out::line(made.id.to_string(), made.to_json()))
    }
}
