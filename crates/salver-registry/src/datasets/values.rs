//! Data IDs as bound values, and rows as data IDs.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{ColumnType, DataId, DataValue};

use crate::database::{Cell, Row, Value};
use crate::schema::GroupPlan;

/// A dimension's value, to be bound.
pub(crate) fn bind_value(value: &DataValue) -> Value<'_> {
    match value {
        DataValue::Int(n) => Value::Int(*n),
        DataValue::Str(text) => Value::from(&**text),
    }
}

/// Adds the required values of a data ID; it must be of the plan's dimensions.
pub(crate) fn bind_required<'v>(
    op: Op,
    plan: &GroupPlan,
    data_id: &'v DataId,
    values: &mut Vec<Value<'v>>,
) -> Result<()> {
    if data_id.group() != &plan.group {
        return bind_by_name(op, plan, data_id, values);
    }
    values.extend(data_id.required_values().iter().map(bind_value));
    Ok(())
}

fn bind_by_name<'v>(
    op: Op,
    plan: &GroupPlan,
    data_id: &'v DataId,
    values: &mut Vec<Value<'v>>,
) -> Result<()> {
    for column in &plan.columns {
        let value = data_id.get(&column.name).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                op,
                "the data ID lacks a required dimension",
            )
            .code_of("data_id_value")
            .with("data_id", data_id)
            .with("dimension", &column.name)
        })?;
        values.push(bind_value(value));
    }
    Ok(())
}

/// Reads a dimension's value of this type.
pub(crate) fn read_value(
    row: &dyn Row,
    column: usize,
    kind: ColumnType,
) -> Result<DataValue> {
    let wrong = |found: &str| {
        Error::new(
            ErrorKind::Corrupt,
            Op("registry.read_row"),
            format!("column {column} holds {found}, not {kind}"),
        )
    };
    match (row.cell(column)?, kind) {
        (Cell::Int(n), ColumnType::Int) => Ok(DataValue::Int(n)),
        (Cell::Text(text), ColumnType::Str(_)) => Ok(DataValue::Str(Arc::from(text))),
        (Cell::Null, _) => Err(wrong("NULL")),
        _ => Err(wrong("another type")),
    }
}

/// Reads the required values of a group from consecutive columns.
pub(crate) fn read_data_id(
    row: &dyn Row,
    first: usize,
    plan: &GroupPlan,
) -> Result<DataId> {
    let mut values = Vec::with_capacity(plan.columns.len());
    for (i, column) in plan.columns.iter().enumerate() {
        values.push(read_value(row, first + i, column.kind)?);
    }
    DataId::new(plan.group.clone(), values)
}
