//! Transactions: rows and files together, all or nothing.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::{Datastore, StagedIngest, StagedPut};
use salver_model::FileRecord;
use salver_store::Unsynced;

use super::core::{Butler, Shared};
use crate::bridge;

const OP: Op = Op("butler.transaction");

/// Files written and not yet beyond recall.
#[derive(Debug)]
pub(super) enum Written {
    /// Of a put.
    Put(StagedPut),
    /// Of an ingest.
    Ingest(StagedIngest),
}

impl Written {
    /// Gives the files their names.
    pub(super) async fn publish(&mut self) -> Result<Vec<FileRecord>> {
        match self {
            Self::Put(staged) => staged.publish().await,
            Self::Ingest(staged) => staged.publish().await,
        }
    }

    /// Brings bytes and names to disk.
    pub(super) async fn sync(&mut self) -> Result<()> {
        match self {
            Self::Put(staged) => staged.sync().await,
            Self::Ingest(staged) => staged.sync().await,
        }
    }

    /// What is not on disk yet.
    fn take_unsynced(&mut self) -> Unsynced {
        match self {
            Self::Put(staged) => staged.take_unsynced(),
            Self::Ingest(staged) => staged.take_unsynced(),
        }
    }

    /// What was written is committed: nothing is taken back any more, and of files that move the
    /// old names go.
    fn keep(self) -> Result<()> {
        match self {
            Self::Put(staged) => {
                staged.keep();
                Ok(())
            }
            Self::Ingest(staged) => staged.keep(),
        }
    }

    /// Takes names and files back.
    pub(super) async fn abort(self) -> Result<()> {
        match self {
            Self::Put(staged) => staged.abort().await,
            Self::Ingest(staged) => staged.abort().await,
        }
    }
}

/// The files of one open transaction of a thread.
struct Frame {
    butler: usize,
    process: u32,
    depth: usize,
    /// Never dropped in another process: it would take back the parent's files.
    written: ManuallyDrop<Vec<Written>>,
}

thread_local! {
    static OPEN: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// An open transaction of the calling thread: dropping it rolls back. Nested ones are savepoints.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction {
    butler: Butler,
    depth: usize,
    open: bool,
    /// It belongs to its thread.
    thread: PhantomData<*const ()>,
}

impl Butler {
    /// Begins a transaction on the calling thread: what it puts, ingests and registers until the
    /// end is kept together or not at all. Other threads do not see it before.
    ///
    /// # Errors
    /// `ErrorKind::Denied` for a read-only butler; `ErrorKind::Database` where the write lock
    /// could not be had.
    pub fn transaction(&self) -> Result<Transaction> {
        let depth = self.begin_transaction()?;
        Ok(Transaction { butler: self.clone(), depth, open: true, thread: PhantomData })
    }

    /// Begins a transaction without a guard; gives what [`Butler::end_transaction`] takes.
    ///
    /// # Errors
    /// As [`Butler::transaction`].
    pub fn begin_transaction(&self) -> Result<usize> {
        self.check_writeable(OP)?;
        let depth = self.shared.registry.begin_transaction()?;
        let frame = Frame {
            butler: key(&self.shared),
            process: std::process::id(),
            depth,
            written: ManuallyDrop::new(Vec::new()),
        };
        OPEN.with_borrow_mut(|open| open.push(frame));
        Ok(depth)
    }

    /// Ends the innermost transaction of the calling thread: keeps what was done in it, or undoes
    /// it. Files are synced before the outermost one commits, and unlinked before it rolls back.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where `depth` is not that of the innermost one; where keeping fails,
    /// everything is undone and the error says why.
    pub fn end_transaction(&self, depth: usize, keep: bool) -> Result<()> {
        let mut written = self.take_frame(depth)?;
        if !keep {
            let removed = abort_all(written);
            self.shared.registry.end_transaction(depth, false)?;
            return removed;
        }
        let outermost = depth <= 1;
        let synced = if outermost {
            sync_all(&self.shared.datastore, &mut written)
        } else {
            Ok(())
        };
        if let Err(error) = synced {
            let _removed_or_left_for_gc: Result<()> = abort_all(written);
            self.shared.registry.end_transaction(depth, false)?;
            return Err(error);
        }
        match self.shared.registry.end_transaction(depth, true) {
            Ok(()) if outermost => keep_all(written),
            Ok(()) => self.hand_over(written),
            Err(error) => {
                let _removed_or_left_for_gc: Result<()> = abort_all(written);
                Err(error)
            }
        }
    }

    /// What was written is committed, or comes under the care of the thread's transaction.
    pub(super) fn settle(&self, written: Written, nested: bool) -> Result<()> {
        if nested { self.hand_over(vec![written]) } else { written.keep() }
    }

    fn hand_over(&self, written: Vec<Written>) -> Result<()> {
        let this = key(&self.shared);
        let process = std::process::id();
        OPEN.with_borrow_mut(|open| {
            let mine = |f: &&mut Frame| f.butler == this && f.process == process;
            match open.iter_mut().rev().find(mine) {
                Some(frame) => {
                    frame.written.extend(written);
                    Ok(())
                }
                // the registry's own transaction, begun without the butler: nothing to undo with
                None => keep_all(written),
            }
        })
    }

    fn take_frame(&self, depth: usize) -> Result<Vec<Written>> {
        let this = key(&self.shared);
        let process = std::process::id();
        let frame = OPEN.with_borrow_mut(|open| {
            let mine =
                |f: &Frame| f.butler == this && f.process == process && f.depth == depth;
            let at = open.iter().rposition(mine)?;
            Some(open.remove(at))
        });
        let frame = frame.ok_or_else(|| {
            let message = "this transaction is not open on the calling thread";
            Error::new(ErrorKind::InvalidInput, OP, message).with("depth", depth)
        })?;
        Ok(ManuallyDrop::into_inner(frame.written))
    }
}

/// Tells one repository opened from another.
fn key(shared: &Arc<Shared>) -> usize {
    Arc::as_ptr(shared).addr()
}

fn abort_all(written: Vec<Written>) -> Result<()> {
    let mut first = Ok(());
    for one in written.into_iter().rev() {
        let removed = bridge::run(one.abort());
        first = first.and(removed);
    }
    first
}

fn keep_all(written: Vec<Written>) -> Result<()> {
    written.into_iter().map(Written::keep).fold(Ok(()), Result::and)
}

/// Syncs all files, then each folder once.
fn sync_all(datastore: &Datastore, written: &mut [Written]) -> Result<()> {
    let mut all = Unsynced::default();
    for one in written {
        all.merge(one.take_unsynced());
    }
    bridge::run(datastore.sync(&all))
}

impl Transaction {
    /// Keeps what was done in it.
    ///
    /// # Errors
    /// As [`Butler::end_transaction`].
    pub fn commit(mut self) -> Result<()> {
        self.open = false;
        self.butler.end_transaction(self.depth, true)
    }

    /// Undoes what was done in it.
    ///
    /// # Errors
    /// As [`Butler::end_transaction`].
    pub fn rollback(mut self) -> Result<()> {
        self.open = false;
        self.butler.end_transaction(self.depth, false)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.open {
            // nothing can be reported here; what is left of files is invisible without its rows
            let _undone: Result<()> = self.butler.end_transaction(self.depth, false);
        }
    }
}
