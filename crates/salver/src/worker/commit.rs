//! Registering what workers wrote.

use std::collections::{BTreeSet, HashMap, HashSet};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{CollectionType, DatasetRef, FileRecord, LinkKind, LinkRow};
use salver_registry::IfPresent;
use uuid::Uuid;

use super::receipt::Receipt;
use crate::{Butler, bridge};

const OP: Op = Op("butler.commit");

/// What a commit did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Committed {
    /// Datasets that are new in the repository.
    pub committed: Vec<DatasetRef>,
    /// Datasets that an earlier commit of the same receipts had registered.
    pub already: Vec<Uuid>,
    /// Receipts of other attempts at a dataset that one attempt won, by dataset and attempt; their
    /// artifacts were removed.
    pub lost: Vec<(Uuid, Uuid)>,
    /// Datasets whose run has another one of the same type and data ID: not registered, their
    /// artifacts removed.
    pub held: Vec<Held>,
    /// Receipts of attempts that were abandoned before, by dataset and attempt.
    pub abandoned: Vec<(Uuid, Uuid)>,
    /// Artifacts that could not be removed, and why.
    pub left: Vec<String>,
}

/// A dataset that could not be registered because another one is in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The dataset of the receipt.
    pub dataset: DatasetRef,
    /// The dataset that the run has.
    pub holder: Uuid,
}

/// Receipts, sorted out.
#[derive(Default)]
struct Sorted<'r> {
    wins: Vec<&'r Receipt>,
    loses: Vec<&'r Receipt>,
    already: Vec<Uuid>,
    held: Vec<Held>,
    abandoned: Vec<(Uuid, Uuid)>,
}

impl Butler {
    /// Registers what workers wrote, all in one transaction. To do so again changes nothing; of
    /// several attempts at one dataset the first in the list wins, unless one is registered.
    ///
    /// What a task was given and what it read becomes lineage of what it wrote (`predicted`,
    /// `available`, `used`).
    ///
    /// Statements: one lookup a dataset, two inserts and one of file records, one for each link;
    /// one commit.
    ///
    /// # Errors
    /// `ErrorKind::Denied` for a read-only butler; `ErrorKind::NotFound`, code
    /// `missing_dataset_type`; `ErrorKind::InvalidInput` for a receipt that does not fit the
    /// repository, or whose artifacts are outside of its root: then nothing is registered.
    pub fn commit(&self, receipts: &[Receipt]) -> Result<Committed> {
        self.check_writeable(OP)?;
        for receipt in receipts {
            check_receipt(receipt)?;
        }
        let registry = self.registry();
        for run in receipts.iter().map(|r| &r.dataset.run).collect::<BTreeSet<_>>() {
            registry.register_collection(run, CollectionType::Run, None)?;
        }
        let transaction = registry.transaction()?;
        let sorted = self.sorted(receipts)?;
        let datasets = self.registered_types(&sorted.wins)?;
        registry.insert_datasets(&datasets, IfPresent::Fail)?;
        let files: Vec<FileRecord> =
            sorted.wins.iter().flat_map(|r| r.files.iter().cloned()).collect();
        registry.insert_file_records(self.datastore().name(), &files)?;
        let links: Vec<LinkRow> = sorted.wins.iter().flat_map(|r| links_of(r)).collect();
        registry.insert_links(&links)?;
        transaction.commit()?;
        let mut out = Committed {
            committed: datasets,
            already: sorted.already,
            held: sorted.held,
            abandoned: sorted.abandoned,
            ..Committed::default()
        };
        for receipt in sorted.loses {
            let holder = out.held.iter().any(|h| h.dataset.id == receipt.dataset.id);
            if !holder {
                out.lost.push((receipt.dataset.id, receipt.session));
            }
            out.left.extend(self.remove_artifacts(receipt));
        }
        Ok(out)
    }

    /// Removes the artifacts of attempts that will not be committed: that is noted first, so that
    /// no later commit takes them. Attempts of which something is committed stay. Gives the number
    /// of receipts whose artifacts were removed.
    ///
    /// # Errors
    /// `ErrorKind::Denied` for a read-only butler; `ErrorKind::Io` naming the first artifact that
    /// could not be removed, after all were tried.
    pub fn abandon(&self, receipts: &[Receipt]) -> Result<usize> {
        let op = Op("butler.abandon");
        self.check_writeable(op)?;
        for receipt in receipts {
            check_receipt(receipt)?;
        }
        let ends = self.registry().end_sessions(&sessions(receipts), false)?;
        let (mut removed, mut left) = (0, Vec::new());
        for receipt in receipts.iter().filter(|r| ends.get(&r.session) == Some(&false)) {
            let failed = self.remove_artifacts(receipt);
            removed += usize::from(failed.is_none());
            left.extend(failed);
        }
        match left.into_iter().next() {
            None => Ok(removed),
            Some(first) => {
                let message = "an artifact could not be removed";
                Err(Error::new(ErrorKind::Io, op, message).with("artifact", first))
            }
        }
    }

    fn sorted<'r>(&self, receipts: &'r [Receipt]) -> Result<Sorted<'r>> {
        let registered = self.registered_files(receipts)?;
        let ends = self.registry().end_sessions(&sessions(receipts), true)?;
        let mut sorted = Sorted::default();
        let mut winners: HashMap<Uuid, &Receipt> = HashMap::new();
        for receipt in receipts {
            let dataset = &receipt.dataset;
            if ends.get(&receipt.session) != Some(&true) {
                sorted.abandoned.push((dataset.id, receipt.session));
                continue;
            }
            if registered.contains_key(&dataset.id) {
                if is_registered(receipt, &registered) {
                    sorted.already.push(dataset.id);
                } else {
                    sorted.loses.push(receipt);
                }
                continue;
            }
            if let Some(winner) = winners.get(&dataset.id) {
                if winner.files != receipt.files {
                    sorted.loses.push(receipt);
                }
                continue;
            }
            let registry = self.registry();
            let holder = registry.find_conflict(
                &dataset.dataset_type,
                &dataset.data_id,
                &dataset.run,
            )?;
            match holder {
                Some(holder) => {
                    sorted.held.push(Held { dataset: dataset.clone(), holder });
                    sorted.loses.push(receipt);
                }
                None => sorted.wins.push(receipt),
            }
            winners.insert(dataset.id, receipt);
        }
        Ok(sorted)
    }

    /// Paths of the artifacts that the repository has for the datasets of receipts.
    fn registered_files(
        &self,
        receipts: &[Receipt],
    ) -> Result<HashMap<Uuid, HashSet<String>>> {
        let ids: Vec<Uuid> = receipts.iter().map(|r| r.dataset.id).collect();
        let known = self.registry().datasets_by_id(&ids)?;
        let mut out: HashMap<Uuid, HashSet<String>> =
            known.into_iter().map(|d| (d.id, HashSet::new())).collect();
        for file in self.registry().file_records(&ids)? {
            out.entry(file.dataset_id).or_default().insert(file.path);
        }
        Ok(out)
    }

    /// The refs of receipts, each with the repository's own dataset type.
    fn registered_types(&self, receipts: &[&Receipt]) -> Result<Vec<DatasetRef>> {
        let of = |receipt: &&Receipt| {
            let dataset = &receipt.dataset;
            let known = self.whole_type(OP, dataset.dataset_type.name())?;
            if *known != *dataset.dataset_type {
                let message = "the receipt's dataset type is not the repository's";
                return Err(Error::new(ErrorKind::InvalidInput, OP, message)
                    .code_of("conflicting_definition")
                    .with("dataset_type", known.name())
                    .with("dataset", dataset));
            }
            Ok(DatasetRef { dataset_type: known, ..dataset.clone() })
        };
        receipts.iter().map(of).collect()
    }

    /// Removes what an attempt wrote; says what could not be.
    fn remove_artifacts(&self, receipt: &Receipt) -> Option<String> {
        let paths: Vec<String> = receipt.files.iter().map(|f| f.path.clone()).collect();
        let removed = bridge::run(self.datastore().remove(&paths, false));
        removed.err().map(|e| e.to_string())
    }
}

/// A receipt names artifacts of its own dataset inside of the root, and nothing else.
fn check_receipt(receipt: &Receipt) -> Result<()> {
    let wrong = |message: &'static str| {
        Error::new(ErrorKind::InvalidInput, OP, message)
            .with("dataset", &receipt.dataset)
            .with("session", receipt.session)
    };
    if receipt.files.is_empty() {
        return Err(wrong("a receipt without artifacts"));
    }
    for file in &receipt.files {
        let inside = salver_store::Key::from_string(file.path.clone()).is_ok();
        if !inside
            || !has_attempt_digits(&file.path)
            || file.dataset_id != receipt.dataset.id
        {
            return Err(wrong("a receipt's artifact is not one of a worker")
                .with("path", &file.path));
        }
    }
    Ok(())
}

/// The attempts that receipts are of.
fn sessions(receipts: &[Receipt]) -> Vec<Uuid> {
    let ids: BTreeSet<Uuid> = receipts.iter().map(|r| r.session).collect();
    ids.into_iter().collect()
}

/// What a task was given and what it read, as lineage of what it wrote.
fn links_of(receipt: &Receipt) -> impl Iterator<Item = LinkRow> + '_ {
    let link = |kind, target: Uuid, component: Option<&String>| LinkRow {
        source: receipt.dataset.id,
        kind,
        node: String::new(),
        target,
        component: component.cloned(),
    };
    let available = receipt.available.iter().flat_map(move |id| {
        [LinkKind::Predicted, LinkKind::Available].map(|kind| link(kind, *id, None))
    });
    let used = receipt.used.iter();
    available.chain(used.map(move |u| link(LinkKind::Used, u.id, u.component.as_ref())))
}

/// Whether a name carries the 12 hexadecimal digits of an attempt, as all do that workers give.
fn has_attempt_digits(path: &str) -> bool {
    let digits = path.rsplit('_').next().and_then(|end| end.get(..12));
    digits.is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_registered(receipt: &Receipt, known: &HashMap<Uuid, HashSet<String>>) -> bool {
    let paths = known.get(&receipt.dataset.id);
    paths.is_some_and(|p| receipt.files.iter().all(|f| p.contains(&f.path)))
}
