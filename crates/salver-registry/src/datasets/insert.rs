//! Inserting datasets into runs (§13).

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataValue, DatasetRef, time};

use super::explain;
use super::values::bind_required;
use crate::collections::rows::CollectionRow;
use crate::core::{Registry, Work};
use crate::database::Value;
use crate::dataset_types::TypeRow;
use crate::sql::fixed::IngestDate;

/// What to do with a dataset whose id is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfPresent {
    /// It is a conflict.
    Fail,
    /// It is passed over where type, run and data ID are the same, else a conflict.
    SkipSame,
}

impl Registry {
    /// Inserts datasets, each into its run: summaries, dataset rows, memberships. All or nothing.
    ///
    /// Two statements a dataset, prepared once; summaries only where they are not known to have
    /// the type and governor values. Records of all dimensions must be there.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], code `conflicting_definition`: the id is there, or the run holds
    /// another dataset of this type and data ID (the error names it);
    /// [`ErrorKind::InvalidInput`], code `data_id_value`: a dimension has no record (the error
    /// names it); [`ErrorKind::NotFound`], codes `missing_collection`, `missing_dataset_type`;
    /// [`ErrorKind::InvalidInput`], code `collection_type`, where a run is none.
    pub fn insert_datasets(
        &self,
        refs: &[DatasetRef],
        if_present: IfPresent,
    ) -> Result<()> {
        let op = Op("registry.insert_datasets");
        self.write(|work| {
            if if_present == IfPresent::Fail {
                return work.insert_datasets(op, refs);
            }
            let fresh = work.without_present(op, refs)?;
            work.insert_datasets(op, &fresh)
        })
    }
}

/// Neighbouring refs of one type and run.
struct Batch<'r> {
    row: Arc<TypeRow>,
    run: Arc<CollectionRow>,
    refs: &'r [DatasetRef],
}

impl Work<'_> {
    fn insert_datasets(&mut self, op: Op, refs: &[DatasetRef]) -> Result<()> {
        let mut batches = Vec::new();
        let same = |a: &DatasetRef, b: &DatasetRef| {
            a.run == b.run
                && (Arc::ptr_eq(&a.dataset_type, &b.dataset_type)
                    || a.dataset_type.name() == b.dataset_type.name())
        };
        for refs in refs.chunk_by(same) {
            let Some(first) = refs.first() else { continue };
            let row = self.type_of(op, &first.dataset_type)?;
            let run = self.run(op, &first.run)?;
            self.note_all(op, &row, run.id, refs)?;
            batches.push(Batch { row, run, refs });
        }
        self.insert_rows(op, &batches)?;
        for batch in &batches {
            self.insert_tags(op, &batch.row, &batch.run, batch.refs)?;
        }
        Ok(())
    }

    /// Makes sure that the collection's summary has the type and all governor values.
    pub(super) fn note_all(
        &mut self,
        op: Op,
        row: &TypeRow,
        collection: i64,
        refs: &[DatasetRef],
    ) -> Result<()> {
        self.note_type(collection, row.id)?;
        for column in row.plan.columns.iter().filter(|c| c.governor) {
            let mut last: Option<&DataValue> = None;
            for r in refs {
                let value = r.data_id.get(&column.name);
                if value.is_some() && value == last {
                    continue;
                }
                if let Some(DataValue::Str(text)) = value {
                    self.note_governor(collection, &column.name, text)
                        .map_err(|e| explain::governor(op, e, &column.name, text))?;
                }
                last = value;
            }
        }
        Ok(())
    }

    fn insert_rows(&mut self, op: Op, batches: &[Batch<'_>]) -> Result<()> {
        let now = self.ingest_date();
        let mut rows = batches.iter().flat_map(|b| b.refs.iter().map(move |r| (b, r)));
        let mut current: Option<(&Batch<'_>, &DatasetRef)> = None;
        let inserted = self.session.execute_many(
            "INSERT INTO dataset (id, dataset_type_id, ingest_date, run_id) \
             VALUES (?1, ?2, ?3, ?4)",
            &mut |values| {
                current = rows.next();
                let Some((batch, r)) = current else { return Ok(false) };
                values.extend([
                    r.id.into(),
                    batch.row.id.into(),
                    now.clone(),
                    batch.run.id.into(),
                ]);
                Ok(true)
            },
        );
        match (inserted, current) {
            (Err(e), Some((_, r))) if e.code() == "unique_violation" => {
                Err(self.explain_id(op, e, r))
            }
            (other, _) => other.map(|_| ()),
        }
    }

    fn insert_tags(
        &mut self,
        op: Op,
        row: &TypeRow,
        run: &CollectionRow,
        refs: &[DatasetRef],
    ) -> Result<()> {
        let mut rows = refs.iter();
        let mut current = None;
        let inserted = self.session.execute_many(&row.plan.insert_tag, &mut |values| {
            current = rows.next();
            let Some(r) = current else { return Ok(false) };
            values.extend([row.id.into(), r.id.into(), run.id.into()]);
            bind_required(op, &row.plan, &r.data_id, values)?;
            Ok(true)
        });
        match (inserted, current) {
            (Ok(_), _) => Ok(()),
            (Err(e), Some(r)) => Err(self.explain_tag(op, e, row, run, r)),
            (Err(e), None) => Err(e),
        }
    }

    /// The present time as `dataset.ingest_date` holds it, to the microsecond (§5).
    fn ingest_date(&self) -> Value<'static> {
        let unix_ns = self.shared.clock.unix_ns();
        match self.shared.ingest_date {
            IngestDate::Nanoseconds => {
                let tai = time::tai_from_unix_ns(unix_ns);
                Value::Int(tai - tai.rem_euclid(1000))
            }
            IngestDate::Timestamp => Value::from(utc_text(unix_ns)),
        }
    }

    /// Those refs whose id is not there; the others must be the same as what is there.
    fn without_present(
        &mut self,
        op: Op,
        refs: &[DatasetRef],
    ) -> Result<Vec<DatasetRef>> {
        let ids: Vec<_> = refs.iter().map(|r| r.id).collect();
        let present: std::collections::HashMap<_, _> =
            self.datasets_of_ids(&ids)?.into_iter().map(|r| (r.id, r)).collect();
        let mut fresh = Vec::with_capacity(refs.len());
        for r in refs {
            match present.get(&r.id) {
                None => fresh.push(r.clone()),
                Some(known) if same_dataset(known, r) => {}
                Some(known) => {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        op,
                        "a dataset of this id is registered with another identity",
                    )
                    .code_of("conflicting_definition")
                    .with("asked", r)
                    .with("registered", known));
                }
            }
        }
        Ok(fresh)
    }
}

fn same_dataset(a: &DatasetRef, b: &DatasetRef) -> bool {
    a.run == b.run
        && a.dataset_type.name() == b.dataset_type.parent_name()
        && a.data_id.required_values() == b.data_id.required_values()
}

/// `YYYY-MM-DD HH:MM:SS.ffffff` in UTC.
fn utc_text(unix_ns: i64) -> String {
    // the civil calendar of TAI's formatter applied to Unix time gives UTC
    let text = time::tai_iso(unix_ns).replacen('T', " ", 1);
    let micros = text.find('.').map_or(text.len(), |dot| (dot + 7).min(text.len()));
    text.get(..micros).unwrap_or(&text).to_owned()
}
