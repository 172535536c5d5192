//! Taking datasets away: from collections, from the datastore, from the registry.

use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_model::{CollectionType, DatasetRef};
use salver_registry::CollectionQuery;
use salver_store::faults;
use uuid::Uuid;

use super::core::Butler;
use super::query::DatasetQuery;
use super::references::ref_leaf;
use crate::bridge;

/// Datasets whose artifacts are removed between two commits.
const CHUNK: usize = 1000;

/// Dependants that an error names.
const NAMED: usize = 20;

/// What is taken away of datasets.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that is asked")]
pub struct Prune {
    /// TAGGED collections that they leave.
    pub disassociate: Vec<String>,
    /// Whether their artifacts go.
    pub unstore: bool,
    /// Whether the registry forgets them; their artifacts go too.
    pub purge: bool,
    /// Whether datasets go that others need: else they are in use. A tombstone stays.
    pub force: bool,
    /// Whether parts that others link to become theirs: then links are no reason against it.
    pub keep_parts: bool,
    /// Who asks, for tombstones.
    pub by: Option<String>,
}

/// How runs are removed.
#[derive(Debug, Clone, Default)]
pub struct RunRemoval {
    /// Whether chains that hold a run lose it; else such a run is in use.
    pub unlink_from_chains: bool,
    /// Whether datasets go that others need: else they are in use. A tombstone stays.
    pub force: bool,
    /// Who asks, for tombstones.
    pub by: Option<String>,
}

impl Butler {
    /// Takes datasets away from collections, from the datastore or altogether.
    ///
    /// Rows go first, in one transaction; the artifacts then go through the trash table in chunks,
    /// so that an interrupted removal is finished by the next one (or by [`Butler::empty_trash`]).
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where nothing is asked for; `ErrorKind::Denied` for a read-only
    /// butler; `ErrorKind::InUse`, code `dataset_referenced`, where other datasets hold references
    /// to some and `force` is not set; as registry and store.
    pub fn prune_datasets(&self, datasets: &[DatasetRef], prune: &Prune) -> Result<()> {
        let op = Op("butler.prune_datasets");
        self.check_writeable(op)?;
        if prune.disassociate.is_empty() && !prune.unstore && !prune.purge {
            let message = "nothing to do: no tag, not from the datastore, not altogether";
            return Err(Error::new(ErrorKind::InvalidInput, op, message)
                .hint("one of `purge`, `unstore` and `disassociate`"));
        }
        let registry = &self.shared.registry;
        let ids: Vec<Uuid> = datasets.iter().map(|d| d.id).collect();
        let transaction = registry.transaction()?;
        if prune.keep_parts {
            registry.keep_parts(&ids)?;
        }
        if prune.unstore || prune.purge {
            self.check_unneeded(op, &ids, prune.force)?;
        }
        for tag in &prune.disassociate {
            registry.disassociate(tag, datasets)?;
        }
        if prune.unstore || prune.purge {
            registry.trash(self.shared.datastore.name(), &ids)?;
        }
        faults::at("remove.after_trash")?;
        if prune.purge {
            registry.bury(&ids, prune.by.as_deref())?;
            registry.delete_parts(&ids)?;
            registry.delete_datasets(&ids)?;
        }
        faults::at("remove.before_commit")?;
        transaction.commit()?;
        faults::at("remove.after_commit")?;
        if prune.unstore || prune.purge {
            self.empty_trash_unless_nested()?;
        }
        Ok(())
    }

    /// Removes RUN collections with their datasets; gives how many datasets that were.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `missing_collection`; `ErrorKind::InvalidInput`, code
    /// `collection_type`, for a collection of another type; `ErrorKind::InUse` where a chain holds
    /// a run and `unlink_from_chains` is not set; `ErrorKind::InUse`, code `dataset_referenced`,
    /// where datasets of other runs hold references into it and `force` is not set.
    pub fn remove_runs(&self, runs: &[String], removal: &RunRemoval) -> Result<usize> {
        let op = Op("butler.remove_runs");
        self.check_writeable(op)?;
        let registry = &self.shared.registry;
        let mut removed = 0;
        let transaction = registry.transaction()?;
        let mut all = Vec::new();
        for run in runs {
            registry.collection_info(run)?;
            all.extend(self.ids_in(run)?);
        }
        self.check_unneeded(op, &all, removal.force)?;
        registry.bury(&all, removal.by.as_deref())?;
        for run in runs {
            let info = registry.collection_info(run)?;
            if info.kind != CollectionType::Run {
                let message = "only RUN collections are removed with their datasets";
                return Err(Error::new(ErrorKind::InvalidInput, op, message)
                    .code_of("collection_type")
                    .with("collection", run)
                    .with("type", info.kind));
            }
            let parents = registry.collection_parents(run)?;
            if let (Some(_), false) = (parents.first(), removal.unlink_from_chains) {
                return Err(Error::new(ErrorKind::InUse, op, "chains hold the run")
                    .code_of("collection_in_use")
                    .with("collection", run)
                    .with("chains", parents.join(", "))
                    .hint("ask for it to be unlinked from its chains"));
            }
            for chain in &parents {
                registry.remove_from_chain(chain, &[run])?;
            }
            let ids = self.ids_in(run)?;
            removed += ids.len();
            registry.trash(self.shared.datastore.name(), &ids)?;
            faults::at("remove.after_trash")?;
            registry.remove_collection(run)?;
        }
        faults::at("remove.before_commit")?;
        transaction.commit()?;
        faults::at("remove.after_commit")?;
        self.empty_trash_unless_nested()?;
        Ok(removed)
    }

    /// Removes the artifacts of all datasets in the trash, and what is recorded of them; gives how
    /// many artifacts were removed.
    ///
    /// An artifact that another stored dataset uses stays; so does one outside of the root.
    ///
    /// # Errors
    /// As registry and store; what was removed until then stays removed, and the next call goes on.
    pub fn empty_trash(&self) -> Result<usize> {
        let op = Op("butler.empty_trash");
        self.check_writeable(op)?;
        let registry = &self.shared.registry;
        let datastore = &self.shared.datastore;
        let mut removed = 0;
        loop {
            let plan = registry.trash_plan(datastore.name(), CHUNK)?;
            if plan.ids.is_empty() {
                return Ok(removed);
            }
            removed += bridge::run(datastore.remove(&plan.paths, false))?.removed;
            faults::at("remove.after_unlink")?;
            registry.finish_trash(datastore.name(), &plan)?;
            registry.delete_artifacts(&plan.paths)?;
            faults::at("remove.after_finish")?;
            interrupt::check(op)?;
        }
    }

    /// Fails where other datasets need some of these, with their list.
    fn check_unneeded(&self, op: Op, ids: &[Uuid], force: bool) -> Result<()> {
        if force {
            return Ok(());
        }
        let registry = &self.shared.registry;
        let links = registry.dependants(ids)?;
        if links.is_empty() {
            return Ok(());
        }
        let mut sources: Vec<Uuid> = links.iter().map(|link| link.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let named = registry.datasets_by_id(sources.get(..NAMED).unwrap_or(&sources))?;
        let mut list: Vec<String> =
            named.iter().map(|d| ref_leaf(d).to_string()).collect();
        if sources.len() > NAMED {
            list.push("…".to_owned());
        }
        let message = "other datasets hold references to these";
        Err(Error::new(ErrorKind::InUse, op, message)
            .code_of("dataset_referenced")
            .with("dependants", sources.len())
            .with("list", list.join("; "))
            .hint("with `force` they go; the references then say who removed them, and when"))
    }

    /// Inside a transaction files wait in the trash: a rollback must find them.
    fn empty_trash_unless_nested(&self) -> Result<()> {
        if self.shared.registry.transaction_depth()? == 0 {
            self.empty_trash()?;
        }
        Ok(())
    }

    fn ids_in(&self, run: &str) -> Result<Vec<Uuid>> {
        let query =
            DatasetQuery { collections: vec![run.to_owned()], ..DatasetQuery::default() };
        Ok(self.query_datasets(&query)?.iter().map(|d| d.id).collect())
    }

    /// The RUN collections of names and patterns, with the chains that hold each.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `missing_collection`, for a name that is no pattern.
    pub fn runs(&self, patterns: &[String]) -> Result<Vec<(String, Vec<String>)>> {
        let query = CollectionQuery {
            patterns: patterns.to_vec(),
            kinds: vec![CollectionType::Run],
            flatten: false,
        };
        let runs = self.shared.registry.query_collections(&query)?;
        let with_parents = runs.into_iter().map(|run| {
            let parents = self.shared.registry.collection_parents(&run.name)?;
            Ok((run.name, parents))
        });
        with_parents.collect()
    }
}
