//! Lineage: what datasets came from, and what was made of them.

use std::collections::HashSet;

use salver_core::Result;
use salver_model::{LinkKind, LinkRow};
use uuid::Uuid;

use super::links::read_link;
use crate::core::{Registry, Work};
use crate::database::{RowExt, Value};
use crate::files::json_ids;

/// Datasets asked for with one statement.
const CHUNK: usize = 1000;

/// A page ends with the first dataset that brings it to this many links.
const PAGE: usize = 10_000;

/// Which way links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From what was made to what it was made from.
    Upstream,
    /// From inputs to what was made from them.
    Downstream,
}

/// What of the graph of links is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageQuery {
    /// The datasets to begin at.
    pub roots: Vec<Uuid>,
    /// Which way.
    pub direction: Direction,
    /// How many links away at most; `None` is any number.
    pub depth: Option<u32>,
    /// The kinds of links that are followed and given; empty for all.
    pub kinds: Vec<LinkKind>,
    /// Only links whose far end is of one of these dataset types are given; all are followed.
    /// Empty for all.
    pub types: Vec<String>,
}

impl LineageQuery {
    /// All links, of all kinds, at any distance.
    #[must_use]
    pub fn new(roots: Vec<Uuid>, direction: Direction) -> Self {
        Self { roots, direction, depth: None, kinds: Vec::new(), types: Vec::new() }
    }
}

/// The datasets whose links are the answer to a query, and how far they were given.
#[derive(Debug, Clone)]
pub struct LineageSteps {
    ids: Vec<Uuid>,
    next: usize,
    direction: Direction,
    kinds: Option<String>,
    types: Option<String>,
}

impl LineageSteps {
    /// All links of these datasets.
    pub(super) fn all(ids: Vec<Uuid>, direction: Direction) -> Self {
        Self { ids, next: 0, direction, kinds: None, types: None }
    }

    /// The datasets that are reached, the roots first among them.
    #[must_use]
    pub fn datasets(&self) -> &[Uuid] {
        &self.ids
    }
}

impl Registry {
    /// Finds the datasets that a query reaches: one recursive statement, 16 bytes kept for each.
    /// Their links are then given by [`Registry::lineage_page`].
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](salver_core::ErrorKind), code `incompatible_version`; as the
    /// database says.
    pub fn lineage(&self, query: &LineageQuery) -> Result<LineageSteps> {
        let ids = self.read(|work| work.reach(query))?;
        Ok(LineageSteps {
            ids,
            next: 0,
            direction: query.direction,
            kinds: words(query.kinds.iter().map(|kind| kind.as_str())),
            types: words(query.types.iter().map(String::as_str)),
        })
    }

    /// The next links of an answer, grouped by the dataset they were followed from; empty at the
    /// end. A page holds at most about 10,000, and never part of one dataset's.
    ///
    /// No transaction stays open between pages; each is of the database as it is then.
    ///
    /// # Errors
    /// As [`Registry::lineage`].
    pub fn lineage_page(&self, steps: &mut LineageSteps) -> Result<Vec<LinkRow>> {
        let mut found = Vec::new();
        while found.is_empty() && steps.next < steps.ids.len() {
            let from = steps.next;
            let (page, next) = self.read(|work| work.lineage_page(steps, from))?;
            found = page;
            steps.next = next;
        }
        Ok(found)
    }
}

/// Words as a JSON list to be bound once; nothing where there are none.
pub(super) fn words<'w>(words: impl Iterator<Item = &'w str>) -> Option<String> {
    let list: Vec<serde_json::Value> = words.map(Into::into).collect();
    (!list.is_empty()).then(|| serde_json::Value::Array(list).to_string())
}

/// The column a link is followed from, and the one it is followed to.
fn ends(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Upstream => ("from_id", "to_id"),
        Direction::Downstream => ("to_id", "from_id"),
    }
}

impl Work<'_> {
    /// The datasets whose links a query gives. Without a limit of depth the recursion keeps each
    /// dataset once, so that it ends whatever the links are; with one it keeps each once a depth.
    pub(super) fn reach(&mut self, query: &LineageQuery) -> Result<Vec<Uuid>> {
        if query.roots.is_empty() || query.depth == Some(0) || !self.has_ours()? {
            return Ok(Vec::new());
        }
        let (near, far) = ends(query.direction);
        let followed = format!(
            "CROSS JOIN salver_link AS l ON l.{near} = r.id \
             AND (?2 IS NULL OR l.kind IN (SELECT value FROM json_each(?2)))"
        );
        let roots = json_ids(&query.roots);
        let kinds = words(query.kinds.iter().map(|kind| kind.as_str()));
        let mut values: Vec<Value<'_>> =
            vec![roots.as_str().into(), kinds.as_deref().into()];
        let sql = match query.depth {
            Some(1) => return Ok(once(&query.roots)),
            None => format!(
                "WITH RECURSIVE reach(id) AS (SELECT value FROM json_each(?1) UNION \
                 SELECT l.{far} FROM reach AS r {followed}) SELECT id FROM reach"
            ),
            Some(depth) => {
                values.push(i64::from(depth).into());
                format!(
                    "WITH RECURSIVE reach(id, depth) AS \
                     (SELECT value, 0 FROM json_each(?1) UNION \
                     SELECT l.{far}, r.depth + 1 FROM reach AS r {followed} \
                     WHERE r.depth + 1 < ?3) SELECT DISTINCT id FROM reach"
                )
            }
        };
        self.rows(&sql, &values, &mut |row| row.uuid(0))
    }

    /// Links of datasets from number `from` on, and the number of the next one.
    pub(super) fn lineage_page(
        &mut self,
        steps: &LineageSteps,
        from: usize,
    ) -> Result<(Vec<LinkRow>, usize)> {
        let ids = steps.ids.get(from..).unwrap_or_default();
        let ids = ids.get(..CHUNK).unwrap_or(ids);
        if ids.is_empty() || !self.has_ours()? {
            return Ok((Vec::new(), steps.ids.len()));
        }
        let (near, far) = ends(steps.direction);
        // the list is walked in its order, and each dataset's links in the order of the index
        let sql = format!(
            "SELECT l.from_id, l.kind, l.node, l.to_id, l.to_component, j.key \
             FROM json_each(?1) AS j CROSS JOIN salver_link AS l ON l.{near} = j.value \
             WHERE (?2 IS NULL OR l.kind IN (SELECT value FROM json_each(?2))) \
             AND (?3 IS NULL OR EXISTS (SELECT 1 FROM dataset AS d \
             JOIN dataset_type AS t ON t.id = d.dataset_type_id \
             WHERE d.id = l.{far} AND t.name IN (SELECT value FROM json_each(?3))) \
             OR EXISTS (SELECT 1 FROM salver_stub AS s WHERE s.id = l.{far} \
             AND s.dataset_type IN (SELECT value FROM json_each(?3))))"
        );
        let list = json_ids(ids);
        let values: [Value<'_>; 3] = [
            list.as_str().into(),
            steps.kinds.as_deref().into(),
            steps.types.as_deref().into(),
        ];
        let mut found = Vec::new();
        let mut last = 0;
        let mut whole = true;
        self.session.query(&sql, &values, &mut |row| {
            let at = usize::try_from(row.int(5)?).unwrap_or(usize::MAX);
            if at != last && found.len() >= PAGE {
                whole = false;
                return Ok(false);
            }
            last = at;
            found.push(read_link(row)?);
            Ok(true)
        })?;
        let done = if whole { ids.len() } else { last + 1 };
        Ok((found, from + done))
    }
}

fn once(ids: &[Uuid]) -> Vec<Uuid> {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}
