//! Violated constraints of dataset rows, in a user's words.

use std::fmt::Write as _;

use salver_core::{Error, ErrorKind, Op};
use salver_model::{DataId, DatasetRef};

use super::values::bind_value;
use crate::collections::rows::CollectionRow;
use crate::core::Work;
use crate::database::Value;
use crate::dataset_types::TypeRow;
use crate::sql::quoted;

/// Why a governor's value could not be noted.
pub(super) fn governor(op: Op, cause: Error, dimension: &str, value: &str) -> Error {
    if cause.code() != "foreign_key_violation" {
        return cause;
    }
    no_record(op, dimension, &format!("'{value}'")).caused_by(cause)
}

fn no_record(op: Op, dimension: &str, value: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, op, "a dimension has no record of this value")
        .code_of("data_id_value")
        .with("dimension", dimension)
        .with("value", value)
        .hint("insert its record first")
}

impl Work<'_> {
    /// Why a dataset row could not be inserted: its id is taken.
    pub(super) fn explain_id(&mut self, op: Op, cause: Error, r: &DatasetRef) -> Error {
        let error = Error::new(
            ErrorKind::Conflict,
            op,
            "a dataset of this id is registered already",
        )
        .code_of("conflicting_definition")
        .with("dataset", r);
        match self.datasets_of_ids(&[r.id]) {
            Ok(found) => match found.first() {
                Some(known) => error.with("registered", known),
                None => error,
            },
            Err(_) => error,
        }
        .caused_by(cause)
    }

    /// Why a membership could not be inserted.
    pub(super) fn explain_tag(
        &mut self,
        op: Op,
        cause: Error,
        row: &TypeRow,
        collection: &CollectionRow,
        r: &DatasetRef,
    ) -> Error {
        match cause.code() {
            "unique_violation" => self.holder(op, row, collection, r).caused_by(cause),
            "foreign_key_violation" => match self.missing_record(op, &r.data_id) {
                Some(error) => error.with("dataset", r).caused_by(cause),
                None => cause.with("dataset", r),
            },
            _ => cause.with("dataset", r),
        }
    }

    fn holder(
        &mut self,
        op: Op,
        row: &TypeRow,
        collection: &CollectionRow,
        r: &DatasetRef,
    ) -> Error {
        let error = Error::new(
            ErrorKind::Conflict,
            op,
            "the collection holds another dataset of this type and data ID",
        )
        .code_of("conflicting_definition")
        .with("collection", &collection.name)
        .with("dataset", r);
        let sql = format!(
            "SELECT t.dataset_id FROM {} AS t WHERE t.dataset_type_id = ?1 \
             AND t.collection_id = ?2{}",
            row.plan.tags,
            row.plan.equals(3)
        );
        let mut values: Vec<Value<'_>> = vec![row.id.into(), collection.id.into()];
        values.extend(r.data_id.required_values().iter().map(bind_value));
        let held =
            self.first(&sql, &values, &mut |row| crate::database::RowExt::uuid(row, 0));
        match held {
            Ok(Some(id)) => error.with("holder", id),
            _ => error,
        }
    }

    /// The first dimension of a data ID that has a table and no record.
    pub(super) fn missing_record(&self, op: Op, data_id: &DataId) -> Option<Error> {
        for name in data_id.group().required() {
            let Some(plan) = self.shared.plans.get(name) else { continue };
            if !plan.element.has_table() {
                continue;
            }
            let mut sql = format!("SELECT 1 FROM {} WHERE 1", quoted(name));
            let mut values = Vec::new();
            for column in plan.keys() {
                values.push(bind_value(data_id.get(&column.dimension)?));
                let _written =
                    write!(sql, " AND {} = ?{}", quoted(&column.name), values.len());
            }
            let found = self.first(&sql, &values, &mut |_| Ok(()));
            if matches!(found, Ok(None)) {
                let value =
                    data_id.get(name).map(ToString::to_string).unwrap_or_default();
                return Some(no_record(op, name, &value).with("data_id", data_id));
            }
        }
        None
    }
}
