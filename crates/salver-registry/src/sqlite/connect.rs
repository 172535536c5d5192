//! Opening connections.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use salver_core::{Error, ErrorKind, Op, Result};

use super::error::map;
use super::session::SqliteSession;
use super::wait::{PROGRESS_STEPS, interrupted, wait};
use crate::database::{Capabilities, Database, Session};

const OP: Op = Op("database.open");

/// Statement texts kept prepared on each connection.
const STATEMENTS: usize = 256;

/// How long to wait for a lock, as in Gen3 (§2.1).
const WAIT_MS: u64 = 300_000;

/// Page cache of a connection, in KiB.
const CACHE_KIB: i64 = 65_536;

/// A SQLite database file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    path: PathBuf,
    write: bool,
    wait_ms: u64,
    setup: Vec<String>,
}

impl Sqlite {
    /// The database in an existing file; `write` says whether sessions may change it.
    pub fn new(path: impl Into<PathBuf>, write: bool) -> Self {
        Self { path: path.into(), write, wait_ms: WAIT_MS, setup: Vec::new() }
    }

    /// Sets how long a session waits for a lock, in milliseconds (300 000 as in Gen3).
    #[must_use]
    pub fn with_wait_ms(mut self, wait_ms: u64) -> Self {
        self.wait_ms = wait_ms;
        self
    }

    /// Sets statements that every new session runs; they may touch temporary objects only.
    #[must_use]
    pub(crate) fn with_setup(mut self, setup: Vec<String>) -> Self {
        self.setup = setup;
        self
    }

    /// Makes an empty database file.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the file holds tables already; [`ErrorKind::Io`] or
    /// [`ErrorKind::Denied`] where it cannot be made.
    pub fn make_file(&self) -> Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.plain_path(), flags)
            .map_err(|e| map(e, OP).with("path", self.path.display()))?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
            .map_err(|e| map(e, OP).with("path", self.path.display()))?;
        if tables == 0 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, OP, "the database holds tables already")
            .with("path", self.path.display()))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path as it is given to SQLite, which takes names that begin with `file:` for URIs.
    fn plain_path(&self) -> PathBuf {
        if self.path.is_relative() {
            Path::new(".").join(&self.path)
        } else {
            self.path.clone()
        }
    }

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let access = if self.write {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        } else {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        };
        let mut connection = Connection::open_with_flags(
            self.plain_path(),
            access | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        let wait_ms = self.wait_ms;
        connection.busy_handler(Some(move |round| wait(round, wait_ms)))?;
        connection.progress_handler(PROGRESS_STEPS, Some(interrupted))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // plans that do not depend on bound values: else every new value prepares anew
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        for statement in &self.setup {
            connection.execute_batch(statement)?;
        }
        Ok(connection)
    }
}

impl Database for Sqlite {
    fn capabilities(&self) -> Capabilities {
        Capabilities { write: self.write, change_counter: true, max_parameters: 32_766 }
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        if !self.path.exists() {
            return Err(Error::new(ErrorKind::NotFound, OP, "there is no database file")
                .with("path", self.path.display()));
        }
        let located = |e| map(e, OP).with("path", self.path.display());
        let connection = self.connect().map_err(located)?;
        if self.write && connection.is_readonly("main").map_err(located)? {
            return Err(Error::new(
                ErrorKind::Denied,
                OP,
                "the database file may not be written",
            )
            .code_of("read_only_database")
            .with("path", self.path.display())
            .hint("open the repository read-only, or change the file's permissions"));
        }
        Ok(Box::new(SqliteSession::new(connection, self.write)))
    }

    fn location(&self) -> String {
        self.path.display().to_string()
    }
}
