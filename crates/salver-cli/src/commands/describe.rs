//! `describe`.

use std::path::PathBuf;

use clap::Args;
use salver::Result;
use salver::files::OpenFile;
use salver::headers::{dimension_records, observe_file};
use salver::tree::Select;
use serde_json::{Map, Value as Json, json};

use super::show::artifact;
use crate::output::Out;

/// Describe files: their parts, or what their headers say they are.
#[derive(Debug, Args)]
pub(crate) struct Describe {
    /// Files of any format that is known.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the dimension records that the images' headers stand for, as
    /// `insert-dimension-records` reads them.
    #[arg(long)]
    records: bool,
}

impl Describe {
    pub(crate) fn run(&self) -> Result<Out> {
        if self.records {
            let seen: Vec<_> =
                self.files.iter().map(|f| observe_file(f)).collect::<Result<_>>()?;
            let sets = dimension_records(&seen)?;
            let json: Map<String, Json> = sets
                .into_iter()
                .map(|s| (s.element, s.records.into_iter().map(Json::Object).collect()))
                .collect();
            let json = Json::Object(json);
            return Ok(Out::text(format!("{json:#}\n"), json));
        }
        let mut text = String::new();
        let mut json = Vec::new();
        for path in &self.files {
            let file = OpenFile::open(path)?;
            let tree = file.read(&Select::lazy())?;
            let (lines, mut described) =
                artifact(&path.display().to_string(), &file, &tree);
            text.push_str(&lines);
            described["path"] = json!(path);
            json.push(described);
        }
        Ok(Out::text(text, json.into()))
    }
}
