//! A session with what is known of the database through it.

use salver_core::Result;

use super::cache::Caches;
use crate::database::{Mode, Session};

/// A session, its transaction depth and its caches.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: Box<dyn Session>,
    pub(crate) caches: Caches,
    depth: usize,
    sound: bool,
}

impl Link {
    pub(crate) fn new(session: Box<dyn Session>) -> Self {
        Self { session, caches: Caches::default(), depth: 0, sound: true }
    }

    /// Transactions open, the outermost and the savepoints in it.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Says whether the session can be used again: not after a rollback that failed.
    pub(crate) fn is_sound(&self) -> bool {
        self.sound
    }

    /// Begins a transaction, or a savepoint in the open one.
    pub(crate) fn begin(&mut self) -> Result<usize> {
        if self.depth == 0 {
            self.session.begin(Mode::Write)?;
        } else {
            self.session.savepoint(self.depth)?;
        }
        self.depth += 1;
        Ok(self.depth)
    }

    /// Keeps what was done since the last [`Link::begin`].
    ///
    /// A failed commit of the outermost transaction rolls back.
    pub(crate) fn commit(&mut self) -> Result<()> {
        let depth = self.depth.saturating_sub(1);
        let kept = if depth == 0 {
            self.session.end(true)
        } else {
            self.session.end_savepoint(depth, true)
        };
        match kept {
            Ok(()) => {
                self.depth = depth;
                Ok(())
            }
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// Undoes what was done since the last [`Link::begin`], and forgets what was read.
    ///
    /// Where even that fails the session is given up: closing it undoes everything.
    pub(crate) fn rollback(&mut self) {
        let depth = self.depth.saturating_sub(1);
        let undone = if depth == 0 {
            self.session.end(false)
        } else {
            self.session.end_savepoint(depth, false)
        };
        self.caches.clear();
        self.depth = depth;
        if undone.is_err() {
            self.sound = false;
            self.depth = 0;
        }
    }
}
