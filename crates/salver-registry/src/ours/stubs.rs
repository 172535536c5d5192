//! Stubs: identities of datasets that are referred to and not here.

use salver_core::Result;
use salver_model::{DatasetRef, LinkRow, PendingLink, StubRow, StubState, time};
use uuid::Uuid;

use super::links::stored_kind;
use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::files::json_ids;

/// Ids handled with one statement.
const CHUNK: usize = 1000;

const COLUMNS: &str = "s.id, s.state, s.dataset_type, s.run, s.data_id, s.at_ns, s.by_whom, \
                       s.from_id, s.kind, s.node, s.component";

fn read_stub(row: &dyn Row) -> Result<StubRow> {
    let owned = |column| row.text_or_null(column).map(|t| t.map(str::to_owned));
    let pending = match row.text_or_null(8)? {
        None => None,
        Some(kind) => Some(PendingLink {
            source: row.uuid(7)?,
            kind: stored_kind(kind)?,
            node: row.text(9)?.to_owned(),
            component: owned(10)?,
        }),
    };
    Ok(StubRow {
        id: row.uuid(0)?,
        state: row.text(1)?.parse()?,
        dataset_type: row.text(2)?.to_owned(),
        run: owned(3)?,
        data_id: row.text(4)?.to_owned(),
        at_ns: row.int(5)?,
        by: owned(6)?,
        pending,
    })
}

impl Registry {
    /// Stores stubs; one that is there keeps its row, unless the new one is a tombstone.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](salver_core::ErrorKind), or as the database says.
    pub fn insert_stubs(&self, rows: &[StubRow]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(|work| {
            work.make_ours()?;
            work.insert_stubs(rows)
        })
    }

    /// The stubs of ids, in the order of the ids; those without one are left out.
    ///
    /// # Errors
    /// As [`Registry::lineage`].
    pub fn stubs(&self, ids: &[Uuid]) -> Result<Vec<StubRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM json_each(?1) AS j \
             CROSS JOIN salver_stub AS s ON s.id = j.value ORDER BY j.key"
        );
        self.read(|work| work.stubs_by(&sql, ids))
    }

    /// The references in datasets that have no target yet, in the order of their places.
    ///
    /// # Errors
    /// As [`Registry::lineage`].
    pub fn unresolved(&self, sources: &[Uuid]) -> Result<Vec<StubRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM json_each(?1) AS j \
             CROSS JOIN salver_stub AS s ON s.from_id = j.value ORDER BY j.key, s.node"
        );
        self.read(|work| work.stubs_by(&sql, sources))
    }

    /// Turns unresolved references, by the ids of their stubs, into links to what was found.
    ///
    /// # Errors
    /// As [`Registry::insert_links`].
    pub fn resolve_stubs(&self, found: &[(StubRow, Uuid)]) -> Result<()> {
        let row = |(stub, target): &(StubRow, Uuid)| {
            stub.pending.as_ref().map(|p| LinkRow {
                source: p.source,
                kind: p.kind,
                node: p.node.clone(),
                target: *target,
                component: p.component.clone(),
            })
        };
        let rows: Vec<LinkRow> = found.iter().filter_map(row).collect();
        let ids: Vec<Uuid> = found.iter().map(|(stub, _)| stub.id).collect();
        let unit = self.unit()?;
        self.insert_links(&rows)?;
        self.delete_stubs(&ids)?;
        unit.commit()
    }

    /// Forgets stubs: their datasets are here, or nothing refers to them.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](salver_core::ErrorKind), or as the database says.
    pub fn delete_stubs(&self, ids: &[Uuid]) -> Result<()> {
        self.write(|work| {
            if !work.has_ours()? {
                return Ok(());
            }
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                work.execute(
                    "DELETE FROM salver_stub WHERE id IN (SELECT value FROM json_each(?1))",
                    &[list.as_str().into()],
                )?;
            }
            Ok(())
        })
    }

    /// Notes what becomes of datasets that are about to be deleted: those that something refers
    /// to get a tombstone and keep their links, the others lose theirs.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](salver_core::ErrorKind), or as the database says.
    pub fn bury(&self, ids: &[Uuid], by: Option<&str>) -> Result<()> {
        let referred = self.referred_to(ids)?;
        let (kept, dropped): (Vec<Uuid>, Vec<Uuid>) =
            ids.iter().partition(|id| referred.contains(*id));
        if !kept.is_empty() {
            let now = self.tai_ns();
            let stubs: Vec<StubRow> = self
                .datasets_by_id(&kept)?
                .iter()
                .map(|dataset| tombstone(dataset, now, by))
                .collect();
            self.insert_stubs(&stubs)?;
        }
        self.delete_links(&dropped).map(|_| ())
    }

    /// The present time in nanoseconds of TAI.
    pub fn tai_ns(&self) -> i64 {
        time::tai_from_unix_ns(self.shared.clock.unix_ns())
    }
}

fn tombstone(dataset: &DatasetRef, at_ns: i64, by: Option<&str>) -> StubRow {
    StubRow {
        id: dataset.id,
        state: StubState::Deleted,
        dataset_type: dataset.dataset_type.name().to_owned(),
        run: Some(dataset.run.to_string()),
        data_id: dataset.data_id.to_minimal().values_to_json().to_string(),
        at_ns,
        by: by.map(str::to_owned),
        pending: None,
    }
}

impl Work<'_> {
    fn stubs_by(&mut self, sql: &str, ids: &[Uuid]) -> Result<Vec<StubRow>> {
        let mut found = Vec::new();
        if !self.has_ours()? {
            return Ok(found);
        }
        for chunk in ids.chunks(CHUNK) {
            let list = json_ids(chunk);
            found.extend(self.rows(sql, &[list.as_str().into()], &mut |r| read_stub(r))?);
        }
        Ok(found)
    }

    fn insert_stubs(&self, rows: &[StubRow]) -> Result<()> {
        let mut rows = rows.iter();
        self.session.execute_many(
            "INSERT INTO salver_stub (id, state, dataset_type, run, data_id, at_ns, by_whom, \
             from_id, kind, node, component) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, at_ns = excluded.at_ns, \
             by_whom = excluded.by_whom WHERE excluded.state = 'deleted'",
            &mut |values: &mut Vec<Value<'_>>| {
                let Some(row) = rows.next() else { return Ok(false) };
                let pending = row.pending.as_ref();
                values.extend([
                    row.id.into(),
                    row.state.as_str().into(),
                    row.dataset_type.as_str().into(),
                    row.run.as_deref().into(),
                    row.data_id.as_str().into(),
                    row.at_ns.into(),
                    row.by.as_deref().into(),
                    pending.map(|p| p.source).into(),
                    pending.map(|p| p.kind.as_str()).into(),
                    pending.map(|p| p.node.as_str()).into(),
                    pending.and_then(|p| p.component.as_deref()).into(),
                ]);
                Ok(true)
            },
        )?;
        Ok(())
    }
}
