//! Writing one dataset.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::StagedPut;
use salver_model::{DatasetRef, DatasetType};
use salver_registry::{Expand, IfPresent};
use salver_store::{Sync, faults};
use salver_tree::Tree;
use uuid::Uuid;

use super::core::Butler;
use super::data_id::Pairs;
use super::references::{Links, PutOptions};
use super::transaction::Written;
use crate::bridge;

const OP: Op = Op("butler.put");

impl Butler {
    /// Stores a tree as a new dataset in a run (the butler's own where `run` is not given).
    ///
    /// On disk a put is one file sync, one folder sync and one commit, in this order: nobody sees
    /// the dataset before its bytes are safe. In a [`Butler::transaction`] all three wait for its end.
    ///
    /// # Errors
    /// `ErrorKind::Conflict`, code `conflicting_definition`, where the run has a dataset of this
    /// type and data ID: then nothing is written; `ErrorKind::Unsupported` for a tree that the
    /// format does not hold; `ErrorKind::Limit` where the disk is full; `ErrorKind::Denied` for a
    /// read-only repository; `ErrorKind::InvalidInput` for a data ID that does not fit;
    /// `ErrorKind::NotFound`, codes `missing_dataset_type` and `missing_collection`.
    pub fn put(
        &self,
        tree: &Tree,
        dataset_type: &str,
        pairs: &Pairs,
        run: Option<&str>,
    ) -> Result<DatasetRef> {
        self.check_writeable(OP)?;
        let run = self.run_or_default(OP, run)?;
        let dataset_type = self.whole_type(OP, dataset_type)?;
        let data_id = self.data_id(dataset_type.dimensions(), pairs)?;
        let dataset =
            DatasetRef::new(self.shared.ids.uuid7(), dataset_type, data_id, run)?;
        self.put_ref(tree, &dataset)
    }

    /// Stores a tree as the dataset of a ref that the caller made; gives the ref with its data ID
    /// completed.
    ///
    /// # Errors
    /// As [`Butler::put`].
    pub fn put_ref(&self, tree: &Tree, dataset: &DatasetRef) -> Result<DatasetRef> {
        self.put_with(tree, dataset, &PutOptions::default())
    }

    /// As [`Butler::put_ref`], with inputs of the task that made it, and with a say on references
    /// that have no target.
    ///
    /// Every reference in the tree, and in columns of references of its tables, becomes a row of
    /// `salver_link` in the transaction that stores the dataset.
    ///
    /// # Errors
    /// As [`Butler::put`]; before anything is written, and with the places of the references:
    /// `ErrorKind::NotFound`, codes `dangling_reference` and `unresolved_reference`;
    /// `ErrorKind::InvalidInput`, codes `forged_reference` (the identifier is that of another
    /// dataset), `unknown_component`, `reference_cycle`.
    pub fn put_with(
        &self,
        tree: &Tree,
        dataset: &DatasetRef,
        options: &PutOptions,
    ) -> Result<DatasetRef> {
        self.check_free(OP, dataset)?;
        let (tree, links) = self.references(tree, dataset.id, options)?;
        let dataset = self.expanded(dataset)?;
        self.store(OP, dataset, &links, |dataset, sync| {
            bridge::run(self.shared.datastore.stage_put(dataset, &tree, sync))
        })
    }

    /// The early look of every put: one that must fail writes nothing.
    pub(super) fn check_free(&self, op: Op, dataset: &DatasetRef) -> Result<()> {
        self.check_writeable(op)?;
        let holder = self.shared.registry.find_conflict(
            &dataset.dataset_type,
            &dataset.data_id,
            &dataset.run,
        )?;
        holder.map_or(Ok(()), |id| Err(taken(dataset, id)))
    }

    /// Stages the bytes of an expanded dataset, then registers it: bytes first, name last.
    pub(super) fn store(
        &self,
        op: Op,
        dataset: DatasetRef,
        links: &Links,
        stage: impl FnOnce(&DatasetRef, Sync) -> Result<StagedPut>,
    ) -> Result<DatasetRef> {
        let nested = self.shared.registry.transaction_depth()? > 0;
        let sync = if nested { Sync::Later } else { Sync::Now };
        let staged = stage(&dataset, sync)?;
        faults::at("put.after_stage")?;
        let datasets = std::slice::from_ref(&dataset);
        self.register(op, datasets, Written::Put(staged), nested, links)?;
        Ok(dataset)
    }

    /// Rows and names of what was staged: all or nothing, in the thread's transaction or in one of
    /// its own.
    pub(super) fn register(
        &self,
        op: Op,
        datasets: &[DatasetRef],
        mut written: Written,
        nested: bool,
        links: &Links,
    ) -> Result<()> {
        let registry = &self.shared.registry;
        let transaction = registry.transaction()?;
        match self.rows(datasets, &mut written, nested, links) {
            Ok(()) => {
                if let Err(error) = transaction.commit() {
                    return Err(take_back(op, written, error));
                }
                self.settle(written, nested)?;
                faults::at("put.after_commit")
            }
            Err(error) => {
                // names first: nobody else may have taken them before they are gone
                let error = take_back(op, written, error);
                transaction.rollback()?;
                Err(error)
            }
        }
    }

    fn rows(
        &self,
        datasets: &[DatasetRef],
        written: &mut Written,
        nested: bool,
        links: &Links,
    ) -> Result<()> {
        let registry = &self.shared.registry;
        registry.insert_datasets(datasets, IfPresent::Fail)?;
        self.store_links(links)?;
        faults::at("put.after_insert")?;
        self.settle_parts(written)?;
        let records = bridge::run(written.publish())?;
        faults::at("put.after_link")?;
        registry.insert_file_records(self.shared.datastore.name(), &records)?;
        self.store_parts(written)?;
        faults::at("put.after_records")?;
        if !nested {
            bridge::run(written.sync())?;
        }
        faults::at("put.before_commit")
    }

    /// The ref with implied values and the records that its path is made of.
    pub(crate) fn expanded(&self, dataset: &DatasetRef) -> Result<DatasetRef> {
        let data_id = &dataset.data_id;
        if data_id.has_records() && data_id.is_full() {
            return Ok(dataset.clone());
        }
        let instrument = data_id.get("instrument").and_then(|v| v.as_str());
        let needed =
            self.shared.datastore.records_needed(&dataset.dataset_type, instrument)?;
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        let data_id = self.shared.registry.expand(data_id, Expand::Elements(&needed))?;
        Ok(DatasetRef { data_id, ..dataset.clone() })
    }

    /// The registered type of a name that names no component.
    pub(crate) fn whole_type(&self, op: Op, name: &str) -> Result<Arc<DatasetType>> {
        if name.contains('.') {
            let message = "a component cannot be stored by itself";
            return Err(Error::new(ErrorKind::InvalidInput, op, message)
                .with("dataset_type", name)
                .hint("put the whole dataset, of its parent type"));
        }
        self.shared.registry.dataset_type(name)
    }

    pub(crate) fn check_writeable(&self, op: Op) -> Result<()> {
        if self.is_writeable() {
            return Ok(());
        }
        let message = "the butler was opened for reading";
        Err(Error::new(ErrorKind::Denied, op, message)
            .code_of("read_only_butler")
            .with("repository", self.config().file().display())
            .hint("open it with `writeable` or with a run"))
    }

    pub(crate) fn run_or_default(&self, op: Op, run: Option<&str>) -> Result<Arc<str>> {
        match (run, &self.defaults.run) {
            (Some(run), _) => Ok(Arc::from(run)),
            (None, Some(run)) => Ok(Arc::clone(run)),
            (None, None) => {
                let message = "no run to write to";
                Err(Error::new(ErrorKind::InvalidInput, op, message)
                    .code_of("no_default_run")
                    .hint("name a run in the call or when the butler is opened"))
            }
        }
    }
}

/// Takes back what was written; the error tells where that failed too.
fn take_back(op: Op, written: Written, error: Error) -> Error {
    match bridge::run(written.abort()) {
        Ok(()) => error,
        Err(left) => {
            let message = "the write failed, and left a file behind";
            Error::new(error.kind(), op, message).with("file", left).caused_by(error)
        }
    }
}

fn taken(dataset: &DatasetRef, id: Uuid) -> Error {
    let message = "the run has a dataset of this type and data ID already";
    Error::new(ErrorKind::Conflict, OP, message)
        .code_of("conflicting_definition")
        .with("dataset_type", dataset.dataset_type.name())
        .with("data_id", &dataset.data_id)
        .with("run", &dataset.run)
        .with("holder", id)
        .hint("put into another run, or prune the old dataset first")
}
