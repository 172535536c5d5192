//! Rows of collections, looked up by name or key and kept while nobody else commits.

use std::collections::HashSet;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::CollectionType;

use crate::core::Work;
use crate::database::{Row, RowExt};

/// What is kept of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectionRow {
    pub(crate) id: i64,
    pub(crate) name: Arc<str>,
    pub(crate) kind: CollectionType,
}

/// Reads columns `collection_id, name, type` that begin at `first`.
pub(crate) fn read(row: &dyn Row, first: usize) -> Result<CollectionRow> {
    let code = row.int(first + 2)?;
    let kind = CollectionType::from_code(code).ok_or_else(|| {
        Error::new(
            ErrorKind::Corrupt,
            Op("registry.collection"),
            "unknown type of collection",
        )
        .with("code", code)
    })?;
    Ok(CollectionRow { id: row.int(first)?, name: Arc::from(row.text(first + 1)?), kind })
}

/// The error for a name that is not registered.
pub(crate) fn missing(op: Op, name: &str) -> Error {
    Error::new(ErrorKind::NotFound, op, "there is no collection of this name")
        .code_of("missing_collection")
        .with("collection", name)
        .hint("query_collections lists what is registered")
}

/// The error for a collection of the wrong type.
pub(crate) fn wrong_type(op: Op, row: &CollectionRow, wanted: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, op, format!("this needs a {wanted} collection"))
        .code_of("collection_type")
        .with("collection", &row.name)
        .with("type", row.kind)
}

impl Work<'_> {
    /// The collection of a name, where there is one.
    pub(crate) fn find_collection(
        &mut self,
        name: &str,
    ) -> Result<Option<Arc<CollectionRow>>> {
        if let Some(row) = self.caches.collections.by_name(name) {
            return Ok(Some(row));
        }
        let found = self.first(
            "SELECT collection_id, name, type FROM collection WHERE name = ?1",
            &[name.into()],
            &mut |row| read(row, 0),
        )?;
        Ok(found.map(|row| self.caches.collections.keep(row)))
    }

    /// The collection of a name.
    pub(crate) fn collection(
        &mut self,
        op: Op,
        name: &str,
    ) -> Result<Arc<CollectionRow>> {
        self.find_collection(name)?.ok_or_else(|| missing(op, name))
    }

    /// The collection of a key that another row refers to.
    pub(crate) fn collection_of_id(&mut self, id: i64) -> Result<Arc<CollectionRow>> {
        if let Some(row) = self.caches.collections.by_id(id) {
            return Ok(row);
        }
        let found = self.first(
            "SELECT collection_id, name, type FROM collection WHERE collection_id = ?1",
            &[id.into()],
            &mut |row| read(row, 0),
        )?;
        match found {
            Some(row) => Ok(self.caches.collections.keep(row)),
            None => Err(Error::new(
                ErrorKind::Corrupt,
                Op("registry.collection"),
                "a row refers to a collection that is not there",
            )
            .with("collection_id", id)),
        }
    }

    /// The run of a name.
    pub(crate) fn run(&mut self, op: Op, name: &str) -> Result<Arc<CollectionRow>> {
        let row = self.collection(op, name)?;
        if row.kind == CollectionType::Run {
            Ok(row)
        } else {
            Err(wrong_type(op, &row, "RUN"))
        }
    }

    /// The children of a chain, in search order.
    pub(crate) fn children(&mut self, chain: i64) -> Result<Arc<[Arc<CollectionRow>]>> {
        if let Some(children) = self.caches.collections.children(chain) {
            return Ok(children);
        }
        let rows = self.rows(
            "SELECT c.collection_id, c.name, c.type FROM collection_chain AS h \
             JOIN collection AS c ON c.collection_id = h.child \
             WHERE h.parent = ?1 ORDER BY h.position",
            &[chain.into()],
            &mut |row| read(row, 0),
        )?;
        let rows: Vec<_> =
            rows.into_iter().map(|row| self.caches.collections.keep(row)).collect();
        Ok(self.caches.collections.keep_children(chain, rows.into()))
    }

    /// The collections of these names with chains replaced by their children, depth first, each
    /// at its first place (§12.4).
    pub(crate) fn flatten(
        &mut self,
        op: Op,
        names: &[impl AsRef<str>],
    ) -> Result<Vec<Arc<CollectionRow>>> {
        let mut flat = Vec::new();
        let mut seen = HashSet::new();
        for name in names {
            let row = self.collection(op, name.as_ref())?;
            self.flatten_into(row, &mut seen, &mut flat)?;
        }
        Ok(flat)
    }

    /// Adds a collection, or what a chain leads to, skipping what was seen.
    pub(crate) fn flatten_into(
        &mut self,
        first: Arc<CollectionRow>,
        seen: &mut HashSet<i64>,
        flat: &mut Vec<Arc<CollectionRow>>,
    ) -> Result<()> {
        let mut next = vec![first];
        while let Some(row) = next.pop() {
            if !seen.insert(row.id) {
                continue;
            }
            if row.kind == CollectionType::Chained {
                next.extend(self.children(row.id)?.iter().rev().map(Arc::clone));
            } else {
                flat.push(row);
            }
        }
        Ok(())
    }
}
