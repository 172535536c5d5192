//! Tables as groups of columns.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch, new_empty_array};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, FieldRef, Schema};
use arrow_select::concat::concat;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{DType, Table};

use super::{column_links, schema_text};
use crate::hdf5::marks;
use crate::hdf5::name::step;
use crate::hdf5::write::{Attributes, Data, Items, Plan, Value, fixed_text};

const OP: Op = Op("hdf5.encode");

/// The items of a column.
struct Cells {
    dtype: DType,
    size: usize,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Plans a table, and gives the number of its group.
///
/// # Errors
/// `Unsupported` for a schema that Arrow cannot write; as a lazy table's.
pub(crate) fn plan(
    plan: &mut Plan<'_>,
    table: &Table,
    path: &str,
    mut attributes: Attributes,
) -> Result<usize> {
    let named = |e: Error| e.with("node", path);
    let schema = table.schema();
    attributes.push((
        marks::SCHEMA.to_owned(),
        Value::Text(schema_text(schema).map_err(named)?),
    ));
    let rows = i64::try_from(table.n_rows()).unwrap_or(i64::MAX);
    attributes.push((marks::ROWS.to_owned(), Value::Int(rows)));
    let batches = table.batches().map_err(named)?;
    let links = column_links(schema.fields().iter().map(|f| f.name().as_str()));
    let mut members = Vec::new();
    let mut flags = Vec::new();
    for (number, (field, link)) in schema.fields().iter().zip(links).enumerate() {
        let at = format!("{path}{}", step(field.name()));
        let column = joined(field, number, &batches).map_err(named)?;
        let mut attributes = described(field);
        let Some(cells) = cells(&column).filter(|_| !column.is_empty()) else {
            let bytes = stream(field, &column).map_err(named)?;
            attributes.push((marks::KIND.to_owned(), Value::Text("arrow".to_owned())));
            members.push((link, plan.bytes(bytes.into(), attributes, &at)?));
            continue;
        };
        if let DType::Text(_) = cells.dtype {
            // reads as bytes of this length
            let dtype = format!("S{}", cells.size);
            attributes.push((marks::DTYPE.to_owned(), Value::Text(dtype)));
        }
        let items = Items { dtype: cells.dtype, size: cells.size, shape: &cells.shape };
        let member =
            plan.dataset(&items, Data::Bytes(cells.bytes.into()), attributes, &at)?;
        members.push((link.clone(), member));
        if let Some(nulls) = column.nulls().filter(|n| n.null_count() > 0) {
            let bytes: Vec<u8> = nulls.iter().map(u8::from).collect();
            let shape = [bytes.len()];
            let items = Items { dtype: DType::Bool, size: 1, shape: &shape };
            let member =
                plan.dataset(&items, Data::Bytes(bytes.into()), Vec::new(), &at)?;
            flags.push((link, member));
        }
    }
    if !flags.is_empty() {
        let group = plan.group(&flags, Vec::new(), path)?;
        members.push((marks::VALID.to_owned(), group));
    }
    plan.group(&members, attributes, path)
}

/// The attributes of a column: unit and meaning.
fn described(field: &FieldRef) -> Attributes {
    let text = |key: &str, name: &str| {
        let value = field.metadata().get(key)?;
        Some((name.to_owned(), Value::Text(value.clone())))
    };
    let unit = text("unit", marks::UNITS);
    unit.into_iter().chain(text("description", "description")).collect()
}

/// A column in one piece.
fn joined(field: &FieldRef, number: usize, batches: &[RecordBatch]) -> Result<ArrayRef> {
    let parts: Vec<_> = batches.iter().filter_map(|b| b.columns().get(number)).collect();
    match &parts[..] {
        [] => Ok(new_empty_array(field.data_type())),
        [one] => Ok(Arc::clone(one)),
        many => {
            let parts: Vec<_> = many.iter().map(AsRef::as_ref).collect();
            concat(&parts).op(
                ErrorKind::Unsupported,
                OP,
                "a column too large for its type",
            )
        }
    }
}

/// A column as an Arrow IPC stream.
fn stream(field: &FieldRef, column: &ArrayRef) -> Result<Vec<u8>> {
    let message = "a column that Arrow cannot write";
    let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(column)]);
    let batch = batch.op(ErrorKind::Unsupported, OP, message)?;
    let writer = StreamWriter::try_new(Vec::new(), &schema);
    let mut writer = writer.op(ErrorKind::Unsupported, OP, message)?;
    writer.write(&batch).op(ErrorKind::Unsupported, OP, message)?;
    writer.finish().op(ErrorKind::Unsupported, OP, message)?;
    writer.into_inner().op(ErrorKind::Unsupported, OP, message)
}

/// The items of a column that has them all of one length; nulls are zeros.
fn cells(column: &ArrayRef) -> Option<Cells> {
    let rows = column.len();
    let one = |dtype: DType, bytes| Cells {
        dtype,
        size: dtype.size(),
        shape: vec![rows],
        bytes,
    };
    match column.data_type() {
        DataType::Boolean => {
            let flags = column.as_boolean();
            let bytes = flags.iter().map(|b| u8::from(b == Some(true))).collect();
            Some(one(DType::Bool, bytes))
        }
        DataType::Utf8 => texts(column.as_string::<i32>().iter(), rows),
        DataType::LargeUtf8 => texts(column.as_string::<i64>().iter(), rows),
        DataType::FixedSizeList(_, width) => {
            let list = column.as_fixed_size_list();
            let width = usize::try_from(*width).ok().filter(|&w| w > 0)?;
            let start = usize::try_from(list.value_offset(0)).ok()?;
            let inner = list.values().slice(start, rows * width);
            if list.null_count() > 0 || inner.null_count() > 0 {
                return None;
            }
            if matches!(inner.data_type(), DataType::Utf8 | DataType::LargeUtf8) {
                return None;
            }
            let inner = cells(&inner)?;
            let mut shape = vec![rows, width];
            shape.extend(inner.shape.get(1..)?);
            Some(Cells { shape, ..inner })
        }
        other => {
            let dtype = dtype(other)?;
            let width = other.primitive_width()?;
            let data = column.to_data();
            let start = data.offset() * width;
            let bytes = data.buffers().first()?.as_slice();
            let mut bytes = bytes.get(start..start + rows * width)?.to_vec();
            if let Some(nulls) = column.nulls() {
                for (item, there) in bytes.chunks_exact_mut(width).zip(nulls) {
                    if !there {
                        item.fill(0);
                    }
                }
            }
            Some(one(dtype, bytes))
        }
    }
}

/// The items of a column of numbers, or of what is spelled in them (dates).
fn dtype(data_type: &DataType) -> Option<DType> {
    Some(match data_type {
        DataType::Int8 => DType::I8,
        DataType::Int16 => DType::I16,
        DataType::Int32 | DataType::Date32 | DataType::Time32(_) => DType::I32,
        DataType::Int64
        | DataType::Date64
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Duration(_) => DType::I64,
        DataType::UInt8 => DType::U8,
        DataType::UInt16 => DType::U16,
        DataType::UInt32 => DType::U32,
        DataType::UInt64 => DType::U64,
        DataType::Float16 => DType::F16,
        DataType::Float32 => DType::F32,
        DataType::Float64 => DType::F64,
        _ => return None,
    })
}

/// Texts of one length, where that takes not much more than they have.
fn texts<'a>(
    texts: impl Iterator<Item = Option<&'a str>> + Clone,
    rows: usize,
) -> Option<Cells> {
    let all = texts.map(Option::unwrap_or_default);
    let longest = all.clone().map(str::len).max().unwrap_or(0);
    let total: usize = all.clone().map(str::len).sum();
    if longest.saturating_mul(rows) > 4 * total + 16 * rows + 4096 {
        return None;
    }
    let (size, bytes) = fixed_text(all)?;
    Some(Cells { dtype: DType::Text(1), size, shape: vec![rows], bytes })
}
