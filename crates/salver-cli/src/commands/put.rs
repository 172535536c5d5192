//! `put`.

use std::path::PathBuf;

use clap::Args;
use salver::{Result, files};
use serde_json::json;

use super::common::{data_id, open_writeable, with_run};
use crate::output::Out;

/// Store the content of a file as a new dataset.
///
/// The file is read (JSON, YAML, Parquet, npy, FITS, Gen3 pickles of arrays) and written again in
/// the format that the repository has for the dataset type. `ingest-files` takes a file as it is.
#[derive(Debug, Args)]
pub(crate) struct Put {
    /// Repository.
    repo: String,
    /// Dataset type.
    dataset_type: String,
    /// The file.
    file: PathBuf,
    /// Dimension values, `key=value,…`; repeatable.
    #[arg(short = 'd', long, value_name = "KEY=VALUE")]
    data_id: Vec<String>,
    /// RUN collection that it goes into; it is made where it is not there.
    #[arg(short, long)]
    run: String,
    /// Store only this node of the file's content, a JSON Pointer such as `/SCI`.
    #[arg(long, value_name = "POINTER")]
    part: Option<String>,
}

impl Put {
    pub(crate) fn run(&self) -> Result<Out> {
        let tree = files::read_tree(&self.file)?;
        let tree = match &self.part {
            Some(part) => tree.at(part)?.clone(),
            None => tree,
        };
        let butler = with_run(&open_writeable(&self.repo)?, &self.run)?;
        let dataset =
            butler.put(&tree, &self.dataset_type, &data_id(&self.data_id)?, None)?;
        let uri = butler.uri(&dataset).ok();
        Ok(Out::line(
            dataset.to_string(),
            json!({"dataset": dataset.to_json(), "uri": uri}),
        ))
    }
}
