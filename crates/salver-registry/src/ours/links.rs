//! Links: rows in, rows out.

use std::collections::HashSet;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{LinkKind, LinkRow};
use uuid::Uuid;

use super::{Direction, LineageQuery};
use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::files::json_ids;

/// Ids handled with one statement.
const CHUNK: usize = 1000;

/// Rows are read as `from_id, kind, node, to_id, to_component`.
pub(super) fn read_link(row: &dyn Row) -> Result<LinkRow> {
    let component = row.text(4)?;
    Ok(LinkRow {
        source: row.uuid(0)?,
        kind: stored_kind(row.text(1)?)?,
        node: row.text(2)?.to_owned(),
        target: row.uuid(3)?,
        component: (!component.is_empty()).then(|| component.to_owned()),
    })
}

pub(super) fn stored_kind(text: &str) -> Result<LinkKind> {
    text.parse().map_err(|e: Error| {
        let message = "a stored link is of an unknown kind";
        Error::new(ErrorKind::Corrupt, Op("registry.links"), message)
            .with("stored", text)
            .caused_by(e)
    })
}

impl Registry {
    /// Stores links; those that are there already are passed over. All or nothing. One prepared
    /// statement a row, whatever their number; makes the tables where they are missing.
    ///
    /// Targets need not be there: what must be is for callers to check.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], code `reference_cycle`, where a dataset would come to depend on
    /// itself; [`ErrorKind::Denied`]; [`ErrorKind::Unsupported`], code `incompatible_version`.
    pub fn insert_links(&self, rows: &[LinkRow]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(|work| {
            work.make_ours()?;
            work.insert_links(rows)?;
            work.check_cycles(rows)
        })
    }

    /// The links out of datasets (upstream) or into them (downstream), in the order of the ids.
    ///
    /// # Errors
    /// As [`Registry::lineage`].
    pub fn links(&self, ids: &[Uuid], direction: Direction) -> Result<Vec<LinkRow>> {
        let query =
            LineageQuery { depth: Some(1), ..LineageQuery::new(ids.to_vec(), direction) };
        let mut steps = self.lineage(&query)?;
        let mut found = Vec::new();
        loop {
            let page = self.lineage_page(&mut steps)?;
            if page.is_empty() {
                return Ok(found);
            }
            found.extend(page);
        }
    }

    /// The links by which registered datasets need others: embedded references and parts into
    /// `ids` from outside of them.
    ///
    /// # Errors
    /// As [`Registry::lineage`].
    pub fn dependants(&self, ids: &[Uuid]) -> Result<Vec<LinkRow>> {
        self.read(|work| {
            if !work.has_ours()? {
                return Ok(Vec::new());
            }
            let inside: HashSet<&Uuid> = ids.iter().collect();
            let mut found = Vec::new();
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let rows = work.rows(
                    "SELECT l.from_id, l.kind, l.node, l.to_id, l.to_component \
                     FROM json_each(?1) AS j CROSS JOIN salver_link AS l ON l.to_id = j.value \
                     WHERE l.kind IN ('embedded', 'part') \
                     AND EXISTS (SELECT 1 FROM dataset AS d WHERE d.id = l.from_id)",
                    &[list.as_str().into()],
                    &mut |row| read_link(row),
                )?;
                found.extend(rows.into_iter().filter(|l| !inside.contains(&l.source)));
            }
            Ok(found)
        })
    }

    /// Those of `ids` that something refers to, registered or not.
    ///
    /// # Errors
    /// As [`Registry::lineage`].
    pub fn referred_to(&self, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        self.read(|work| {
            if !work.has_ours()? {
                return Ok(HashSet::new());
            }
            let mut found = HashSet::new();
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                found.extend(work.rows(
                    "SELECT j.value FROM json_each(?1) AS j WHERE EXISTS \
                     (SELECT 1 FROM salver_link AS l WHERE l.to_id = j.value)",
                    &[list.as_str().into()],
                    &mut |row| row.uuid(0),
                )?);
            }
            Ok(found)
        })
    }

    /// Forgets the links out of datasets, and the unresolved references in them; gives how many
    /// rows there were.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], or as the database says.
    pub fn delete_links(&self, ids: &[Uuid]) -> Result<u64> {
        self.write(|work| {
            let mut deleted = 0;
            if !work.has_ours()? {
                return Ok(deleted);
            }
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let values: [Value<'_>; 1] = [list.as_str().into()];
                for table in ["salver_link", "salver_stub"] {
                    deleted += work.execute(
                        &format!(
                            "DELETE FROM {table} WHERE from_id IN \
                             (SELECT value FROM json_each(?1))"
                        ),
                        &values,
                    )?;
                }
            }
            Ok(deleted)
        })
    }
}

impl Work<'_> {
    fn insert_links(&self, rows: &[LinkRow]) -> Result<()> {
        let mut rows = rows.iter();
        self.session.execute_many(
            "INSERT INTO salver_link (from_id, kind, node, to_id, to_component) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            &mut |values| {
                let Some(row) = rows.next() else { return Ok(false) };
                values.extend([
                    row.source.into(),
                    row.kind.as_str().into(),
                    row.node.as_str().into(),
                    row.target.into(),
                    row.component.as_deref().unwrap_or_default().into(),
                ]);
                Ok(true)
            },
        )?;
        Ok(())
    }
}
