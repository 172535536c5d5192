//! Deletion of files in three steps: trash, plan, finish (§9.5).
//!
//! What is in the trash is no longer found; its files go when the plan is carried out. A program
//! that dies between the steps leaves rows that the next one takes up.

use std::collections::BTreeSet;

use salver_core::Result;
use uuid::Uuid;

use super::json_ids;
use crate::core::{Registry, Work};
use crate::database::{RowExt, Value};
use crate::sql::quoted;

/// Ids handled with one statement.
const CHUNK: usize = 1000;

/// The mark between a zip file's path and its member.
const MEMBER: &str = "#zip-path=";

/// What emptying the trash has to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrashPlan {
    /// Datasets that leave the trash when the plan is finished.
    pub ids: Vec<Uuid>,
    /// Files that no dataset uses any more, as records spell them, without zip members; sorted.
    pub paths: Vec<String>,
}

impl Registry {
    /// Moves datasets of a datastore to its trash; those it does not have are passed over.
    /// Gives how many were moved. Two statements for 1000 ids.
    ///
    /// # Errors
    /// As the database says.
    pub fn trash(&self, datastore: &str, ids: &[Uuid]) -> Result<u64> {
        self.write(|work| {
            let mut moved = 0;
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let values: [Value<'_>; 2] = [datastore.into(), list.as_str().into()];
                work.execute(
                    "INSERT INTO dataset_location_trash (dataset_id, datastore_name) \
                     SELECT l.dataset_id, l.datastore_name FROM json_each(?2) AS j \
                     CROSS JOIN dataset_location AS l ON l.datastore_name = ?1 \
                     AND l.dataset_id = j.value WHERE 1 ON CONFLICT DO NOTHING",
                    &values,
                )?;
                moved += work.execute(
                    "DELETE FROM dataset_location WHERE datastore_name = ?1 \
                     AND dataset_id IN (SELECT value FROM json_each(?2))",
                    &values,
                )?;
            }
            Ok(moved)
        })
    }

    /// What has to be done for up to `limit` datasets in a datastore's trash; nothing is changed.
    ///
    /// # Errors
    /// As the database says.
    pub fn trash_plan(&self, datastore: &str, limit: usize) -> Result<TrashPlan> {
        self.read(|work| work.trash_plan(datastore, limit))
    }

    /// Forgets the datasets of a plan whose files were deleted: records and trash.
    ///
    /// A dataset that the datastore has again since then keeps its records.
    ///
    /// # Errors
    /// As the database says.
    pub fn finish_trash(&self, datastore: &str, plan: &TrashPlan) -> Result<()> {
        let delete_records = format!(
            "DELETE FROM {0} WHERE dataset_id IN (SELECT value FROM json_each(?2)) \
             AND NOT EXISTS (SELECT 1 FROM dataset_location AS l \
             WHERE l.datastore_name = ?1 AND l.dataset_id = {0}.dataset_id)",
            quoted(&self.shared.records.table)
        );
        self.write(|work| {
            work.make_record_table()?;
            for chunk in plan.ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let values: [Value<'_>; 2] = [datastore.into(), list.as_str().into()];
                work.execute(&delete_records, &values)?;
                work.execute(
                    "DELETE FROM dataset_location_trash WHERE datastore_name = ?1 \
                     AND dataset_id IN (SELECT value FROM json_each(?2))",
                    &values,
                )?;
            }
            Ok(())
        })
    }

    /// Those of some files that no dataset in a datastore uses, or a member of.
    ///
    /// # Errors
    /// As the database says.
    pub fn unused_files(&self, datastore: &str, paths: &[String]) -> Result<Vec<String>> {
        self.read(|work| {
            let mut free = Vec::new();
            for path in paths {
                if !work.has_record_table()? || !work.is_used(datastore, path)? {
                    free.push(path.clone());
                }
            }
            Ok(free)
        })
    }

    /// Removes location and records of datasets without deleting files: the datastore forgets
    /// them.
    ///
    /// # Errors
    /// As the database says.
    pub fn forget_files(&self, datastore: &str, ids: &[Uuid]) -> Result<()> {
        let delete_records = format!(
            "DELETE FROM {} WHERE dataset_id IN (SELECT value FROM json_each(?1))",
            quoted(&self.shared.records.table)
        );
        self.write(|work| {
            work.make_record_table()?;
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                work.execute(&delete_records, &[list.as_str().into()])?;
                work.execute(
                    "DELETE FROM dataset_location WHERE datastore_name = ?1 \
                     AND dataset_id IN (SELECT value FROM json_each(?2))",
                    &[datastore.into(), list.as_str().into()],
                )?;
            }
            Ok(())
        })
    }
}

impl Work<'_> {
    fn trash_plan(&self, datastore: &str, limit: usize) -> Result<TrashPlan> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let ids = self.rows(
            "SELECT dataset_id FROM dataset_location_trash WHERE datastore_name = ?1 \
             ORDER BY dataset_id LIMIT ?2",
            &[datastore.into(), limit.into()],
            &mut |row| row.uuid(0),
        )?;
        if !self.has_record_table()? {
            return Ok(TrashPlan { ids, paths: Vec::new() });
        }
        let sql = format!(
            "SELECT f.path FROM json_each(?1) AS j \
             CROSS JOIN {} AS f ON f.dataset_id = j.value",
            quoted(&self.shared.records.table)
        );
        let mut files = BTreeSet::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ids(chunk);
            self.session.query(&sql, &[list.as_str().into()], &mut |row| {
                let path = row.text(0)?;
                files.insert(
                    path.split_once(MEMBER).map_or(path, |(file, _)| file).to_owned(),
                );
                Ok(true)
            })?;
        }
        let mut paths = Vec::with_capacity(files.len());
        for file in files {
            if !self.is_used(datastore, &file)? {
                paths.push(file);
            }
        }
        Ok(TrashPlan { ids, paths })
    }

    /// Says whether a dataset that the datastore has uses a file, or a member of it.
    fn is_used(&self, datastore: &str, file: &str) -> Result<bool> {
        // members sort between `file#zip-path=` and `file#zip-path>`
        let sql = format!(
            "SELECT 1 FROM {} AS f CROSS JOIN dataset_location AS l \
             ON l.datastore_name = ?1 AND l.dataset_id = f.dataset_id \
             WHERE f.path = ?2 OR (f.path >= ?3 AND f.path < ?4) LIMIT 1",
            quoted(&self.shared.records.table)
        );
        let members = format!("{file}{MEMBER}");
        let end = format!("{file}#zip-path>");
        let values: [Value<'_>; 4] =
            [datastore.into(), file.into(), members.into(), end.into()];
        Ok(self.first(&sql, &values, &mut |_| Ok(()))?.is_some())
    }
}
