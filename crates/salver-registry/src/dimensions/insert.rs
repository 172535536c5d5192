//! Inserting records (§7.1).

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataValue, Record};

use super::codec::bind;
use crate::core::{Registry, Work};
use crate::schema::{ElementPlan, Part};
use crate::sql::{list, quoted};

/// What to do with a record whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertMode {
    /// It is a conflict.
    Insert,
    /// It is passed over.
    SkipExisting,
    /// It replaces what is there.
    Replace,
}

impl Registry {
    /// Inserts records of one element; gives how many were stored. All or nothing.
    ///
    /// One statement a record, prepared once; for records with a region one more for each pixel
    /// of the common skypix in its envelope, and one before where it replaces another.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an element without a table, or records of another one;
    /// [`ErrorKind::Conflict`], code `conflicting_definition`: the key is there (mode `Insert`),
    /// or the record of a required or implied dimension is missing (the error names it);
    /// [`ErrorKind::Unsupported`] where overlaps with another pixelisation are kept.
    pub fn insert_records(
        &self,
        element: &str,
        records: &[Record],
        mode: InsertMode,
    ) -> Result<u64> {
        let op = Op("registry.insert_records");
        self.write(|work| {
            let plan = work.stored_element(op, element)?;
            for record in records {
                if record.element().name() != plan.element.name() {
                    return Err(Error::new(
                        ErrorKind::InvalidInput,
                        op,
                        "a record of another element",
                    )
                    .with("element", element)
                    .with("record", record.element().name()));
                }
            }
            work.insert_records_of(op, &plan, records, mode)
        })
    }
}

/// The statement of a mode.
fn statement(plan: &ElementPlan, mode: InsertMode) -> String {
    let insert = &plan.insert;
    let keys = list("", plan.key_names());
    match mode {
        InsertMode::Insert => insert.clone(),
        InsertMode::SkipExisting => format!("{insert} ON CONFLICT ({keys}) DO NOTHING"),
        InsertMode::Replace => {
            let mut set = Vec::new();
            for column in plan.columns.iter().filter(|c| c.part != Part::Required) {
                for name in column.stored_names() {
                    let name = quoted(&name);
                    set.push(format!("{name} = excluded.{name}"));
                }
            }
            if set.is_empty() {
                format!("{insert} ON CONFLICT ({keys}) DO NOTHING")
            } else {
                format!("{insert} ON CONFLICT ({keys}) DO UPDATE SET {}", set.join(", "))
            }
        }
    }
}

impl Work<'_> {
    /// The plan of an element that has a table.
    pub(super) fn stored_element(&self, op: Op, name: &str) -> Result<Arc<ElementPlan>> {
        let element = self.shared.universe.require(name)?;
        let plan = self.shared.plans.get(name).filter(|plan| plan.element.has_table());
        if let Some(plan) = plan {
            return Ok(Arc::clone(plan));
        }
        let error = Error::new(
            ErrorKind::InvalidInput,
            op,
            "this dimension has no records of its own",
        )
        .with("element", name);
        Err(match element.union_of() {
            Some(other) => error.hint(format!("its values come with those of {other}")),
            None => error,
        })
    }

    /// Inserts records of an element that has a table.
    pub(super) fn insert_records_of(
        &mut self,
        op: Op,
        plan: &ElementPlan,
        records: &[Record],
        mode: InsertMode,
    ) -> Result<u64> {
        let spatial = plan.element.has_region();
        if spatial {
            self.check_overlaps(op, plan)?;
        }
        let sql = statement(plan, mode);
        let mut stored = 0;
        let mut values = Vec::new();
        for record in records {
            values.clear();
            bind(plan, record, &mut values);
            let changed = self
                .execute(&sql, &values)
                .map_err(|e| self.explain_record(op, e, plan, record))?;
            stored += changed;
            if changed > 0 && spatial {
                if mode == InsertMode::Replace {
                    self.clear_overlaps(plan, record)?;
                }
                self.add_overlaps(plan, record)
                    .map_err(|e| self.explain_record(op, e, plan, record))?;
            }
            if let (true, Some(DataValue::Str(value))) =
                (plan.element.is_governor(), record.key().first())
            {
                self.seed_governor(plan.name(), value)?;
            }
        }
        self.caches.records.forget(plan);
        Ok(stored)
    }
}
