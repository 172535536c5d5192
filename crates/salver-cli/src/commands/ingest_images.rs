//! `ingest-images`.

use std::path::PathBuf;

use clap::Args;
use salver::Result;
use salver::datastore::IngestMode;
use salver::headers::{ImageIngest, ingest_images};
use serde_json::json;

use super::common::{dataset_json, dataset_tables, open_writeable, with_run};
use super::ingest::IdGeneration;
use crate::output::Out;

/// Take images in by what their headers say: dimension records first, then the files.
///
/// Instruments known: HST ACS and JWST `NIRCam`. Other images with a celestial WCS become images of
/// the stand-in instrument `SurveyImage`.
#[derive(Debug, Args)]
pub(crate) struct IngestImages {
    /// Repository.
    repo: String,
    /// Dataset type: of dimensions instrument, detector and exposure (or visit).
    dataset_type: String,
    /// RUN collection that they go into; it is made where it is not there.
    run: String,
    /// The images.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What happens to the files.
    #[arg(short, long, default_value = "auto", value_name = "MODE")]
    transfer: String,
    /// How identifiers are made.
    #[arg(long, value_enum, ignore_case = true, default_value = "dataid_type_run")]
    id_generation_mode: IdGeneration,
}

impl IngestImages {
    pub(crate) fn run(&self) -> Result<Out> {
        let mode: IngestMode = self.transfer.parse()?;
        let butler = with_run(&open_writeable(&self.repo)?, &self.run)?;
        let ingest = ImageIngest {
            dataset_type: self.dataset_type.clone(),
            mode,
            ids: self.id_generation_mode.mode(),
        };
        let refs = ingest_images(&butler, &self.files, &ingest)?;
        let text = format!("Ingested {} images into {}.\n", refs.len(), self.run);
        let text = text + &dataset_tables(&refs, None);
        Ok(Out::text(text, json!({"datasets": dataset_json(&refs, None)})))
    }
}
