//! One connection: statements and transactions.

use std::cell::Cell;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use salver_core::{Error, ErrorKind, Op, Result};

use super::error::map;
use crate::database::{self, Each, Feed, Mode, Row, Session, Value};

const BEGIN: Op = Op("database.begin");
const END: Op = Op("database.commit");
const EXECUTE: Op = Op("database.execute");
const QUERY: Op = Op("database.query");

/// A connection to a SQLite file.
#[derive(Debug)]
pub(super) struct SqliteSession {
    connection: Connection,
    write: bool,
    /// A transaction was begun and not ended: SQLite undoes one by itself when the disk is full.
    begun: Cell<bool>,
}

impl SqliteSession {
    pub(super) fn new(connection: Connection, write: bool) -> Self {
        Self { connection, write, begun: Cell::new(false) }
    }

    fn prepare(&self, sql: &str, op: Op) -> Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql).map_err(|e| map(e, op).with("statement", sql))
    }

    /// Fails where SQLite undid the transaction: what follows would be kept by itself.
    fn check(&self, op: Op) -> Result<()> {
        if !self.begun.get() || !self.connection.is_autocommit() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Database, op, "SQLite undid the transaction")
            .code_of("transaction_failed")
            .hint("an earlier error tells why; roll back and try again"))
    }

    fn run(&self, sql: &str, op: Op) -> Result<()> {
        let mut statement = self.prepare(sql, op)?;
        statement.raw_execute().map_err(|e| map(e, op))?;
        Ok(())
    }
}

impl Session for SqliteSession {
    fn begin(&self, mode: Mode) -> Result<()> {
        if mode == Mode::Write && !self.write {
            return Err(read_only());
        }
        self.run(if mode == Mode::Write { "BEGIN IMMEDIATE" } else { "BEGIN" }, BEGIN)?;
        self.begun.set(true);
        Ok(())
    }

    fn end(&self, keep: bool) -> Result<()> {
        if keep {
            self.check(END)?;
            self.run("COMMIT", END)?;
        } else if !self.connection.is_autocommit() {
            self.run("ROLLBACK", END)?;
        }
        self.begun.set(false);
        Ok(())
    }

    fn savepoint(&self, depth: usize) -> Result<()> {
        self.check(BEGIN)?;
        self.run(&format!("SAVEPOINT s{depth}"), BEGIN)
    }

    fn end_savepoint(&self, depth: usize, keep: bool) -> Result<()> {
        if !keep {
            if self.connection.is_autocommit() {
                return Ok(());
            }
            self.run(&format!("ROLLBACK TO s{depth}"), END)?;
        }
        self.run(&format!("RELEASE s{depth}"), END)
    }

    fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        self.check(EXECUTE)?;
        let mut statement = self.prepare(sql, EXECUTE)?;
        bind(&mut statement, values)?;
        let changed = statement.raw_execute().map_err(|e| map(e, EXECUTE))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn execute_many(&self, sql: &str, feed: &mut Feed<'_, '_>) -> Result<u64> {
        self.check(EXECUTE)?;
        let mut statement = self.prepare(sql, EXECUTE)?;
        let mut row = Vec::new();
        let mut changed = 0;
        while feed(&mut row)? {
            bind(&mut statement, &row)?;
            changed += statement.raw_execute().map_err(|e| map(e, EXECUTE))?;
            row.clear();
        }
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(&self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<()> {
        let mut statement = self.prepare(sql, QUERY)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| map(e, QUERY))? {
            if !each(&SqliteRow(row))? {
                break;
            }
        }
        Ok(())
    }

    /// The counter is `PRAGMA data_version`; its statement, left unfinished, holds the read
    /// transaction during `body`, so that counter and body cost one lock cycle together.
    fn snapshot(&self, body: &mut dyn FnMut(i64) -> Result<()>) -> Result<()> {
        let mut statement = self.prepare("PRAGMA data_version", QUERY)?;
        let mut rows = statement.raw_query();
        let version = match rows.next().map_err(|e| map(e, QUERY))? {
            Some(row) => row.get(0).map_err(|e| map(e, QUERY))?,
            None => 0,
        };
        body(version)
    }
}

fn read_only() -> Error {
    Error::new(ErrorKind::Denied, BEGIN, "the repository was opened read-only")
        .code_of("read_only_database")
        .hint("open it writeable")
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> Result<()> {
    if values.len() != statement.parameter_count() {
        return Err(Error::new(
            ErrorKind::Internal,
            EXECUTE,
            format!("{} values for {} places", values.len(), statement.parameter_count()),
        ));
    }
    for (i, value) in values.iter().enumerate() {
        statement
            .raw_bind_parameter(i + 1, Bound::new(value))
            .map_err(|e| map(e, EXECUTE))?;
    }
    Ok(())
}

/// A value as the library binds it; a UUID is text of 32 digits.
enum Bound<'v, 'a> {
    Plain(&'v Value<'a>),
    Digits([u8; 32]),
}

impl<'v, 'a> Bound<'v, 'a> {
    fn new(value: &'v Value<'a>) -> Self {
        match value {
            Value::Uuid(id) => {
                let mut digits = [0; 32];
                id.simple().encode_lower(&mut digits);
                Self::Digits(digits)
            }
            other => Self::Plain(other),
        }
    }
}

impl rusqlite::ToSql for Bound<'_, '_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Digits(digits) => ValueRef::Text(digits),
            Self::Plain(value) => match value {
                Value::Null | Value::Uuid(_) => ValueRef::Null,
                Value::Bool(b) => ValueRef::Integer(i64::from(*b)),
                Value::Int(n) => ValueRef::Integer(*n),
                Value::Float(x) => ValueRef::Real(*x),
                Value::Text(text) => ValueRef::Text(text.as_bytes()),
            },
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

struct SqliteRow<'r, 's>(&'r rusqlite::Row<'s>);

impl Row for SqliteRow<'_, '_> {
    fn cell(&self, column: usize) -> Result<database::Cell<'_>> {
        Ok(match self.0.get_ref(column).map_err(|e| map(e, QUERY))? {
            ValueRef::Null => database::Cell::Null,
            ValueRef::Integer(n) => database::Cell::Int(n),
            ValueRef::Real(x) => database::Cell::Float(x),
            ValueRef::Blob(bytes) => database::Cell::Bytes(bytes),
            ValueRef::Text(bytes) => {
                database::Cell::Text(std::str::from_utf8(bytes).map_err(|e| {
                    Error::new(
                        ErrorKind::Corrupt,
                        QUERY,
                        format!("text of column {column} is not UTF-8"),
                    )
                    .caused_by(e)
                })?)
            }
        })
    }
}
