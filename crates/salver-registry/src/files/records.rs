//! Records of files, and where datasets are stored.

use std::collections::HashSet;

use salver_core::{Op, Result};
use salver_model::FileRecord;
use uuid::Uuid;

use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::sql::quoted;

/// How the database spells "the whole dataset" in the column `component`.
const WHOLE: &str = "__NULL_STRING__";

/// Ids looked up with one statement.
const CHUNK: usize = 1000;

/// Reads `path, formatter, storage_class, component, checksum, file_size` from column `first` on;
/// nothing where they are all NULL.
pub(crate) fn read_record(
    row: &dyn Row,
    first: usize,
    id: Uuid,
) -> Result<Option<FileRecord>> {
    let Some(path) = row.text_or_null(first)? else { return Ok(None) };
    let component = row.text(first + 3)?;
    Ok(Some(FileRecord {
        dataset_id: id,
        path: path.to_owned(),
        formatter: row.text(first + 1)?.to_owned(),
        storage_class: row.text(first + 2)?.to_owned(),
        component: (component != WHOLE && !component.is_empty())
            .then(|| component.to_owned()),
        checksum: row.text_or_null(first + 4)?.map(str::to_owned),
        file_size: row.int_or_null(first + 5)?.unwrap_or(-1),
    }))
}

/// Ids as a JSON list, to be bound once.
pub(crate) fn json_ids(ids: &[Uuid]) -> String {
    let mut text = String::with_capacity(ids.len() * 35 + 2);
    text.push('[');
    for (i, id) in ids.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer()));
        text.push('"');
    }
    text.push(']');
    text
}

impl Registry {
    /// The records of datasets that the datastore has, in the order of the ids; those of one
    /// dataset by component. One statement for 1000 ids.
    ///
    /// # Errors
    /// As the database says.
    pub fn file_records(&self, ids: &[Uuid]) -> Result<Vec<FileRecord>> {
        self.read(|work| work.records_of(ids))
    }

    /// Stores records, and that the datastore has their datasets.
    ///
    /// Two statements a record, prepared once. `datastore` is the name as the database has it.
    ///
    /// # Errors
    /// `Conflict`, code `conflicting_definition`, where the datastore has one of them already;
    /// `NotFound`, code `dataset_not_found`, where a dataset is not registered.
    pub fn insert_file_records(
        &self,
        datastore: &str,
        records: &[FileRecord],
    ) -> Result<()> {
        self.write(|work| work.insert_records(datastore, records))
    }
}

impl Work<'_> {
    pub(crate) fn records_of(&self, ids: &[Uuid]) -> Result<Vec<FileRecord>> {
        if !self.has_record_table()? {
            return Ok(Vec::new());
        }
        let records = &self.shared.records;
        let sql = format!(
            "SELECT f.dataset_id, f.path, f.formatter, f.storage_class, f.component, \
             f.checksum, f.file_size FROM json_each(?2) AS j CROSS \
             JOIN dataset_location AS l ON l.datastore_name = ?1 AND l.dataset_id = j.value \
             CROSS JOIN {} AS f ON f.dataset_id = l.dataset_id ORDER BY j.key, f.component",
            quoted(&records.table)
        );
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let list = json_ids(chunk);
            let values: [Value<'_>; 2] =
                [records.datastore.as_str().into(), list.as_str().into()];
            self.session.query(&sql, &values, &mut |row| {
                let id = row.uuid(0)?;
                found.extend(read_record(row, 1, id)?);
                Ok(true)
            })?;
        }
        Ok(found)
    }

    fn insert_records(&mut self, datastore: &str, records: &[FileRecord]) -> Result<()> {
        let op = Op("registry.insert_file_records");
        self.make_record_table()?;
        let mut seen = HashSet::new();
        let mut rows = records.iter().filter(|r| seen.insert(r.dataset_id));
        let mut current = None;
        let located = self.session.execute_many(
            "INSERT INTO dataset_location (datastore_name, dataset_id) VALUES (?1, ?2)",
            &mut |values| {
                current = rows.next().map(|r| r.dataset_id);
                values.extend([Value::from(datastore), Value::from(current)]);
                Ok(current.is_some())
            },
        );
        located.map_err(|e| super::explain::location(op, e, current))?;
        let sql = format!(
            "INSERT INTO {} (dataset_id, path, formatter, storage_class, component, checksum, \
             file_size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            quoted(&self.shared.records.table)
        );
        let mut rows = records.iter();
        let mut current = None;
        let stored = self.session.execute_many(&sql, &mut |values| {
            let Some(r) = rows.next() else { return Ok(false) };
            current = Some(r.dataset_id);
            values.extend([
                r.dataset_id.into(),
                r.path.as_str().into(),
                r.formatter.as_str().into(),
                r.storage_class.as_str().into(),
                r.component.as_deref().unwrap_or(WHOLE).into(),
                r.checksum.as_deref().into(),
                r.file_size.into(),
            ]);
            Ok(true)
        });
        stored.map(|_| ()).map_err(|e| super::explain::record(op, e, current))
    }
}
