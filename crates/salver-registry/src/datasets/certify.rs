//! Validity ranges in CALIBRATION collections (§12.3).

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{CollectionType, DataId, DataValue, DatasetRef, Timespan};
use uuid::Uuid;

use super::values::{bind_required, bind_value, read_value};
use crate::collections::rows::{CollectionRow, wrong_type};
use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::dataset_types::TypeRow;
use crate::sql::list;

impl Registry {
    /// Makes datasets valid for a timespan in a CALIBRATION collection. All or nothing.
    ///
    /// Two statements a dataset: a look for overlaps and an insert; the transaction holds the
    /// write lock, so nothing comes between. An empty timespan overlaps nothing and is stored.
    ///
    /// # Errors
    /// `NotFound`, code `missing_collection`; `InvalidInput`, code `collection_type`, where it is
    /// not CALIBRATION, code `dataset_type` for a type that is no calibration; `Conflict`,
    /// code `conflicting_definition`, where a range of the same type and data ID overlaps.
    pub fn certify(
        &self,
        collection: &str,
        refs: &[DatasetRef],
        timespan: Timespan,
    ) -> Result<()> {
        let op = Op("registry.certify");
        self.write(|work| {
            let calibration = work.calibration(op, collection)?;
            for refs in refs.chunk_by(|a, b| a.dataset_type == b.dataset_type) {
                let Some(first) = refs.first() else { continue };
                let row = work.type_of(op, &first.dataset_type)?;
                check_calibration(op, &row)?;
                work.note_all(op, &row, calibration.id, refs)?;
                for r in refs {
                    work.certify(op, &row, &calibration, r, timespan)?;
                }
            }
            Ok(())
        })
    }

    /// Takes a timespan out of the validity ranges of a dataset type, for these data IDs or for
    /// all: ranges are cut, split or removed.
    ///
    /// # Errors
    /// As [`Registry::certify`].
    pub fn decertify(
        &self,
        collection: &str,
        dataset_type: &str,
        timespan: Timespan,
        data_ids: Option<&[DataId]>,
    ) -> Result<()> {
        let op = Op("registry.decertify");
        self.write(|work| {
            let calibration = work.calibration(op, collection)?;
            let row = work.type_of_name(op, dataset_type)?;
            check_calibration(op, &row)?;
            match data_ids {
                None => work.decertify(op, &row, &calibration, timespan, None),
                Some(data_ids) => data_ids.iter().try_for_each(|data_id| {
                    work.decertify(op, &row, &calibration, timespan, Some(data_id))
                }),
            }
        })
    }
}

fn check_calibration(op: Op, row: &TypeRow) -> Result<()> {
    if row.has_calibs {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, op, "this dataset type is not a calibration")
        .code_of("dataset_type")
        .with("dataset_type", row.dataset_type.name())
        .hint("only types registered as calibrations have validity ranges"))
}

/// A row that decertifying takes away: its key, dataset, dimensions and range.
struct Range {
    key: i64,
    dataset: Uuid,
    values: Vec<DataValue>,
    timespan: Timespan,
}

fn read_range(row: &dyn Row, plan: &crate::schema::GroupPlan) -> Result<Range> {
    let mut values = Vec::with_capacity(plan.columns.len());
    for (i, column) in plan.columns.iter().enumerate() {
        values.push(read_value(row, 4 + i, column.kind)?);
    }
    Ok(Range {
        key: row.int(0)?,
        dataset: row.uuid(1)?,
        timespan: Timespan::new(Some(row.int(2)?), Some(row.int(3)?)),
        values,
    })
}

impl Work<'_> {
    fn calibration(&mut self, op: Op, name: &str) -> Result<Arc<CollectionRow>> {
        let row = self.collection(op, name)?;
        if row.kind == CollectionType::Calibration {
            Ok(row)
        } else {
            Err(wrong_type(op, &row, "CALIBRATION"))
        }
    }

    fn certify(
        &mut self,
        op: Op,
        row: &TypeRow,
        calibration: &CollectionRow,
        r: &DatasetRef,
        timespan: Timespan,
    ) -> Result<()> {
        let look = format!(
            "SELECT t.dataset_id, t.timespan_begin, t.timespan_end FROM {} AS t \
             WHERE t.dataset_type_id = ?1 AND t.collection_id = ?2 \
             AND t.timespan_begin < ?4 AND ?3 < t.timespan_end{} LIMIT 1",
            row.plan.calibs,
            row.plan.equals(5)
        );
        let mut values: Vec<Value<'_>> = vec![
            row.id.into(),
            calibration.id.into(),
            timespan.begin_ns().into(),
            timespan.end_ns().into(),
        ];
        bind_required(op, &row.plan, &r.data_id, &mut values)?;
        let held = self.first(&look, &values, &mut |row| {
            Ok((row.uuid(0)?, Timespan::new(Some(row.int(1)?), Some(row.int(2)?))))
        })?;
        if let Some((holder, range)) = held {
            return Err(Error::new(
                ErrorKind::Conflict,
                op,
                "a validity range of this type and data ID overlaps",
            )
            .code_of("conflicting_definition")
            .with("collection", &calibration.name)
            .with("dataset", r)
            .with("timespan", timespan)
            .with("holder", holder)
            .with("held", range)
            .hint("decertify the timespan first"));
        }
        let values = r.data_id.required_values();
        self.insert_range(row, calibration.id, r.id, timespan, values)
            .map_err(|e| self.explain_tag(op, e, row, calibration, r))
    }

    fn insert_range(
        &self,
        row: &TypeRow,
        calibration: i64,
        dataset: Uuid,
        timespan: Timespan,
        dimensions: &[DataValue],
    ) -> Result<()> {
        let mut values: Vec<Value<'_>> = vec![
            row.id.into(),
            dataset.into(),
            calibration.into(),
            timespan.begin_ns().into(),
            timespan.end_ns().into(),
        ];
        values.extend(dimensions.iter().map(bind_value));
        self.execute(&row.plan.insert_calib, &values).map(|_| ())
    }

    fn decertify(
        &self,
        op: Op,
        row: &TypeRow,
        calibration: &CollectionRow,
        timespan: Timespan,
        data_id: Option<&DataId>,
    ) -> Result<()> {
        let names = list("t.", row.plan.columns.iter().map(|c| &c.name));
        let comma = if names.is_empty() { "" } else { ", " };
        let mut sql = format!(
            "SELECT t.id, t.dataset_id, t.timespan_begin, t.timespan_end{comma}{names} \
             FROM {} AS t WHERE t.dataset_type_id = ?1 AND t.collection_id = ?2 \
             AND t.timespan_begin < ?4 AND ?3 < t.timespan_end",
            row.plan.calibs
        );
        let mut values: Vec<Value<'_>> = vec![
            row.id.into(),
            calibration.id.into(),
            timespan.begin_ns().into(),
            timespan.end_ns().into(),
        ];
        if let Some(data_id) = data_id {
            sql.push_str(&row.plan.equals(5));
            bind_required(op, &row.plan, data_id, &mut values)?;
        }
        sql.push_str(" ORDER BY t.id");
        let ranges = self.rows(&sql, &values, &mut |r| read_range(r, &row.plan))?;
        let delete = format!("DELETE FROM {} WHERE id = ?1", row.plan.calibs);
        for range in &ranges {
            self.execute(&delete, &[range.key.into()])?;
        }
        for range in &ranges {
            for rest in range.timespan.difference(timespan) {
                self.insert_range(
                    row,
                    calibration.id,
                    range.dataset,
                    rest,
                    &range.values,
                )?;
            }
        }
        Ok(())
    }
}
