//! Reading datasets.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::{Moved, ReadRequest, SkyBox};
use salver_model::{DatasetRef, FileRecord, PartRow, Timespan};
use salver_tree::{BoxSelect, Map, Tree};

use super::core::Butler;
use super::data_id::Pairs;
use super::find::not_found;
use crate::bridge;

const OP: Op = Op("butler.get");

/// What of a dataset is read, and where it is looked for.
#[derive(Debug, Clone, Default)]
pub struct GetOptions {
    /// Collections to search in place of the butler's own.
    pub collections: Option<Vec<String>>,
    /// Time at which a calibration must be valid.
    pub timespan: Option<Timespan>,
    /// Gen3's read parameters, by name (`bbox`, `columns`, …); the storage class says which.
    pub parameters: Map,
    /// A box in grid coordinates, 0-based, half-open, slowest axis first.
    pub region: Option<BoxSelect>,
    /// A part of an image by its place on the sky; it stands in for `region`.
    pub sky: Option<SkyBox>,
    /// Leave arrays and tables in their file until they are used.
    pub lazy: bool,
    /// Where to count the bytes that are moved.
    pub moved: Option<Arc<Moved>>,
    /// Several components, in place of one: the answer is a map of them.
    pub components: Option<Vec<String>>,
}

impl GetOptions {
    /// What the datastore is asked for: of a dataset stored in `parts`, the component or the whole.
    pub(crate) fn request(
        &self,
        component: Option<&str>,
        parts: Vec<PartRow>,
    ) -> ReadRequest {
        ReadRequest {
            component: component.map(str::to_owned),
            parameters: self.parameters.clone(),
            region: self.region.clone(),
            sky: self.sky,
            lazy: self.lazy,
            moved: self.moved.clone(),
            parts,
            components: self.components.clone(),
        }
    }
}

impl Butler {
    /// Reads a dataset, or a component of one (`calexp.wcs`), found by data ID.
    ///
    /// ```no_run
    /// use salver::{Butler, ButlerOptions, GetOptions};
    ///
    /// let options = ButlerOptions { collections: vec!["demo".into()], ..Default::default() };
    /// let butler = Butler::open("repo", &options)?;
    /// let data_id = [("instrument".to_owned(), "CamA".into()), ("visit".to_owned(), 101.into())];
    /// let stats = butler.get("stats", &data_id, &GetOptions::default())?;
    /// # Ok::<(), salver::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `dataset_not_found`, where no collection has it; `NotFound`,
    /// code `file_not_found`, where it is known and not stored; as [`Butler::find_dataset`] and
    /// as the format.
    pub fn get(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        options: &GetOptions,
    ) -> Result<Tree> {
        self.get_found(dataset_type, pairs, options).map(|(_, tree)| tree)
    }

    /// As [`Butler::get`], with the ref of the dataset that was found; of a component's name, its
    /// parent's.
    ///
    /// # Errors
    /// As [`Butler::get`].
    pub fn get_found(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        options: &GetOptions,
    ) -> Result<(DatasetRef, Tree)> {
        let component = dataset_type.split_once('.').map(|(_, component)| component);
        let wanted = self.wanted(dataset_type, pairs, options.timespan)?;
        let collections = self.search_path(OP, options.collections.as_deref())?;
        let found = self.shared.registry.find_with_records(
            &wanted.dataset_type,
            &wanted.data_id,
            collections,
            wanted.timespan,
        )?;
        let Some((dataset, records)) = found else {
            return Err(not_found(OP, &wanted, collections));
        };
        let tree = self.read(&dataset, &records, component, options)?;
        Ok((dataset, tree))
    }

    /// Reads a dataset of which the ref is known; a component's ref reads that component.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `file_not_found`, where it is not stored; as the format.
    pub fn get_ref(
        &self,
        dataset: &DatasetRef,
        component: Option<&str>,
        options: &GetOptions,
    ) -> Result<Tree> {
        let records = self.shared.registry.file_records(&[dataset.id])?;
        self.read(dataset, &records, component.or(dataset.component()), options)
    }

    pub(super) fn read(
        &self,
        dataset: &DatasetRef,
        records: &[FileRecord],
        component: Option<&str>,
        options: &GetOptions,
    ) -> Result<Tree> {
        if records.is_empty() {
            return Err(not_there(dataset));
        }
        let parts = self.parts_of(records)?;
        self.read_at(dataset, (records, parts), component, options)
    }

    /// Reads a dataset whose rows are known.
    pub(super) fn read_at(
        &self,
        dataset: &DatasetRef,
        (records, parts): (&[FileRecord], Vec<PartRow>),
        component: Option<&str>,
        options: &GetOptions,
    ) -> Result<Tree> {
        let request = options.request(component, parts);
        bridge::run(self.shared.datastore.read(dataset, records, &request))
    }
}

/// The error for a dataset that the datastore does not have.
pub(super) fn not_there(dataset: &DatasetRef) -> Error {
    let message = "the dataset is known, but the datastore does not have it";
    Error::new(ErrorKind::NotFound, OP, message)
        .code_of("file_not_found")
        .with("dataset", dataset)
}
