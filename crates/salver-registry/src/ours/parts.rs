//! Artifacts with names of our own, and the parts in them.

use std::collections::{BTreeSet, HashSet};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{ArtifactRow, FileRecord, PartRow};
use uuid::Uuid;

use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::files::{json_ids, read_record};
use crate::sql::quoted;

/// Ids handled with one statement.
const CHUNK: usize = 1000;

const COLUMNS: &str =
    "p.dataset_id, p.node, p.path, p.artifact_node, p.digest, p.source_id, p.source_node";

fn read_part(row: &dyn Row) -> Result<PartRow> {
    let source = match row.text_or_null(6)? {
        Some(node) => Some((row.uuid(5)?, node.to_owned())),
        None => None,
    };
    Ok(PartRow {
        dataset: row.uuid(0)?,
        node: row.text(1)?.to_owned(),
        path: row.text(2)?.to_owned(),
        artifact_node: row.text(3)?.to_owned(),
        digest: row.text_or_null(4)?.map(str::to_owned),
        source,
    })
}

impl Registry {
    /// Stores artifacts and parts; an artifact that is there stays, a part is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], or as the database says.
    pub fn insert_parts(
        &self,
        artifacts: &[ArtifactRow],
        parts: &[PartRow],
    ) -> Result<()> {
        if artifacts.is_empty() && parts.is_empty() {
            return Ok(());
        }
        self.write(|work| {
            work.make_ours()?;
            work.insert_artifacts(artifacts)?;
            work.insert_parts(parts)
        })
    }

    /// The parts of datasets that their records speak of too, in the order of the ids.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], code `incompatible_version`; as the database says.
    pub fn parts(&self, ids: &[Uuid]) -> Result<Vec<PartRow>> {
        self.read(|work| {
            let mut found = Vec::new();
            if !work.has_ours()? || !work.has_record_table()? {
                return Ok(found);
            }
            let sql = format!(
                "SELECT {COLUMNS} FROM json_each(?1) AS j \
                 CROSS JOIN salver_part AS p ON p.dataset_id = j.value \
                 WHERE EXISTS (SELECT 1 FROM {} AS f WHERE f.dataset_id = p.dataset_id \
                 AND f.path = p.path) ORDER BY j.key, p.node",
                quoted(&work.shared.records.table)
            );
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let rows =
                    work.rows(&sql, &[list.as_str().into()], &mut |r| read_part(r))?;
                found.extend(rows);
            }
            Ok(found)
        })
    }

    /// Parts with a digest that stored datasets have, each with the record that speaks of it.
    ///
    /// # Errors
    /// As [`Registry::parts`].
    pub fn parts_with_digest(&self, digest: &str) -> Result<Vec<(PartRow, FileRecord)>> {
        self.read(|work| {
            if !work.has_ours()? || !work.has_record_table()? {
                return Ok(Vec::new());
            }
            let records = &work.shared.records;
            let sql = format!(
                "SELECT {COLUMNS}, f.path, f.formatter, f.storage_class, f.component, \
                 f.checksum, f.file_size FROM salver_part AS p \
                 CROSS JOIN dataset_location AS l ON l.datastore_name = ?2 \
                 AND l.dataset_id = p.dataset_id \
                 CROSS JOIN {} AS f ON f.dataset_id = p.dataset_id AND f.path = p.path \
                 WHERE p.digest = ?1 ORDER BY p.path, p.dataset_id",
                quoted(&records.table)
            );
            let values: [Value<'_>; 2] =
                [digest.into(), records.datastore.as_str().into()];
            let rows = work.rows(&sql, &values, &mut |row| {
                let part = read_part(row)?;
                let record = read_record(row, 7, part.dataset)?;
                Ok(record.map(|record| (part, record)))
            })?;
            let mine = |(part, record): &(PartRow, FileRecord)| {
                record.component.is_none() || part.component() == record.component
            };
            Ok(rows.into_iter().flatten().filter(mine).collect())
        })
    }

    /// Which of these paths are artifacts with names of our own.
    ///
    /// # Errors
    /// As [`Registry::parts`].
    pub fn own_artifacts(&self, paths: &[String]) -> Result<HashSet<String>> {
        self.read(|work| {
            if !work.has_ours()? {
                return Ok(HashSet::new());
            }
            let list = serde_json::Value::from(paths).to_string();
            let sql = "SELECT a.path FROM json_each(?1) AS j \
                       CROSS JOIN salver_artifact AS a ON a.path = j.value";
            let rows = work.rows(sql, &[list.as_str().into()], &mut |row| {
                Ok(row.text(0)?.to_owned())
            })?;
            Ok(rows.into_iter().collect())
        })
    }

    /// The part index of an artifact with a name of our own, as JSON, where it was kept.
    ///
    /// # Errors
    /// As [`Registry::parts`].
    pub fn part_index(&self, path: &str) -> Result<Option<String>> {
        self.read(|work| {
            if !work.has_ours()? {
                return Ok(None);
            }
            let sql = "SELECT part_index FROM salver_artifact WHERE path = ?1";
            let found = work.first(sql, &[path.into()], &mut |row| {
                Ok(row.text_or_null(0)?.map(str::to_owned))
            })?;
            Ok(found.flatten())
        })
    }

    /// Checks, in the open transaction, that datasets are stored and have a record of a path each:
    /// what is about to be shared is still there, and stays so until the transaction ends.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `file_not_found`, naming the first that is gone.
    pub fn check_holders(&self, holders: &[(Uuid, String)]) -> Result<()> {
        let mut ids: Vec<Uuid> = holders.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let records = self.file_records(&ids)?;
        let there: HashSet<(Uuid, &str)> =
            records.iter().map(|r| (r.dataset_id, r.path.as_str())).collect();
        match holders.iter().find(|(id, path)| !there.contains(&(*id, path.as_str()))) {
            None => Ok(()),
            Some((id, path)) => {
                let message = "the dataset that a part comes from is not stored any more";
                Err(Error::new(ErrorKind::NotFound, Op("registry.parts"), message)
                    .code_of("file_not_found")
                    .with("dataset", id)
                    .with("path", path))
            }
        }
    }

    /// Replaces the records of a stored dataset, and its parts. Gives the paths that it used
    /// before and that nothing uses now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `file_not_found`, where the datastore has it no more; as the
    /// database says.
    pub fn replace_records(
        &self,
        datastore: &str,
        id: Uuid,
        records: &[FileRecord],
        parts: (&[ArtifactRow], &[PartRow]),
    ) -> Result<Vec<String>> {
        let unit = self.unit()?;
        let old = self.file_records(&[id])?;
        self.check_holders(
            &old.iter().map(|r| (id, r.path.clone())).collect::<Vec<_>>(),
        )?;
        if old.is_empty() {
            self.check_holders(&[(id, String::new())])?;
        }
        self.delete_parts(&[id])?;
        self.forget_files(datastore, &[id])?;
        self.insert_file_records(datastore, records)?;
        self.insert_parts(parts.0, parts.1)?;
        let paths: BTreeSet<String> = old.into_iter().map(|r| r.path).collect();
        let paths: Vec<String> = paths.into_iter().collect();
        let free = self.unused_files(datastore, &paths)?;
        unit.commit()?;
        Ok(free)
    }

    /// Forgets the parts of datasets.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], or as the database says.
    pub fn delete_parts(&self, ids: &[Uuid]) -> Result<()> {
        self.write(|work| {
            if !work.has_ours()? {
                return Ok(());
            }
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                work.execute(
                    "DELETE FROM salver_part WHERE dataset_id IN \
                     (SELECT value FROM json_each(?1))",
                    &[list.as_str().into()],
                )?;
            }
            Ok(())
        })
    }

    /// Parts of other datasets that were linked from these become their own: the links go.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], or as the database says.
    pub fn keep_parts(&self, sources: &[Uuid]) -> Result<()> {
        self.write(|work| {
            if !work.has_ours()? {
                return Ok(());
            }
            for chunk in sources.chunks(CHUNK) {
                let list = json_ids(chunk);
                let values: [Value<'_>; 1] = [list.as_str().into()];
                for sql in [
                    "UPDATE salver_part SET source_id = NULL, source_node = NULL \
                     WHERE source_id IN (SELECT value FROM json_each(?1))",
                    "DELETE FROM salver_link WHERE kind = 'part' \
                     AND to_id IN (SELECT value FROM json_each(?1))",
                ] {
                    work.execute(sql, &values)?;
                }
            }
            Ok(())
        })
    }

    /// Forgets artifacts whose files are gone, by their paths.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], or as the database says.
    pub fn delete_artifacts(&self, paths: &[String]) -> Result<()> {
        self.write(|work| {
            if paths.is_empty() || !work.has_ours()? {
                return Ok(());
            }
            let list = serde_json::Value::from(paths).to_string();
            work.execute(
                "DELETE FROM salver_artifact WHERE path IN \
                 (SELECT value FROM json_each(?1))",
                &[list.as_str().into()],
            )?;
            Ok(())
        })
    }
}

impl Work<'_> {
    fn insert_artifacts(&self, rows: &[ArtifactRow]) -> Result<()> {
        let mut rows = rows.iter();
        self.session.execute_many(
            "INSERT INTO salver_artifact (path, format, length, part_index) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            &mut |values| {
                let Some(row) = rows.next() else { return Ok(false) };
                values.extend([
                    row.path.as_str().into(),
                    row.format.as_str().into(),
                    i64::try_from(row.length).unwrap_or(i64::MAX).into(),
                    row.index.as_deref().into(),
                ]);
                Ok(true)
            },
        )?;
        Ok(())
    }

    fn insert_parts(&self, rows: &[PartRow]) -> Result<()> {
        let mut rows = rows.iter();
        self.session.execute_many(
            "INSERT INTO salver_part (dataset_id, node, path, artifact_node, digest, \
             source_id, source_node) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT (dataset_id, node) DO UPDATE SET path = excluded.path, \
             artifact_node = excluded.artifact_node, digest = excluded.digest, \
             source_id = excluded.source_id, source_node = excluded.source_node",
            &mut |values: &mut Vec<Value<'_>>| {
                let Some(row) = rows.next() else { return Ok(false) };
                values.extend([
                    row.dataset.into(),
                    row.node.as_str().into(),
                    row.path.as_str().into(),
                    row.artifact_node.as_str().into(),
                    row.digest.as_deref().into(),
                    row.source.as_ref().map(|(id, _)| *id).into(),
                    row.source.as_ref().map(|(_, node)| node.as_str()).into(),
                ]);
                Ok(true)
            },
        )?;
        Ok(())
    }
}
