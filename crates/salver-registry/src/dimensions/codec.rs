//! Records as rows, and rows as records (§5).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{ColumnType, Record, Timespan, Value};
use salver_sphere::Region;

use crate::database::{self, Cell, Row, RowExt};
use crate::schema::{ColumnPlan, ElementPlan};

const OP: Op = Op("registry.read_record");

/// Adds the stored forms of a record's values, in the order of [`ElementPlan::insert`].
pub(super) fn bind<'v>(
    plan: &ElementPlan,
    record: &'v Record,
    values: &mut Vec<database::Value<'v>>,
) {
    for (column, value) in plan.columns.iter().zip(record.values()) {
        match value {
            Value::Timespan(t) => {
                values.push(t.begin_ns().into());
                values.push(t.end_ns().into());
            }
            Value::Null if column.kind == ColumnType::Timespan => {
                values.extend([database::Value::Null, database::Value::Null]);
            }
            other => values.push(bind_one(other)),
        }
    }
}

/// The stored form of a value that takes one column.
pub(super) fn bind_one(value: &Value) -> database::Value<'_> {
    match value {
        Value::Null => database::Value::Null,
        Value::Int(n) => (*n).into(),
        Value::Str(text) => (&**text).into(),
        Value::Float(x) => database::Value::Float(*x),
        Value::Bool(b) => database::Value::Bool(*b),
        Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Value::Region(region) => region.to_base64().into(),
        Value::Timespan(t) => t.begin_ns().into(),
    }
}

/// Reads a record from the columns of [`ElementPlan::select`].
pub(super) fn read(plan: &ElementPlan, row: &dyn Row) -> Result<Record> {
    let mut values = Vec::with_capacity(plan.columns.len());
    let mut at = 0;
    for column in &plan.columns {
        values
            .push(read_one(row, at, column.kind).map_err(|e| located(plan, column, e))?);
        at += if column.kind == ColumnType::Timespan { 2 } else { 1 };
    }
    Record::new(Arc::clone(&plan.element), values)
}

fn located(plan: &ElementPlan, column: &ColumnPlan, cause: Error) -> Error {
    Error::new(ErrorKind::Corrupt, OP, "a stored value of a dimension record is wrong")
        .with("element", plan.name())
        .with("column", &column.name)
        .caused_by(cause)
}

fn read_one(row: &dyn Row, at: usize, kind: ColumnType) -> Result<Value> {
    if kind == ColumnType::Timespan {
        return match (row.int_or_null(at)?, row.int_or_null(at + 1)?) {
            (None, None) => Ok(Value::Null),
            (Some(begin), Some(end)) => {
                Ok(Value::Timespan(Timespan::new(Some(begin), Some(end))))
            }
            _ => Err(wrong("a timespan with one end")),
        };
    }
    Ok(match (row.cell(at)?, kind) {
        (Cell::Null, _) => Value::Null,
        (Cell::Int(n), ColumnType::Int) => Value::Int(n),
        (Cell::Int(n @ (0 | 1)), ColumnType::Bool) => Value::Bool(n == 1),
        (Cell::Float(x), ColumnType::Float) => Value::Float(x),
        (Cell::Text(text), ColumnType::Str(_)) => Value::Str(Arc::from(text)),
        (Cell::Text(text), ColumnType::Region) => {
            Value::Region(Arc::new(Region::from_base64(text)?))
        }
        (Cell::Text(text), ColumnType::Hash(_)) => {
            let bytes = STANDARD
                .decode(text)
                .map_err(|e| wrong("text that is not base64").caused_by(e))?;
            Value::Bytes(Arc::from(bytes))
        }
        _ => return Err(wrong(&format!("a value that is not {kind}"))),
    })
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, format!("the column holds {what}"))
}
