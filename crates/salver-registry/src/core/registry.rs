//! The registry of one repository.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::Universe;

use super::link::{Level, Link};
use super::pool::Pool;
use super::shared::Shared;
use super::work::Work;
use crate::database::{Database, Session};

/// The registry of one repository: every row of it is read and written here.
///
/// It can be used from many threads: each call has a session of its own, and a transaction
/// belongs to the thread that began it. In the child of a fork it opens new sessions.
///
/// **Costs on SQLite** (rollback journal, as Gen3 leaves it): a read is one lock cycle; a write
/// outside a transaction is `BEGIN IMMEDIATE`, its statements, and one `COMMIT` with SQLite's four
/// syncs (journal, folder, journal header, database); inside a transaction only its statements.
#[derive(Debug)]
pub struct Registry {
    pub(super) pool: Pool,
    pub(crate) shared: Shared,
}

impl Registry {
    /// The registry of a database; `session` is one that was opened on it.
    pub(crate) fn new(
        database: Box<dyn Database>,
        session: Box<dyn Session>,
        shared: Shared,
    ) -> Self {
        Self { pool: Pool::new(database, session), shared }
    }

    /// The universe of dimensions that the repository stores.
    pub fn universe(&self) -> &Universe {
        &self.shared.universe
    }

    /// Says whether the registry may be changed.
    pub fn is_writeable(&self) -> bool {
        self.pool.database().capabilities().write && self.shared.read_only.is_none()
    }

    /// Where the database is, for messages.
    pub fn location(&self) -> String {
        self.pool.database().location()
    }

    /// Runs `body` on one state of the database, with caches that fit it.
    pub(crate) fn read<T>(
        &self,
        mut body: impl FnMut(&mut Work<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut lease = self.pool.lease()?;
        let Link { session, caches, .. } = &mut *lease;
        let session = &**session;
        let shared = &self.shared;
        let mut outcome = None;
        session.snapshot(&mut |version| {
            caches.see(version);
            outcome = Some(body(&mut Work { session, caches, shared }));
            Ok(())
        })?;
        outcome.unwrap_or_else(|| Err(unrun()))
    }

    /// Runs `body` in the thread's transaction, or in one of its own, and keeps all or nothing
    /// of what it does; inside a unit a failure dooms the unit instead.
    pub(crate) fn write<T>(
        &self,
        body: impl FnOnce(&mut Work<'_>) -> Result<T>,
    ) -> Result<T> {
        self.check_writeable()?;
        let mut lease = self.pool.lease()?;
        let own = lease.begin_call()?;
        let Link { session, caches, .. } = &mut *lease;
        let session = &**session;
        let shared = &self.shared;
        let mut body = Some(body);
        let mut outcome = None;
        let seen = session.snapshot(&mut |version| {
            caches.see(version);
            if let Some(body) = body.take() {
                outcome = Some(body(&mut Work { session, caches, shared }));
            }
            Ok(())
        });
        let outcome = seen.and_then(|()| outcome.unwrap_or_else(|| Err(unrun())));
        match (outcome, own) {
            (Ok(value), true) => lease.commit().map(|()| value),
            (Ok(value), false) => Ok(value),
            (Err(error), own) => {
                if own {
                    lease.rollback();
                } else {
                    lease.fail();
                }
                Err(error)
            }
        }
    }

    /// Begins a transaction or savepoint on the thread's session.
    pub(super) fn begin(&self, level: Level) -> Result<usize> {
        self.check_writeable()?;
        let mut lease = self.pool.lease()?;
        lease.begin(level)?;
        Ok(lease.depth())
    }

    fn check_writeable(&self) -> Result<()> {
        let op = Op("registry.write");
        let denied = |text: String| {
            Error::new(ErrorKind::Denied, op, text)
                .code_of("read_only_database")
                .with("repository", self.location())
        };
        if !self.pool.database().capabilities().write {
            return Err(denied("the repository was opened read-only".to_owned())
                .hint("open it writeable"));
        }
        match &self.shared.read_only {
            Some(reason) => {
                Err(denied(format!("the repository cannot be written: {reason}")))
            }
            None => Ok(()),
        }
    }
}

fn unrun() -> Error {
    Error::new(ErrorKind::Internal, Op("registry.snapshot"), "the database ran nothing")
}
