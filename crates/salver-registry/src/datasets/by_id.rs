//! Datasets by their ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataId, DatasetRef};
use uuid::Uuid;

use super::values::read_data_id;
use crate::core::{Registry, Work};
use crate::database::{RowExt, Value};
use crate::files::json_ids;

/// Ids looked up with one statement.
const CHUNK: usize = 1000;

impl Registry {
    /// The dataset of an id, where it is registered. Two statements.
    ///
    /// # Errors
    /// As the database says.
    pub fn dataset(&self, id: Uuid) -> Result<Option<DatasetRef>> {
        self.read(|work| Ok(work.datasets_of_ids(&[id])?.pop()))
    }

    /// The datasets of ids, in their order; those that are not registered are left out.
    ///
    /// Two statements for 1000 ids, one more for each dimension group among them.
    ///
    /// # Errors
    /// As the database says.
    pub fn datasets_by_id(&self, ids: &[Uuid]) -> Result<Vec<DatasetRef>> {
        self.read(|work| work.datasets_of_ids(ids))
    }

    /// How many of ids, each given once, are registered. One statement for 1000 ids.
    ///
    /// # Errors
    /// As the database says.
    pub fn count_datasets(&self, ids: &[Uuid]) -> Result<usize> {
        self.read(|work| {
            let mut count = 0;
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let found = work.first(
                    "SELECT count(*) FROM json_each(?1) AS j \
                     CROSS JOIN dataset AS d ON d.id = j.value",
                    &[list.as_str().into()],
                    &mut |row| row.int(0),
                )?;
                count += usize::try_from(found.unwrap_or_default()).unwrap_or_default();
            }
            Ok(count)
        })
    }
}

impl Work<'_> {
    /// The datasets of ids, in their order.
    pub(crate) fn datasets_of_ids(&mut self, ids: &[Uuid]) -> Result<Vec<DatasetRef>> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            self.datasets_of_chunk(chunk, &mut found)?;
        }
        Ok(found)
    }

    fn datasets_of_chunk(
        &mut self,
        ids: &[Uuid],
        found: &mut Vec<DatasetRef>,
    ) -> Result<()> {
        let list = json_ids(ids);
        let rows = self.rows(
            "SELECT d.id, d.dataset_type_id, d.run_id FROM json_each(?1) AS j \
             CROSS JOIN dataset AS d ON d.id = j.value ORDER BY j.key",
            &[list.as_str().into()],
            &mut |row| Ok((row.uuid(0)?, row.int(1)?, row.int(2)?)),
        )?;
        let mut groups = BTreeMap::new();
        for (_, type_id, _) in &rows {
            let row = self.type_of_id(*type_id)?;
            groups.entry(row.plan.key).or_insert_with(|| Arc::clone(&row.plan));
        }
        let mut data_ids: HashMap<Uuid, DataId> = HashMap::with_capacity(rows.len());
        for plan in groups.values() {
            let sql = format!(
                "SELECT t.dataset_id{} FROM json_each(?1) AS j \
                 CROSS JOIN dataset AS d ON d.id = j.value \
                 CROSS JOIN {} AS t ON t.dataset_id = d.id AND t.collection_id = d.run_id",
                plan.selected(),
                plan.tags
            );
            let values: [Value<'_>; 1] = [list.as_str().into()];
            self.session.query(&sql, &values, &mut |row| {
                data_ids.insert(row.uuid(0)?, read_data_id(row, 1, plan)?);
                Ok(true)
            })?;
        }
        for (id, type_id, run) in rows {
            let row = self.type_of_id(type_id)?;
            let run = self.collection_of_id(run)?;
            let data_id = data_ids.get(&id).cloned().ok_or_else(|| no_data_id(id))?;
            let dataset_type = Arc::clone(&row.dataset_type);
            found.push(DatasetRef::new(
                id,
                dataset_type,
                data_id,
                Arc::clone(&run.name),
            )?);
        }
        Ok(())
    }
}

fn no_data_id(id: Uuid) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        Op("registry.dataset"),
        "a dataset is in no run: its membership row is missing",
    )
    .with("dataset", id)
}
