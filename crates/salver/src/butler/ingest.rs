//! Taking in files that are there already.

use salver_core::{Op, Result};
use salver_datastore::{IngestFile, IngestMode};
use salver_model::ids::IdMode;
use salver_model::{DataId, DatasetRef, ids};
use salver_registry::Expand;
use salver_store::faults;

use super::core::Butler;
use super::data_id::Pairs;
use super::references::Links;
use super::transaction::Written;
use crate::bridge;

const OP: Op = Op("butler.ingest");

/// A file and the datasets in it.
#[derive(Debug, Clone)]
pub struct FileDataset {
    /// Path or `file:` URI of the file.
    pub path: String,
    /// The datasets that it holds.
    pub refs: Vec<DatasetRef>,
    /// Gen3 formatter class, where it is not the one that the configuration has for the type.
    pub formatter: Option<String>,
}

impl Butler {
    /// The ref of a dataset to come: of a registered type, in a run; its identifier is random
    /// unless `mode` says what it follows from.
    ///
    /// # Errors
    /// As [`Butler::put`] for type, data ID and run.
    pub fn new_ref(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        run: Option<&str>,
        mode: Option<IdMode>,
    ) -> Result<DatasetRef> {
        let run = self.run_or_default(OP, run)?;
        let dataset_type = self.whole_type(OP, dataset_type)?;
        let data_id = self.data_id(dataset_type.dimensions(), pairs)?;
        let id = match mode {
            None => self.shared.ids.uuid7(),
            Some(mode) => ids::dataset_id(mode, &dataset_type, &data_id, &run),
        };
        DatasetRef::new(id, dataset_type, data_id, run)
    }

    /// Takes files in as datasets, all or none of them, in one transaction.
    ///
    /// A file may hold several datasets. With [`IngestMode::Direct`] files stay where they are.
    ///
    /// # Errors
    /// As [`Butler::put`]; `ErrorKind::NotFound`, code `file_not_found`, for a file that is not
    /// there; `ErrorKind::InvalidInput` for a file outside of the root with
    /// [`IngestMode::InPlace`], or one of another ending than its formatter's.
    pub fn ingest(&self, files: &[FileDataset], mode: IngestMode) -> Result<()> {
        self.check_writeable(OP)?;
        let files = self.completed(files, mode)?;
        let all: Vec<DatasetRef> =
            files.iter().flat_map(|f| f.refs.iter().cloned()).collect();
        let nested = self.shared.registry.transaction_depth()? > 0;
        let plan: Vec<IngestFile<'_>> = files
            .iter()
            .map(|f| IngestFile {
                path: &f.path,
                refs: &f.refs,
                formatter: f.formatter.as_deref(),
            })
            .collect();
        let staged = bridge::run(self.shared.datastore.stage_ingest(&plan, mode))?;
        faults::at("put.after_stage")?;
        self.register(OP, &all, Written::Ingest(staged), nested, &Links::default())
    }

    /// The files with the data IDs that their paths will be made of.
    fn completed(
        &self,
        files: &[FileDataset],
        mode: IngestMode,
    ) -> Result<Vec<FileDataset>> {
        let mut files = files.to_vec();
        if matches!(mode, IngestMode::Direct | IngestMode::Split | IngestMode::InPlace) {
            return Ok(files);
        }
        // only the first dataset of a file names it
        let firsts: Vec<&DatasetRef> =
            files.iter().filter_map(|f| f.refs.first()).collect();
        let mut needed = std::collections::BTreeSet::new();
        let mut last = None;
        for dataset in &firsts {
            let instrument = dataset.data_id.get("instrument").and_then(|v| v.as_str());
            let this = (dataset.dataset_type.name(), instrument);
            if last != Some(this) {
                let datastore = &self.shared.datastore;
                needed
                    .extend(datastore.records_needed(&dataset.dataset_type, instrument)?);
                last = Some(this);
            }
        }
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        let data_ids: Vec<DataId> = firsts.iter().map(|d| d.data_id.clone()).collect();
        let full =
            self.shared.registry.expand_all(&data_ids, Expand::Elements(&needed))?;
        let mut full = full.into_iter();
        for file in &mut files {
            if let Some(first) = file.refs.first_mut()
                && let Some(data_id) = full.next()
            {
                first.data_id = data_id;
            }
        }
        Ok(files)
    }
}
