//! Lookup of one dataset by data ID: the first collection that has it wins (§13).

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{
    CollectionType, DataId, DatasetRef, DatasetType, FileRecord, Timespan,
};
use uuid::Uuid;

use super::values::bind_required;
use crate::collections::rows::CollectionRow;
use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::dataset_types::TypeRow;
use crate::files::read_record;
use crate::schema::Lookup;

/// What a lookup found.
#[derive(Debug)]
struct Found {
    place: usize,
    id: Uuid,
    run: i64,
    records: Vec<FileRecord>,
}

impl Registry {
    /// The dataset of a type and data ID in the first of these collections that has one.
    ///
    /// CALIBRATION collections are looked at only with a timespan: then the one dataset whose
    /// validity range overlaps it. The data ID needs its required values only.
    ///
    /// Statements: one for up to 8 collections after definitions are cached.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], codes `missing_dataset_type`, `missing_collection`;
    /// [`ErrorKind::Ambiguous`], code `calibration_lookup`, where several validity ranges match.
    pub fn find_dataset(
        &self,
        dataset_type: &DatasetType,
        data_id: &DataId,
        collections: &[impl AsRef<str>],
        timespan: Option<Timespan>,
    ) -> Result<Option<DatasetRef>> {
        let look =
            Look { op: Op("registry.find_dataset"), data_id, timespan, records: false };
        self.read(|work| {
            let row = work.type_of(look.op, dataset_type)?;
            let found = work.find(&row, &look, collections)?;
            found.map(|found| work.make_ref(&row, data_id, &found)).transpose()
        })
    }

    /// The same with the rows of the datastore's table: none where the datastore does not
    /// have the dataset.
    ///
    /// One statement in all after definitions are cached, for up to 8 collections.
    ///
    /// # Errors
    /// As [`Registry::find_dataset`].
    pub fn find_with_records(
        &self,
        dataset_type: &DatasetType,
        data_id: &DataId,
        collections: &[impl AsRef<str>],
        timespan: Option<Timespan>,
    ) -> Result<Option<(DatasetRef, Vec<FileRecord>)>> {
        let op = Op("registry.find_with_records");
        let look = Look { op, data_id, timespan, records: true };
        self.read(|work| {
            let look = Look { records: work.has_record_table()?, ..look };
            let row = work.type_of(op, dataset_type)?;
            let Some(mut found) = work.find(&row, &look, collections)? else {
                return Ok(None);
            };
            let records = std::mem::take(&mut found.records);
            Ok(Some((work.make_ref(&row, data_id, &found)?, records)))
        })
    }

    /// The dataset that stands in the way of a put: of this type and data ID in this run.
    ///
    /// # Errors
    /// As [`Registry::find_dataset`]; [`ErrorKind::InvalidInput`], code `collection_type`, where
    /// the collection is no RUN.
    pub fn find_conflict(
        &self,
        dataset_type: &DatasetType,
        data_id: &DataId,
        run: &str,
    ) -> Result<Option<Uuid>> {
        let op = Op("registry.find_conflict");
        let look = Look { op, data_id, timespan: None, records: false };
        self.read(|work| {
            let run = work.run(op, run)?;
            let row = work.type_of(op, dataset_type)?;
            Ok(work.find_tags(&row, &look, &[run])?.map(|found| found.id))
        })
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'l> {
    pub(super) op: Op,
    pub(super) data_id: &'l DataId,
    pub(super) timespan: Option<Timespan>,
    /// Whether the datastore's rows are wanted.
    pub(super) records: bool,
}

impl Work<'_> {
    fn find(
        &mut self,
        row: &TypeRow,
        look: &Look<'_>,
        collections: &[impl AsRef<str>],
    ) -> Result<Option<Found>> {
        let list = self.search(look.op, row, collections)?;
        let mut rest = &list[..];
        while let Some(first) = rest.first() {
            let calibration = first.kind == CollectionType::Calibration;
            let same = rest
                .iter()
                .take_while(|c| (c.kind == CollectionType::Calibration) == calibration)
                .count();
            let (these, others) = rest.split_at(same);
            rest = others;
            let found = if calibration {
                self.find_calibs(row, look, these)?
            } else {
                self.find_tags_in_all(row, look, these)?
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn find_tags_in_all(
        &mut self,
        row: &TypeRow,
        look: &Look<'_>,
        collections: &[Arc<CollectionRow>],
    ) -> Result<Option<Found>> {
        for chunk in collections.chunks(8) {
            if let Some(found) = self.find_tags(row, look, chunk)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Looks in up to 8 RUN and TAGGED collections with one statement.
    fn find_tags(
        &mut self,
        row: &TypeRow,
        look: &Look<'_>,
        collections: &[Arc<CollectionRow>],
    ) -> Result<Option<Found>> {
        let runs = collections.iter().all(|c| c.kind == CollectionType::Run);
        let (width, sql) =
            row.plan.find(collections.len(), Lookup { runs, records: look.records });
        let mut values: Vec<Value<'_>> =
            Vec::with_capacity(width + row.plan.columns.len() + 2);
        values.push(row.id.into());
        bind_required(look.op, &row.plan, look.data_id, &mut values)?;
        let Some(last) = collections.last() else { return Ok(None) };
        for i in 0..width {
            values.push(collections.get(i).unwrap_or(last).id.into());
        }
        let shared = self.shared;
        if look.records {
            values.push(shared.records.datastore.as_str().into());
        }
        let mut best: Option<Found> = None;
        self.session.query(sql, &values, &mut |row| {
            keep_best(row, collections, look.records, &mut best).map(|()| true)
        })?;
        Ok(best)
    }

    fn find_calibs(
        &mut self,
        row: &TypeRow,
        look: &Look<'_>,
        collections: &[Arc<CollectionRow>],
    ) -> Result<Option<Found>> {
        let Some(timespan) = look.timespan.filter(|_| row.has_calibs) else {
            return Ok(None);
        };
        let sql = format!(
            "SELECT DISTINCT t.dataset_id, d.run_id FROM {} AS t \
             JOIN dataset AS d ON d.id = t.dataset_id \
             WHERE t.dataset_type_id = ?1 AND t.collection_id = ?2 \
             AND t.timespan_begin < ?4 AND ?3 < t.timespan_end{}",
            row.plan.calibs,
            row.plan.equals(5)
        );
        for collection in collections {
            let mut values: Vec<Value<'_>> = vec![
                row.id.into(),
                collection.id.into(),
                timespan.begin_ns().into(),
                timespan.end_ns().into(),
            ];
            bind_required(look.op, &row.plan, look.data_id, &mut values)?;
            let found =
                self.rows(&sql, &values, &mut |row| Ok((row.uuid(0)?, row.int(1)?)))?;
            match found.as_slice() {
                [] => {}
                [(id, run)] => {
                    let records =
                        if look.records { self.records_of(&[*id])? } else { Vec::new() };
                    return Ok(Some(Found { place: 0, id: *id, run: *run, records }));
                }
                several => {
                    return Err(ambiguous(look, row, collection, timespan, several));
                }
            }
        }
        Ok(None)
    }

    fn make_ref(
        &mut self,
        row: &TypeRow,
        data_id: &DataId,
        found: &Found,
    ) -> Result<DatasetRef> {
        let run = self.collection_of_id(found.run)?;
        let dataset_type = Arc::clone(&row.dataset_type);
        DatasetRef::new(found.id, dataset_type, data_id.clone(), Arc::clone(&run.name))
    }
}

/// Keeps the row, or one more record of the same dataset, if its collection comes earlier.
fn keep_best(
    row: &dyn Row,
    collections: &[Arc<CollectionRow>],
    records: bool,
    best: &mut Option<Found>,
) -> Result<()> {
    let collection = row.int(0)?;
    let place = collections.iter().position(|c| c.id == collection).unwrap_or(usize::MAX);
    let known = best.as_ref().map(|b| b.place);
    if known.is_some_and(|known| known < place) {
        return Ok(());
    }
    if known != Some(place) {
        let (id, run) = (row.uuid(1)?, row.int(2)?);
        *best = Some(Found { place, id, run, records: Vec::new() });
    }
    if let Some(found) = best.as_mut().filter(|_| records) {
        found.records.extend(read_record(row, 3, found.id)?);
    }
    Ok(())
}

fn ambiguous(
    look: &Look<'_>,
    row: &TypeRow,
    collection: &CollectionRow,
    timespan: Timespan,
    found: &[(Uuid, i64)],
) -> Error {
    let ids: Vec<String> = found.iter().map(|(id, _)| id.to_string()).collect();
    Error::new(ErrorKind::Ambiguous, look.op, "more than one validity range matches")
        .code_of("calibration_lookup")
        .with("dataset_type", row.dataset_type.name())
        .with("data_id", look.data_id)
        .with("collection", &collection.name)
        .with("timespan", timespan)
        .with("datasets", ids.join(", "))
        .hint("ask with a narrower timespan")
}
