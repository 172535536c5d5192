//! `ingest-files`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use salver::datastore::IngestMode;
use salver::model::DataValue;
use salver::model::ids::IdMode;
use salver::{FileDataset, Result, files};
use serde_json::json;

use super::common::{dataset_json, open_writeable};
use crate::input::pairs;
use crate::output::Out;
use crate::table_file::{self, TableFile};

/// How identifiers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum IdGeneration {
    Unique,
    #[value(name = "dataid_type")]
    DataIdType,
    #[value(name = "dataid_type_run")]
    DataIdTypeRun,
}

impl IdGeneration {
    /// What identifiers follow from; nothing for unique ones.
    pub(crate) fn mode(self) -> Option<IdMode> {
        match self {
            Self::Unique => None,
            Self::DataIdType => Some(IdMode::DataIdType),
            Self::DataIdTypeRun => Some(IdMode::DataIdTypeRun),
        }
    }
}

/// Take files in as datasets, as a table lists them.
///
/// The table's first column is a file, the others are dimensions. It may be CSV, ECSV, text with
/// blanks between columns, Parquet, or a JSON or YAML list of mappings.
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Repository.
    repo: String,
    /// Dataset type of all files.
    dataset_type: String,
    /// RUN collection that they go into; it is made where it is not there.
    run: String,
    /// The table.
    table_file: PathBuf,
    /// Gen3 formatter class, where it is not the configured one.
    #[arg(long, value_name = "CLASS")]
    formatter: Option<String>,
    /// How identifiers are made.
    #[arg(long, value_enum, ignore_case = true, default_value = "unique")]
    id_generation_mode: IdGeneration,
    /// Dimension values of all files, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
    /// Folder that relative files are in; the present one where not given.
    #[arg(long, value_name = "FOLDER")]
    prefix: Option<PathBuf>,
    /// What happens to the files.
    #[arg(short, long, default_value = "auto", value_name = "MODE")]
    transfer: String,
}

impl Ingest {
    pub(crate) fn run(&self) -> Result<Out> {
        let mode: IngestMode = self.transfer.parse()?;
        let table = table_file::read(&self.table_file)?;
        let butler = open_writeable(&self.repo)?;
        let butler = super::common::with_run(&butler, &self.run)?;
        let fixed = pairs(&self.data_id)?;
        let mut datasets = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let (path, data_id) = self.row(&table, row, &fixed);
            let dataset = butler.new_ref(
                &self.dataset_type,
                &data_id,
                None,
                self.id_generation_mode.mode(),
            )?;
            datasets.push((path, dataset));
        }
        let files = grouped(datasets, self.formatter.as_deref());
        butler.ingest(&files, mode)?;
        let refs: Vec<_> = files.into_iter().flat_map(|f| f.refs).collect();
        let text = format!("Ingested {} datasets into {}.", refs.len(), self.run);
        Ok(Out::line(text, json!({"datasets": dataset_json(&refs, None)})))
    }

    /// A row's file, and its data ID.
    fn row(
        &self,
        table: &TableFile,
        row: &[String],
        fixed: &[(String, String)],
    ) -> (String, Vec<(String, DataValue)>) {
        let path = row.first().map_or("", String::as_str);
        let path = if path.contains("://") {
            path.to_owned()
        } else {
            let folder = self.prefix.as_deref().unwrap_or_else(|| Path::new(""));
            files::absolute(&folder.join(path)).to_string_lossy().into_owned()
        };
        let own = table.names.iter().cloned().zip(row.iter().cloned()).skip(1);
        let all = own.chain(fixed.iter().cloned());
        (path, all.map(|(k, v)| (k, DataValue::from(v))).collect())
    }
}

/// Neighbouring rows of one file are several datasets in it.
fn grouped(
    datasets: Vec<(String, salver::model::DatasetRef)>,
    formatter: Option<&str>,
) -> Vec<FileDataset> {
    let mut out: Vec<FileDataset> = Vec::new();
    for (path, dataset) in datasets {
        match out.last_mut() {
            Some(last) if last.path == path => last.refs.push(dataset),
            _ => out.push(FileDataset {
                path,
                refs: vec![dataset],
                formatter: formatter.map(str::to_owned),
            }),
        }
    }
    out
}
