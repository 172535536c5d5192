//! Finding one dataset, and what is known of its place.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataId, DatasetRef, DatasetType, FileRecord, Timespan};

use super::core::Butler;
use super::data_id::Pairs;

/// What a lookup asks for.
pub(super) struct Wanted {
    pub(super) dataset_type: Arc<DatasetType>,
    pub(super) data_id: DataId,
    pub(super) timespan: Option<Timespan>,
}

impl Butler {
    /// The dataset of a type and data ID in the first of the collections that has one.
    ///
    /// `collections` stands in for the butler's own. A calibration is looked up at `timespan`,
    /// or at the time of the other dimensions that the data ID names (an exposure, a visit).
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, codes `missing_dataset_type` and `missing_collection`;
    /// `ErrorKind::InvalidInput` for a data ID that does not fit, or where there is no collection
    /// to search; `ErrorKind::Ambiguous`, code `calibration_lookup`.
    pub fn find_dataset(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        collections: Option<&[String]>,
        timespan: Option<Timespan>,
    ) -> Result<Option<DatasetRef>> {
        let op = Op("butler.find_dataset");
        let wanted = self.wanted(dataset_type, pairs, timespan)?;
        let collections = self.search_path(op, collections)?;
        self.shared.registry.find_dataset(
            &wanted.dataset_type,
            &wanted.data_id,
            collections,
            wanted.timespan,
        )
    }

    /// Dataset type, data ID and time of a lookup; of a component's name, its parent's.
    pub(super) fn wanted(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        timespan: Option<Timespan>,
    ) -> Result<Wanted> {
        let dataset_type = self.shared.registry.dataset_type(dataset_type)?;
        let data_id = self.data_id(dataset_type.dimensions(), pairs)?;
        let timespan = match timespan {
            None if dataset_type.is_calibration() => {
                self.time_of(&dataset_type, pairs)?
            }
            given => given,
        };
        Ok(Wanted { dataset_type, data_id, timespan })
    }

    /// The time of the dimensions that a data ID names beyond those of a calibration.
    fn time_of(
        &self,
        dataset_type: &DatasetType,
        pairs: &Pairs,
    ) -> Result<Option<Timespan>> {
        let universe = self.universe();
        let own = dataset_type.dimensions();
        let temporal = pairs.iter().filter(|(name, _)| {
            let element = universe.dimension(name);
            !own.contains(name) && element.is_some_and(|e| e.temporal_family().is_some())
        });
        let names: Vec<&str> = temporal.map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            return Ok(None);
        }
        let group = universe.group(names)?;
        let data_id = self.data_id(&group, pairs)?;
        Ok(self.shared.registry.expand_data_id(&data_id)?.timespan())
    }

    /// The collections to search.
    pub(super) fn search_path<'c>(
        &'c self,
        op: Op,
        collections: Option<&'c [String]>,
    ) -> Result<&'c [String]> {
        let path = collections.unwrap_or(&self.defaults.collections);
        if path.is_empty() {
            let message = "no collection to search";
            return Err(Error::new(ErrorKind::InvalidInput, op, message)
                .code_of("no_default_collection")
                .hint("name collections in the call or when the butler is opened"));
        }
        Ok(path)
    }

    /// The rows of the datastore's table for a dataset; none where it is not stored.
    ///
    /// # Errors
    /// As the registry.
    pub fn file_records(&self, dataset: &DatasetRef) -> Result<Vec<FileRecord>> {
        self.shared.registry.file_records(&[dataset.id])
    }
}

/// The error for a dataset that was looked for and is not there: with what is.
pub(super) fn not_found(op: Op, wanted: &Wanted, collections: &[String]) -> Error {
    let error =
        Error::new(ErrorKind::NotFound, op, "no dataset of this type and data ID")
            .code_of("dataset_not_found")
            .with("dataset_type", wanted.dataset_type.name())
            .with("data_id", &wanted.data_id)
            .with("collections", collections.join(", "));
    let calibration = wanted.dataset_type.is_calibration() && wanted.timespan.is_none();
    if calibration {
        return error.hint(
            "calibrations are looked up by time: give an exposure, a visit or a timespan",
        );
    }
    error.hint(format!(
        "`salver query-datasets REPO {}` lists what is there",
        wanted.dataset_type.name()
    ))
}
