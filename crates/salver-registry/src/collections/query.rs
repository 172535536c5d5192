//! Listing collections.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use salver_core::{Op, Result};
use salver_model::{Collection, CollectionType};

use super::rows::{self, CollectionRow};
use crate::core::{Registry, Work};
use crate::database::RowExt;
use crate::glob;

/// Which collections to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionQuery {
    /// Names, or shell patterns (`*` matches `/` too); empty means all.
    pub patterns: Vec<String>,
    /// Types wanted; empty means all.
    pub kinds: Vec<CollectionType>,
    /// Replaces chains by what they lead to, before types are looked at.
    pub flatten: bool,
}

impl Registry {
    /// Collections by name, pattern and type: named ones in the order given, those of a pattern
    /// by name, each once.
    ///
    /// # Errors
    /// [`salver_core::ErrorKind::NotFound`], code `missing_collection`, for a name (not a
    /// pattern) that is not registered.
    pub fn query_collections(&self, query: &CollectionQuery) -> Result<Vec<Collection>> {
        self.read(|work| {
            let rows =
                work.matching_collections(Op("registry.query_collections"), query)?;
            work.describe(&rows)
        })
    }

    /// The names of the chains that hold a collection directly, sorted.
    ///
    /// # Errors
    /// [`salver_core::ErrorKind::NotFound`], code `missing_collection`.
    pub fn collection_parents(&self, name: &str) -> Result<Vec<String>> {
        self.read(|work| {
            let row = work.collection(Op("registry.collection_parents"), name)?;
            work.rows(
                "SELECT DISTINCT c.name FROM collection_chain AS h \
                 JOIN collection AS c ON c.collection_id = h.parent \
                 WHERE h.child = ?1 ORDER BY c.name",
                &[row.id.into()],
                &mut |row| Ok(row.text(0)?.to_owned()),
            )
        })
    }
}

impl Work<'_> {
    /// The rows of collections that match, flattened where asked.
    pub(crate) fn matching_collections(
        &mut self,
        op: Op,
        query: &CollectionQuery,
    ) -> Result<Vec<Arc<CollectionRow>>> {
        let mut found = Vec::new();
        let mut all: Option<Vec<Arc<CollectionRow>>> = None;
        let everything = ["*".to_owned()];
        let patterns: &[String] =
            if query.patterns.is_empty() { &everything } else { &query.patterns };
        for pattern in patterns {
            if !glob::is_pattern(pattern) {
                found.push(self.collection(op, pattern)?);
                continue;
            }
            let rows = match &all {
                Some(rows) => rows,
                None => all.insert(self.all_collections()?),
            };
            found.extend(
                rows.iter()
                    .filter(|row| glob::matches(pattern, &row.name))
                    .map(Arc::clone),
            );
        }
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        for row in found {
            if query.flatten {
                self.flatten_into(row, &mut seen, &mut rows)?;
            } else if seen.insert(row.id) {
                rows.push(row);
            }
        }
        rows.retain(|row| query.kinds.is_empty() || query.kinds.contains(&row.kind));
        Ok(rows)
    }

    fn all_collections(&mut self) -> Result<Vec<Arc<CollectionRow>>> {
        let found = self.rows(
            "SELECT collection_id, name, type FROM collection ORDER BY name",
            &[],
            &mut |row| rows::read(row, 0),
        )?;
        Ok(found.into_iter().map(|row| self.caches.collections.keep(row)).collect())
    }

    /// Adds documentation and children: two statements, however many collections.
    fn describe(&mut self, found: &[Arc<CollectionRow>]) -> Result<Vec<Collection>> {
        let ids = json_list(found.iter().map(|row| row.id));
        let docs: BTreeMap<i64, String> = self
            .rows(
                "SELECT collection_id, doc FROM collection WHERE doc IS NOT NULL \
                 AND collection_id IN (SELECT value FROM json_each(?1))",
                &[ids.as_str().into()],
                &mut |row| Ok((row.int(0)?, row.text(1)?.to_owned())),
            )?
            .into_iter()
            .collect();
        let mut children: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        if found.iter().any(|row| row.kind == CollectionType::Chained) {
            self.session.query(
                "SELECT h.parent, c.name FROM collection_chain AS h \
                 JOIN collection AS c ON c.collection_id = h.child \
                 WHERE h.parent IN (SELECT value FROM json_each(?1)) \
                 ORDER BY h.parent, h.position",
                &[ids.as_str().into()],
                &mut |row| {
                    children
                        .entry(row.int(0)?)
                        .or_default()
                        .push(row.text(1)?.to_owned());
                    Ok(true)
                },
            )?;
        }
        Ok(found
            .iter()
            .map(|row| Collection {
                name: row.name.to_string(),
                kind: row.kind,
                doc: docs.get(&row.id).cloned(),
                children: children.remove(&row.id).unwrap_or_default(),
            })
            .collect())
    }
}

/// Keys as a JSON list, to be bound once.
pub(crate) fn json_list(ids: impl Iterator<Item = i64>) -> String {
    let mut text = String::from("[");
    for id in ids {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&id.to_string());
    }
    text.push(']');
    text
}
