//! Making the stored record the same as a given one (§7.1).

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{Record, Value};

use super::explain::key_text;
use super::insert::InsertMode;
use crate::core::Registry;

/// What [`Registry::sync_record`] did.
#[derive(Debug, Clone, PartialEq)]
pub enum SyncOutcome {
    /// There was no record of this key.
    Inserted,
    /// The record is there, with the same values.
    Unchanged,
    /// The record is there and was changed: columns with their values before.
    Updated(Vec<(String, Value)>),
}

impl Registry {
    /// Inserts a record, or compares it with the one of its key.
    ///
    /// Statements: 1 look, and where something is stored those of an insert.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], code `conflicting_definition`, where a value differs and `update`
    /// is not set (the error names the columns with both values); else as
    /// [`Registry::insert_records`].
    pub fn sync_record(&self, record: &Record, update: bool) -> Result<SyncOutcome> {
        let op = Op("registry.sync_record");
        self.write(|work| {
            let plan = work.stored_element(op, record.element().name())?;
            let Some(stored) = work.fetch(&plan, &record.key())? else {
                let records = std::slice::from_ref(record);
                work.insert_records_of(op, &plan, records, InsertMode::Insert)?;
                return Ok(SyncOutcome::Inserted);
            };
            let mut differing = Vec::new();
            let mut told = Vec::new();
            for ((column, old), new) in stored.fields().zip(record.values()) {
                if old != new {
                    told.push(column.name.to_string());
                    differing.push((column.name.to_string(), old.clone()));
                }
            }
            if differing.is_empty() {
                return Ok(SyncOutcome::Unchanged);
            }
            if !update {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    op,
                    "the stored record has other values",
                )
                .code_of("conflicting_definition")
                .with("element", plan.name())
                .with("record", key_text(&plan, record))
                .with("columns", told.join(", "))
                .hint("ask for an update to change them"));
            }
            let records = std::slice::from_ref(record);
            work.insert_records_of(op, &plan, records, InsertMode::Replace)?;
            Ok(SyncOutcome::Updated(differing))
        })
    }
}
