//! `get`.

use std::path::PathBuf;

use clap::Args;
use salver::tree::Map;
use salver::{GetOptions, Result, config, files, values};
use serde_json::{Value as Json, json};

use super::common::{Which, open};
use crate::input::parameter;
use crate::output::Out;

/// Read a dataset, or a component of one.
///
/// Plain values and tables are printed as JSON; anything is written to a file with --output, in the
/// format that its ending names.
#[derive(Debug, Args)]
pub(crate) struct Get {
    #[command(flatten)]
    which: Which,
    /// A read parameter of the storage class, `columns=ra,dec` or `name=JSON`; repeatable.
    #[arg(short, long, value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// File to write: `.json`, `.yaml`, `.parq`, `.npy` or `.fits`.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Get {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.which.repo)?;
        let (dataset, component) = self.which.find(&butler)?;
        let mut parameters = Map::new();
        for given in &self.parameter {
            let (name, value) = parameter(given)?;
            parameters.insert(name, config::tree_of(&value)?);
        }
        let options = GetOptions {
            parameters,
            lazy: self.output.is_some(),
            ..GetOptions::default()
        };
        let tree = butler.get_ref(&dataset, component.as_deref(), &options)?;
        if let Some(path) = &self.output {
            let bytes = files::write_tree(path, &tree)?;
            let text = format!("{} ({bytes} bytes)", path.display());
            return Ok(Out::line(text, json!({"path": path, "bytes": bytes})));
        }
        let json: Json = values::to_json(&tree).map_err(|e| {
            e.with("dataset", &dataset).hint("--output FILE writes it in a binary format")
        })?;
        let text = match &json {
            Json::String(text) => format!("{text}\n"),
            json => format!("{json}\n"),
        };
        Ok(Out::text(text, json))
    }
}
