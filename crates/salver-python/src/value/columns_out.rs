//! Arrow table → NumPy columns.

use arrow_array::cast::AsArray;
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt};
use salver_tree::{Array, DType};

use super::array;
use crate::errors::ToPy;
use crate::interrupt::detached;

const OP: Op = Op("python.columns");

/// The width of a text or bytes column without rows (Gen3 format §10.3).
const EMPTY_WIDTH: usize = 10;

/// Columns by name: `(values, mask or None)`.
pub(super) fn columns<'py>(
    py: Python<'py>,
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for (i, field) in schema.fields().iter().enumerate() {
        let column = detached(py, || column(schema, field, batches, i)).to_py(py)?;
        let mut values = array::to_numpy(py, column.values)?;
        if let Some(unit) = column.time {
            values = values.call_method1("view", (format!("datetime64[{unit}]"),))?;
        }
        let mask = match column.nulls {
            Some(nulls) => {
                let mask: Vec<u8> = nulls.iter().map(|valid| u8::from(!valid)).collect();
                let shape = if mask.len() == column.rows {
                    vec![mask.len()]
                } else {
                    column.shape
                };
                let mask =
                    Array::new(DType::Bool, shape, Buffer::from_vec(mask)).to_py(py)?;
                array::to_numpy(py, mask)?
            }
            None => py.None().into_bound(py),
        };
        out.set_item(field.name(), PyTuple::new(py, [values, mask])?)?;
    }
    Ok(out)
}

struct Column {
    values: Array,
    rows: usize,
    shape: Vec<usize>,
    /// Of rows, or of all items of rows.
    nulls: Option<NullBuffer>,
    time: Option<&'static str>,
}

fn column(
    schema: &Schema,
    field: &Field,
    batches: &[RecordBatch],
    i: usize,
) -> Result<Column> {
    let chunks: Vec<&dyn arrow_array::Array> = batches
        .iter()
        .filter_map(|b| b.columns().get(i))
        .map(|a| a.as_ref() as _)
        .collect();
    let whole = match chunks.as_slice() {
        [] => arrow_array::new_empty_array(field.data_type()),
        [one] => arrow_array::make_array(one.to_data()),
        many => arrow_select::concat::concat(many).op(
            ErrorKind::Internal,
            OP,
            "unequal chunks",
        )?,
    };
    let nulls = whole.nulls().filter(|n| n.null_count() > 0).cloned();
    if let DataType::FixedSizeList(_, width) = whole.data_type() {
        let width =
            usize::try_from(*width).op(ErrorKind::Corrupt, OP, "a negative width")?;
        let rows = whole.len();
        let list = whole.as_fixed_size_list();
        let items = ArrayRef::clone(list.values());
        let start = usize::try_from(list.value_offset(0)).unwrap_or(0);
        let items = items.slice(start, rows * width);
        let (values, time) = flat(field, &items, None)?;
        let shape = shape_of(schema, field.name(), rows, width);
        let values = Array::new(values.dtype(), shape.clone(), values.buffer()?)?;
        let nulls = of_items(&items, nulls, width);
        return Ok(Column { values, rows, shape, nulls, time });
    }
    let declared = declared_width(schema, field.name());
    let (values, time) = flat(field, &whole, declared)?;
    let rows = whole.len();
    Ok(Column { values, rows, shape: vec![rows], nulls, time })
}

/// The nulls of all items of rows, where some are null that are in no null row; else those of rows.
fn of_items(
    items: &ArrayRef,
    rows: Option<NullBuffer>,
    width: usize,
) -> Option<NullBuffer> {
    let Some(own) = items.nulls().filter(|n| n.null_count() > 0) else { return rows };
    let row = |i: usize| rows.as_ref().is_none_or(|r| r.is_valid(i / width.max(1)));
    let all = own.iter().enumerate().map(|(i, valid)| valid && row(i));
    Some(all.collect())
}

/// The shape of a column of arrays: `lsst::arrow::shape::<column>` where there is one.
fn shape_of(schema: &Schema, name: &str, rows: usize, width: usize) -> Vec<usize> {
    let key = format!("lsst::arrow::shape::{name}");
    let axes: Vec<usize> = schema.metadata().get(&key).map_or_else(Vec::new, |text| {
        text.trim_matches(['(', ')'])
            .split(',')
            .filter_map(|n| n.trim().parse().ok())
            .collect()
    });
    let axes = if axes.iter().product::<usize>() == width && !axes.is_empty() {
        axes
    } else {
        vec![width]
    };
    std::iter::once(rows).chain(axes).collect()
}

/// The declared length of a text or bytes column, characters or bytes.
fn declared_width(schema: &Schema, name: &str) -> Option<usize> {
    let keys = [format!("lsst::arrow::len::{name}"), format!("table::len::{name}")];
    keys.iter().find_map(|key| schema.metadata().get(key)).and_then(|n| n.parse().ok())
}

/// The items of a column of one value a row, and the unit if they are times.
fn flat(
    field: &Field,
    column: &ArrayRef,
    declared: Option<usize>,
) -> Result<(Array, Option<&'static str>)> {
    let rows = column.len();
    let dtype = match column.data_type() {
        DataType::Boolean => {
            let bits = column.as_boolean().values();
            let bytes: Vec<u8> = bits.iter().map(u8::from).collect();
            let array = Array::new(DType::Bool, vec![rows], Buffer::from_vec(bytes))?;
            return Ok((array, None));
        }
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Dictionary(..) => {
            return Ok((text(column, declared)?, None));
        }
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => return Ok((bytes(column, declared)?, None)),
        DataType::Timestamp(unit, _) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            return Ok((number(column, DType::I64)?, Some(unit)));
        }
        DataType::Int8 => DType::I8,
        DataType::Int16 => DType::I16,
        DataType::Int32 => DType::I32,
        DataType::Int64 => DType::I64,
        DataType::UInt8 => DType::U8,
        DataType::UInt16 => DType::U16,
        DataType::UInt32 => DType::U32,
        DataType::UInt64 => DType::U64,
        DataType::Float16 => DType::F16,
        DataType::Float32 => DType::F32,
        DataType::Float64 => DType::F64,
        other => {
            let message = "a column that has no NumPy form";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("column", field.name())
                .with("type", other)
                .hint("read it as an Arrow table"));
        }
    };
    Ok((number(column, dtype)?, None))
}

fn number(column: &ArrayRef, dtype: DType) -> Result<Array> {
    let data = column.to_data();
    let size = dtype.size();
    let buffer = data
        .buffers()
        .first()
        .cloned()
        .unwrap_or_else(|| Buffer::from_vec(Vec::<u8>::new()));
    let buffer = buffer.slice_with_length(data.offset() * size, data.len() * size);
    Array::new(dtype, vec![data.len()], buffer)
}

/// Text as UTF-32 of one width: the declared one, or more where the data needs it.
fn text(column: &ArrayRef, declared: Option<usize>) -> Result<Array> {
    let column = arrow_cast::cast(column, &DataType::LargeUtf8);
    let column = column.op(ErrorKind::Unsupported, OP, "a column that is not text")?;
    let texts = column.as_string::<i64>();
    let longest = texts.iter().flatten().map(|t| t.chars().count()).max();
    let width = width(declared, longest);
    let mut out = vec![0_u32; texts.len() * width];
    for (row, text) in out.chunks_exact_mut(width).zip(texts) {
        for (unit, character) in row.iter_mut().zip(text.unwrap_or_default().chars()) {
            *unit = u32::from(character);
        }
    }
    let dtype =
        DType::Text(u32::try_from(width).op(ErrorKind::Limit, OP, "text too long")?);
    Array::new(dtype, vec![texts.len()], Buffer::from_vec(out))
}

fn bytes(column: &ArrayRef, declared: Option<usize>) -> Result<Array> {
    let column = arrow_cast::cast(column, &DataType::LargeBinary);
    let column = column.op(ErrorKind::Unsupported, OP, "a column that is not bytes")?;
    let items = column.as_binary::<i64>();
    let width = width(declared, items.iter().flatten().map(<[u8]>::len).max());
    let mut out = vec![0_u8; items.len() * width];
    for (row, item) in out.chunks_exact_mut(width).zip(items) {
        for (to, from) in row.iter_mut().zip(item.unwrap_or_default()) {
            *to = *from;
        }
    }
    let dtype =
        DType::Bytes(u32::try_from(width).op(ErrorKind::Limit, OP, "bytes too long")?);
    Array::new(dtype, vec![items.len()], Buffer::from_vec(out))
}

/// The width of items: at least what is declared, and one.
fn width(declared: Option<usize>, longest: Option<usize>) -> usize {
    match (declared, longest) {
        (Some(declared), longest) => declared.max(longest.unwrap_or(0)).max(1),
        (None, Some(longest)) => longest.max(1),
        (None, None) => EMPTY_WIDTH,
    }
}
