//! A session with what is known of the database through it.

use salver_core::{Error, ErrorKind, Op, Result};

use super::cache::Caches;
use crate::database::{Mode, Session};

/// How the calls inside a transaction behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Each call keeps all or nothing: it has a savepoint.
    Calls,
    /// All calls together keep all or nothing: after a failed one there is only rolling back.
    Unit {
        /// A call failed.
        failed: bool,
    },
}

/// A session, its open transactions and its caches.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: Box<dyn Session>,
    pub(crate) caches: Caches,
    levels: Vec<Level>,
    sound: bool,
}

impl Link {
    pub(crate) fn new(session: Box<dyn Session>) -> Self {
        Self { session, caches: Caches::default(), levels: Vec::new(), sound: true }
    }

    /// Transactions open, the outermost and the savepoints in it.
    pub(crate) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Says whether the session can be used again: not after a rollback that failed.
    pub(crate) fn is_sound(&self) -> bool {
        self.sound
    }

    /// Begins a transaction, or a savepoint in the open one.
    pub(crate) fn begin(&mut self, level: Level) -> Result<()> {
        self.check()?;
        if self.levels.is_empty() {
            self.session.begin(Mode::Write)?;
        } else {
            self.session.savepoint(self.levels.len())?;
        }
        self.levels.push(level);
        self.caches.in_transaction = true;
        Ok(())
    }

    /// Begins what a single call needs: nothing inside a unit. Says whether it has to be ended.
    pub(crate) fn begin_call(&mut self) -> Result<bool> {
        if let Some(Level::Unit { .. }) = self.levels.last() {
            return self.check().map(|()| false);
        }
        self.begin(Level::Calls).map(|()| true)
    }

    /// Notes that a call inside a unit failed.
    pub(crate) fn fail(&mut self) {
        self.caches.clear();
        if let Some(Level::Unit { failed }) = self.levels.last_mut() {
            *failed = true;
        }
    }

    fn check(&self) -> Result<()> {
        if self.levels.last() != Some(&Level::Unit { failed: true }) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            Op("registry.transaction"),
            "an earlier call of this unit failed",
        )
        .code_of("transaction_failed")
        .hint("roll it back"))
    }

    /// Keeps what was done since the last [`Link::begin`]; where that fails it is undone.
    pub(crate) fn commit(&mut self) -> Result<()> {
        let depth = self.levels.len().saturating_sub(1);
        let kept = match self.check() {
            Err(error) => Err(error),
            Ok(()) if depth == 0 => self.session.end(true),
            Ok(()) => self.session.end_savepoint(depth, true),
        };
        if kept.is_ok() {
            self.levels.pop();
            self.caches.in_transaction = depth > 0;
        } else {
            self.rollback();
        }
        kept
    }

    /// Undoes what was done since the last [`Link::begin`], and forgets what was read.
    ///
    /// Where even that fails the session is given up: closing it undoes everything.
    pub(crate) fn rollback(&mut self) {
        let depth = self.levels.len().saturating_sub(1);
        let undone = if depth == 0 {
            self.session.end(false)
        } else {
            self.session.end_savepoint(depth, false)
        };
        self.caches.clear();
        self.levels.pop();
        self.caches.in_transaction = depth > 0;
        if undone.is_err() {
            self.sound = false;
            self.levels.clear();
        }
    }
}
