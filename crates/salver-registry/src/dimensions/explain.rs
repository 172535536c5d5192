//! Violated constraints of dimension records, in a user's words.

use std::fmt::Write as _;

use salver_core::{Error, ErrorKind, Op};
use salver_model::Record;

use super::codec::bind_one;
use crate::core::Work;
use crate::schema::{ElementPlan, Part};
use crate::sql::quoted;

/// `{instrument: 'CamA', detector: 3}`.
pub(super) fn key_text(plan: &ElementPlan, record: &Record) -> String {
    let pairs: Vec<String> = plan
        .keys()
        .zip(record.key())
        .map(|(column, value)| format!("{}: {value}", column.dimension))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

impl Work<'_> {
    /// Why a record could not be stored.
    pub(super) fn explain_record(
        &self,
        op: Op,
        cause: Error,
        plan: &ElementPlan,
        record: &Record,
    ) -> Error {
        let error = match cause.code() {
            "foreign_key_violation" => match self.missing_dimension(plan, record) {
                Some((dimension, value)) => Error::new(
                    ErrorKind::Conflict,
                    op,
                    "a record that this one needs is missing",
                )
                .code_of("conflicting_definition")
                .with("dimension", dimension)
                .with("value", value)
                .hint("insert the records of required and implied dimensions first"),
                None => return cause.with("element", plan.name()),
            },
            "unique_violation" => Error::new(
                ErrorKind::Conflict,
                op,
                "a record with this key, or with the same other key, is there already",
            )
            .code_of("conflicting_definition")
            .hint("skip existing records, replace them, or synchronise the record"),
            "check_violation" | "not_null_violation" => Error::new(
                ErrorKind::InvalidInput,
                op,
                "a value breaks a rule of its column",
            )
            .code_of("data_id_value"),
            _ => return cause.with("element", plan.name()),
        };
        error
            .with("element", plan.name())
            .with("record", key_text(plan, record))
            .caused_by(cause)
    }

    /// The first dimension that the record refers to and that has no record.
    fn missing_dimension(
        &self,
        plan: &ElementPlan,
        record: &Record,
    ) -> Option<(String, String)> {
        let references = plan
            .columns
            .iter()
            .filter(|c| c.part != Part::Data && c.dimension != plan.name());
        for column in references {
            let Some(target) = self.shared.plans.get(&column.dimension) else { continue };
            if !target.element.has_table() {
                continue;
            }
            let mut sql = format!("SELECT 1 FROM {} WHERE 1", quoted(target.name()));
            let mut values = Vec::new();
            for key in target.keys() {
                let at =
                    plan.columns.iter().position(|c| c.dimension == key.dimension)?;
                values.push(bind_one(record.values().get(at)?));
                let _written =
                    write!(sql, " AND {} = ?{}", quoted(&key.name), values.len());
            }
            if matches!(self.first(&sql, &values, &mut |_| Ok(())), Ok(None)) {
                let value = record.dimension(&column.dimension)?;
                return Some((column.dimension.clone(), value.to_string()));
            }
        }
        None
    }
}
