//! Transactions that callers hold.

use std::marker::PhantomData;

use salver_core::{Error, ErrorKind, Op, Result};

use super::link::Level;
use super::registry::Registry;

/// An open transaction of the calling thread; nested ones are savepoints.
///
/// Dropping it rolls back. It cannot move to another thread.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'r> {
    registry: &'r Registry,
    depth: usize,
    open: bool,
    thread: PhantomData<*const ()>,
}

impl Registry {
    /// Begins a transaction on the calling thread, or a savepoint in its open one.
    ///
    /// All calls of this thread join it until it ends; other threads do not see what it does.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] for a read-only repository; [`ErrorKind::Database`] when the
    /// write lock could not be had in time; [`ErrorKind::Interrupted`].
    pub fn transaction(&self) -> Result<Transaction<'_>> {
        self.guard(Level::Calls)
    }

    /// As [`Registry::transaction`], for calls that belong together: after one that fails only
    /// rolling back is possible. In return no call inside needs a savepoint of its own.
    ///
    /// # Errors
    /// As [`Registry::transaction`].
    pub fn unit(&self) -> Result<Transaction<'_>> {
        self.guard(Level::Unit { failed: false })
    }

    fn guard(&self, level: Level) -> Result<Transaction<'_>> {
        let depth = self.begin(level)?;
        Ok(Transaction { registry: self, depth, open: true, thread: PhantomData })
    }

    /// Begins a transaction without a guard, for callers that cannot hold one; gives its depth,
    /// which [`Registry::end_transaction`] takes.
    ///
    /// # Errors
    /// As [`Registry::transaction`].
    pub fn begin_transaction(&self) -> Result<usize> {
        self.begin(Level::Calls)
    }

    /// Ends the calling thread's transaction of this depth, keeping or undoing its changes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the innermost open transaction of this thread has
    /// another depth; else as the database says, and then the changes are undone.
    pub fn end_transaction(&self, depth: usize, keep: bool) -> Result<()> {
        let mut lease = self.pool.lease()?;
        if depth == 0 || lease.depth() != depth {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("registry.end_transaction"),
                "this is not the innermost open transaction of the calling thread",
            )
            .with("asked", depth)
            .with("open", lease.depth()));
        }
        if keep {
            lease.commit()
        } else {
            lease.rollback();
            Ok(())
        }
    }

    /// How many transactions the calling thread has open, one inside the other.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] in the child of a fork inside a transaction.
    pub fn transaction_depth(&self) -> Result<usize> {
        Ok(self.pool.lease()?.depth())
    }
}

impl Transaction<'_> {
    /// Keeps what was done in it.
    ///
    /// # Errors
    /// As [`Registry::end_transaction`].
    pub fn commit(mut self) -> Result<()> {
        self.open = false;
        self.registry.end_transaction(self.depth, true)
    }

    /// Undoes what was done in it.
    ///
    /// # Errors
    /// As [`Registry::end_transaction`].
    pub fn rollback(mut self) -> Result<()> {
        self.open = false;
        self.registry.end_transaction(self.depth, false)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // nothing can be reported here; a session that cannot roll back is closed
            let _undone: Result<()> = self.registry.end_transaction(self.depth, false);
        }
    }
}
