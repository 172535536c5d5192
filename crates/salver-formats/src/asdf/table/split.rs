//! From Arrow's columns to arrays.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_cast::cast;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, DType, Table};

use crate::buffer::{copied, filled};

const OP: Op = Op("asdf.table");

/// A column as it is written.
#[derive(Debug)]
pub(in crate::asdf) enum Column {
    /// An array that other readers see, and which rows are null.
    Shown { data: Array, mask: Option<Array> },
    /// An Arrow IPC stream of the one column.
    Packed(Array),
}

/// The columns of a table as they are written.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for columns without an Arrow IPC form; as the source's of a lazy table.
pub(in crate::asdf) fn split(table: &Table) -> Result<Vec<Column>> {
    let batches = table.batches()?;
    let batch = match batches.as_slice() {
        [one] => one.clone(),
        many => concat_batches(table.schema(), many).op(
            ErrorKind::Internal,
            OP,
            "batches of one table",
        )?,
    };
    let schema = table.schema();
    let names: Vec<&String> = schema.fields().iter().map(|f| f.name()).collect();
    let mut out = Vec::with_capacity(names.len());
    for (i, column) in batch.columns().iter().enumerate() {
        let unique = names.iter().filter(|name| Some(*name) == names.get(i)).count() == 1;
        out.push(match if unique { shown(column)? } else { None } {
            Some(shown) => shown,
            None => Column::Packed(packed(schema, i, column)?),
        });
    }
    Ok(out)
}

/// The Arrow IPC stream of a schema and of batches of it.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where there is none.
pub(in crate::asdf) fn schema_stream(
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> Result<Vec<u8>> {
    let message = "the table has no Arrow IPC form";
    let mut out = Vec::new();
    let writer = StreamWriter::try_new(&mut out, schema);
    let mut writer = writer.op(ErrorKind::Unsupported, OP, message)?;
    for batch in batches {
        writer.write(batch).op(ErrorKind::Unsupported, OP, message)?;
    }
    writer.finish().op(ErrorKind::Unsupported, OP, message)?;
    drop(writer);
    Ok(out)
}

fn packed(schema: &SchemaRef, i: usize, column: &ArrayRef) -> Result<Array> {
    let field = schema.field(i).clone();
    let one = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(Arc::clone(&one), vec![Arc::clone(column)]);
    let batch = batch.op(ErrorKind::Internal, OP, "a column of its own")?;
    let bytes = schema_stream(&one, &[batch])?;
    Array::new(DType::U8, vec![bytes.len()], copied(DType::U8, &bytes)?)
}

fn shown(column: &ArrayRef) -> Result<Option<Column>> {
    let column = match column.data_type() {
        DataType::LargeUtf8 | DataType::Utf8View => cast(column, &DataType::Utf8),
        DataType::LargeBinary | DataType::BinaryView => cast(column, &DataType::Binary),
        DataType::Dictionary(_, value) if is_text(value) => cast(column, &DataType::Utf8),
        _ => Ok(Arc::clone(column)),
    };
    // more text than one array of Arrow's holds
    let Ok(column) = column else { return Ok(None) };
    let Some((dtype, tail, buffer)) = items(&column)? else { return Ok(None) };
    let rows = column.len();
    let shape = std::iter::once(rows).chain(tail).collect();
    let data = Array::new(dtype, shape, buffer)?;
    let mask = match column.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => {
            let bytes: Vec<u8> = nulls.iter().map(|valid| u8::from(!valid)).collect();
            Some(Array::new(DType::Bool, vec![rows], Buffer::from_vec(bytes))?)
        }
        None => None,
    };
    Ok(Some(Column::Shown { data, mask }))
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

type Items = (DType, Vec<usize>, Buffer);

/// The items of a column as those of an array, nulls as they come; `None` where none holds them
/// exactly.
fn items(column: &ArrayRef) -> Result<Option<Items>> {
    match column.data_type() {
        DataType::Boolean => {
            let values = column.as_boolean().values();
            let bytes: Vec<u8> = values.iter().map(u8::from).collect();
            Ok(Some((DType::Bool, vec![], Buffer::from_vec(bytes))))
        }
        DataType::Utf8 => Ok(text(column)),
        DataType::Binary => binary(column),
        DataType::FixedSizeBinary(n) if *n > 0 => {
            let Ok(width) = u32::try_from(*n) else { return Ok(None) };
            Ok(raw(column, DType::Bytes(width)))
        }
        DataType::FixedSizeList(_, n) if *n > 0 && column.null_count() == 0 => {
            let list = column.as_fixed_size_list();
            let Ok(n) = usize::try_from(*n) else { return Ok(None) };
            let start = usize::try_from(list.value_offset(0)).unwrap_or(0);
            let values = list.values().slice(start, list.len() * n);
            if values.logical_null_count() > 0 {
                return Ok(None);
            }
            let inner = items(&values)?;
            Ok(inner.map(|(dtype, mut tail, buffer)| {
                tail.insert(0, n);
                (dtype, tail, buffer)
            }))
        }
        kind => match native(kind) {
            Some(dtype) => Ok(raw(column, dtype)),
            None => Ok(None),
        },
    }
}

/// The item type that holds the bits of an Arrow type of one number.
pub(super) fn native(kind: &DataType) -> Option<DType> {
    use arrow_schema::IntervalUnit;
    Some(match kind {
        DataType::Int8 => DType::I8,
        DataType::Int16 => DType::I16,
        DataType::UInt8 => DType::U8,
        DataType::UInt16 => DType::U16,
        DataType::UInt32 => DType::U32,
        DataType::UInt64 => DType::U64,
        DataType::Float16 => DType::F16,
        DataType::Float32 => DType::F32,
        DataType::Float64 => DType::F64,
        DataType::Int32
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Decimal32(..)
        | DataType::Interval(IntervalUnit::YearMonth) => DType::I32,
        DataType::Int64
        | DataType::Date64
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Duration(_)
        | DataType::Decimal64(..) => DType::I64,
        _ => return None,
    })
}

/// The values of a column of fixed width, as they are.
fn raw(column: &ArrayRef, dtype: DType) -> Option<Items> {
    let data = column.to_data();
    let width = dtype.size();
    let values = data.buffers().first()?;
    let buffer = values.slice_with_length(data.offset() * width, data.len() * width);
    Some((dtype, vec![], buffer))
}

/// Whether padding `rows` items to `width` bytes is worth it.
fn padded(rows: usize, width: usize, bytes: usize) -> bool {
    rows.checked_mul(width).is_some_and(|n| n <= bytes.saturating_mul(16) + (1 << 16))
}

fn text(column: &ArrayRef) -> Option<Items> {
    let column = column.as_string::<i32>();
    let each = || column.iter().map(Option::unwrap_or_default);
    let longest = each().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let Ok(n) = u32::try_from(longest) else { return None };
    let width = longest.saturating_mul(4);
    if each().any(|text| text.ends_with('\0'))
        || !padded(column.len(), width, column.value_data().len())
    {
        return None;
    }
    let mut units = Vec::with_capacity(column.len() * longest);
    for text in each() {
        let end = units.len() + longest;
        units.extend(text.chars().map(u32::from));
        units.resize(end, 0);
    }
    Some((DType::Text(n), vec![], Buffer::from_vec(units)))
}

fn binary(column: &ArrayRef) -> Result<Option<Items>> {
    let column = column.as_binary::<i32>();
    let each = || column.iter().map(Option::unwrap_or_default);
    let longest = each().map(<[u8]>::len).max().unwrap_or(0).max(1);
    let Ok(n) = u32::try_from(longest) else { return Ok(None) };
    if each().any(|bytes| bytes.last() == Some(&0))
        || !padded(column.len(), longest, column.value_data().len())
    {
        return Ok(None);
    }
    let buffer = filled(DType::Bytes(n), column.len() * longest, |out| {
        for (out, bytes) in out.chunks_exact_mut(longest).zip(each()) {
            if let Some(head) = out.get_mut(..bytes.len()) {
                head.copy_from_slice(bytes);
            }
        }
        Ok(())
    })?;
    Ok(Some((DType::Bytes(n), vec![], buffer)))
}
