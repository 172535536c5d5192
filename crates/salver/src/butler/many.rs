//! Reading many datasets at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_model::{DatasetRef, FileRecord, PartRow};
use salver_tree::Tree;
use uuid::Uuid;

use super::core::Butler;
use super::get::{GetOptions, not_there};

const OP: Op = Op("butler.get_many");

/// Threads that read at once, at most.
const THREADS: usize = 16;

/// Datasets for which a thread is worth its start.
const EACH: usize = 8;

impl Butler {
    /// Reads datasets, or components of datasets, of which the refs are known; the answers are in
    /// the order of the refs. Rows are looked up together, artifacts are read by several threads.
    ///
    /// # Errors
    /// As [`Butler::get_ref`]: the error of the first ref that failed; others may not be read then.
    pub fn get_many(
        &self,
        refs: &[DatasetRef],
        options: &GetOptions,
    ) -> Result<Vec<Tree>> {
        let mut ids: Vec<Uuid> = refs.iter().map(|r| r.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut records: HashMap<Uuid, Vec<FileRecord>> = HashMap::new();
        for record in self.shared.registry.file_records(&ids)? {
            records.entry(record.dataset_id).or_default().push(record);
        }
        let all: Vec<FileRecord> = records.values().flatten().cloned().collect();
        let mut parts: HashMap<Uuid, Vec<PartRow>> = HashMap::new();
        for part in self.parts_of(&all)? {
            parts.entry(part.dataset).or_default().push(part);
        }
        let read = |dataset: &DatasetRef| {
            let rows = records.get(&dataset.id).map(Vec::as_slice).unwrap_or_default();
            if rows.is_empty() {
                return Err(not_there(dataset));
            }
            let parts = parts.get(&dataset.id).cloned().unwrap_or_default();
            self.read_at(dataset, (rows, parts), dataset.component(), options)
        };
        in_order(refs, &read)
    }
}

/// What `read` makes of each, by several threads; the first error in the order of the refs.
fn in_order(
    refs: &[DatasetRef],
    read: &(impl Fn(&DatasetRef) -> Result<Tree> + Sync),
) -> Result<Vec<Tree>> {
    let threads = refs.len().div_ceil(EACH).clamp(1, THREADS);
    if threads == 1 {
        return refs.iter().map(read).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(dataset) = refs.get(at) else { break };
            let found = interrupt::check(OP).and_then(|()| read(dataset));
            failed.fetch_or(found.is_err(), Ordering::Relaxed);
            done.push((at, found));
        }
        done
    };
    let mut all = thread::scope(|scope| -> Result<Vec<_>> {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            all.extend(other.join().map_err(|_panic| {
                Error::new(ErrorKind::Internal, OP, "a thread that reads ended early")
            })?);
        }
        Ok(all)
    })?;
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, found)| found).collect()
}
