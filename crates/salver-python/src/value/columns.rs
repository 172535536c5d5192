//! NumPy columns → Arrow table.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeListArray,
    PrimitiveArray, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use salver_core::{Error, ErrorKind, Op};
use salver_tree::{Array, DType, Table, Tree};

use super::array;
use crate::errors::{ToPy, raise};

const OP: Op = Op("python.table");

type Column<'py> =
    (String, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, HashMap<String, String>);

/// The table of NumPy columns.
pub(super) fn table(
    columns: &Bound<'_, PyAny>,
    metadata: HashMap<String, String>,
) -> PyResult<Table> {
    let py = columns.py();
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    let mut rows = 0;
    for column in columns.try_iter()? {
        let (name, values, mask, extra): Column<'_> = column?.extract()?;
        let nulls = mask.map(|mask| nulls(&mask)).transpose()?;
        let array = column_array(&name, &values, nulls)?;
        rows = array.len();
        let field = Field::new(name, array.data_type().clone(), true);
        fields.push(field.with_metadata(extra));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
    let batch = batch.map_err(|e| {
        raise(
            py,
            &Error::new(ErrorKind::InvalidInput, OP, "columns that do not fit")
                .caused_by(e),
        )
    })?;
    Table::new(schema, vec![batch]).to_py(py)
}

/// Nulls of a NumPy mask (true is null).
fn nulls(mask: &Bound<'_, PyAny>) -> PyResult<NullBuffer> {
    let array = loaded(mask)?;
    let bytes = array.buffer().to_py(mask.py())?;
    Ok(bytes.iter().map(|&masked| masked == 0).collect())
}

/// A NumPy array as one of the tree.
fn loaded(values: &Bound<'_, PyAny>) -> PyResult<Array> {
    if let Some(Tree::Array(array)) = array::from_numpy(values)? {
        return Ok(array);
    }
    let error = Error::new(ErrorKind::Unsupported, OP, "items that no column can hold")
        .with("dtype", values.getattr("dtype")?)
        .hint("numbers, bools, text, bytes and times fit");
    Err(raise(values.py(), &error))
}

fn column_array(
    name: &str,
    values: &Bound<'_, PyAny>,
    nulls: Option<NullBuffer>,
) -> PyResult<ArrayRef> {
    let py = values.py();
    let kind: char =
        values.getattr(intern!(py, "dtype"))?.getattr(intern!(py, "kind"))?.extract()?;
    let shape: Vec<usize> = values.getattr(intern!(py, "shape"))?.extract()?;
    if shape.len() > 1 {
        return list_column(name, values, &shape, nulls);
    }
    if kind == 'O' {
        return object_column(values, nulls.as_ref());
    }
    if kind == 'M' {
        return time_column(values, nulls);
    }
    let array = loaded(values)?;
    let buffer = array.buffer().to_py(py)?;
    flat(array.dtype(), buffer, nulls).ok_or_else(|| {
        let error =
            Error::new(ErrorKind::Unsupported, OP, "items that no column can hold");
        raise(py, &error.with("column", name).with("dtype", array.dtype()))
    })
}

/// A column of one value a row.
fn flat(dtype: DType, buffer: Buffer, nulls: Option<NullBuffer>) -> Option<ArrayRef> {
    Some(match dtype {
        DType::Bool => {
            let bits: BooleanBuffer = buffer.iter().map(|&b| b != 0).collect();
            Arc::new(BooleanArray::new(bits, nulls))
        }
        DType::I8 => number::<Int8Type>(buffer, nulls),
        DType::I16 => number::<Int16Type>(buffer, nulls),
        DType::I32 => number::<Int32Type>(buffer, nulls),
        DType::I64 => number::<Int64Type>(buffer, nulls),
        DType::U8 => number::<UInt8Type>(buffer, nulls),
        DType::U16 => number::<UInt16Type>(buffer, nulls),
        DType::U32 => number::<UInt32Type>(buffer, nulls),
        DType::U64 => number::<UInt64Type>(buffer, nulls),
        DType::F16 => number::<Float16Type>(buffer, nulls),
        DType::F32 => number::<Float32Type>(buffer, nulls),
        DType::F64 => number::<Float64Type>(buffer, nulls),
        DType::Bytes(n) => bytes_column(&buffer, n as usize, nulls.as_ref()),
        DType::Text(n) => text_column(&buffer, n as usize, nulls.as_ref()),
        _ => return None,
    })
}

fn number<T: ArrowPrimitiveType>(buffer: Buffer, nulls: Option<NullBuffer>) -> ArrayRef {
    let aligned = buffer.as_ptr().align_offset(align_of::<T::Native>()) == 0;
    let buffer = if aligned { buffer } else { Buffer::from_slice_ref(buffer.as_slice()) };
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(buffer), nulls))
}

/// Whether row `i` has a value.
fn valid(nulls: Option<&NullBuffer>, i: usize) -> bool {
    nulls.is_none_or(|n| n.is_valid(i))
}

fn bytes_column(buffer: &Buffer, width: usize, nulls: Option<&NullBuffer>) -> ArrayRef {
    let rows = buffer.chunks_exact(width).enumerate();
    let items = rows.map(|(i, row)| valid(nulls, i).then(|| trim(row)));
    Arc::new(items.collect::<BinaryArray>())
}

fn trim(row: &[u8]) -> &[u8] {
    let end = row.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
    row.get(..end).unwrap_or(row)
}

fn text_column(buffer: &Buffer, width: usize, nulls: Option<&NullBuffer>) -> ArrayRef {
    let rows = buffer.chunks_exact(width * 4).enumerate();
    let items = rows.map(|(i, row)| valid(nulls, i).then(|| text(row)));
    Arc::new(items.collect::<StringArray>())
}

/// The text of one UTF-32 item, without the NULs that pad it.
fn text(row: &[u8]) -> String {
    let (units, _) = row.as_chunks::<4>();
    let text: String = units
        .iter()
        .map(|unit| {
            char::from_u32(u32::from_ne_bytes(*unit))
                .unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    text.trim_end_matches('\0').to_owned()
}

fn time_column(
    values: &Bound<'_, PyAny>,
    nulls: Option<NullBuffer>,
) -> PyResult<ArrayRef> {
    let py = values.py();
    let name: String = values.getattr("dtype")?.getattr("name")?.extract()?;
    let unit = match name.trim_start_matches("datetime64[").trim_end_matches(']') {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        other => {
            let error = Error::new(
                ErrorKind::Unsupported,
                OP,
                "a unit of time that no column has",
            )
            .with("unit", other)
            .hint("s, ms, us and ns fit");
            return Err(raise(py, &error));
        }
    };
    let ticks = loaded(&values.call_method1("view", ("int64",))?)?;
    let ticks = number::<Int64Type>(ticks.buffer().to_py(py)?, None);
    let ticks = arrow_cast::cast(&ticks, &DataType::Timestamp(unit, None));
    let ticks = ticks.map_err(|e| {
        raise(
            py,
            &Error::new(ErrorKind::Internal, OP, "times that do not convert")
                .caused_by(e),
        )
    })?;
    let data = ticks.to_data().into_builder().nulls(nulls).build();
    let data = data.map_err(|e| {
        raise(
            py,
            &Error::new(ErrorKind::InvalidInput, OP, "a mask that does not fit")
                .caused_by(e),
        )
    })?;
    Ok(arrow_array::make_array(data))
}

/// A column of text or bytes held as Python objects.
fn object_column(
    values: &Bound<'_, PyAny>,
    nulls: Option<&NullBuffer>,
) -> PyResult<ArrayRef> {
    let py = values.py();
    let mut texts: Vec<Option<String>> = Vec::new();
    let mut bytes: Vec<Option<Vec<u8>>> = Vec::new();
    for (i, item) in values.try_iter()?.enumerate() {
        let item = item?;
        if item.is_none() || !valid(nulls, i) {
            texts.push(None);
            bytes.push(None);
        } else if let Ok(text) = item.cast::<PyString>() {
            texts.push(Some(text.extract()?));
        } else if let Ok(raw) = item.cast::<PyBytes>() {
            bytes.push(Some(raw.as_bytes().to_vec()));
        } else {
            let error =
                Error::new(ErrorKind::Unsupported, OP, "objects that no column can hold")
                    .with("row", i)
                    .with("type", item.get_type().name()?)
                    .hint("columns of objects may hold text or bytes");
            return Err(raise(py, &error));
        }
    }
    let rows: usize = values.len()?;
    if texts.len() == rows {
        Ok(Arc::new(StringArray::from(texts)))
    } else if bytes.len() == rows {
        Ok(Arc::new(bytes.iter().map(|b| b.as_deref()).collect::<BinaryArray>()))
    } else {
        let message = "a column of objects that mixes text and bytes";
        Err(raise(py, &Error::new(ErrorKind::Unsupported, OP, message)))
    }
}

/// A column of a fixed-size array a row, flattened in C order (Gen3 format §10.3).
fn list_column(
    name: &str,
    values: &Bound<'_, PyAny>,
    shape: &[usize],
    nulls: Option<NullBuffer>,
) -> PyResult<ArrayRef> {
    let py = values.py();
    let width: usize = shape.iter().skip(1).product();
    let rows = shape.first().copied().unwrap_or(0);
    let items_nulls = nulls.clone().filter(|n| n.len() == rows * width);
    let nulls = nulls.map(|n| {
        let some =
            |i| (i * width..(i + 1) * width).any(|k| k >= n.len() || n.is_valid(k));
        (0..rows).map(some).collect::<NullBuffer>()
    });
    // items of a row that is null as a whole need no nulls of their own
    let partly = items_nulls
        .as_ref()
        .zip(nulls.as_ref())
        .is_some_and(|(items, rows)| items.null_count() > rows.null_count() * width);
    let items_nulls = items_nulls.filter(|_| partly);
    let array = loaded(values)?;
    let buffer = array.buffer().to_py(py)?;
    let Some(items) = flat(array.dtype(), buffer, items_nulls) else {
        let error =
            Error::new(ErrorKind::Unsupported, OP, "items that no column can hold");
        return Err(raise(py, &error.with("column", name).with("dtype", array.dtype())));
    };
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    let width = i32::try_from(width).map_err(|e| {
        raise(
            py,
            &Error::new(ErrorKind::Unsupported, OP, "an array too long a row")
                .caused_by(e),
        )
    })?;
    let list = FixedSizeListArray::try_new(field, width, items, nulls);
    list.map(|list| Arc::new(list) as ArrayRef).map_err(|e| {
        raise(
            py,
            &Error::new(ErrorKind::InvalidInput, OP, "rows of unequal length")
                .caused_by(e),
        )
    })
}
