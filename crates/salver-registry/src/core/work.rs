//! What an operation works with: a session, its caches, and what all sessions share.

use salver_core::Result;

use super::cache::Caches;
use super::shared::Shared;
use crate::database::{Row, Session, Value};

/// The session and caches that one operation uses.
#[derive(Debug)]
pub(crate) struct Work<'w> {
    pub(crate) session: &'w dyn Session,
    pub(crate) caches: &'w mut Caches,
    pub(crate) shared: &'w Shared,
}

impl Work<'_> {
    /// Runs a query and gives what `read` makes of each row.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: &mut dyn FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.session.query(sql, values, &mut |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Runs a query and gives what `read` makes of its first row.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: &mut dyn FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.session.query(sql, values, &mut |row| {
            found = Some(read(row)?);
            Ok(false)
        })?;
        Ok(found)
    }

    /// Runs a statement; gives the number of rows changed.
    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        self.session.execute(sql, values)
    }
}
