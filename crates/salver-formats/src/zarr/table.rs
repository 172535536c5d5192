//! Reads tables: groups of one-dimensional arrays, and masks.

use std::sync::Arc;

use arrow_array::types::{
    BinaryType, ByteArrayType, LargeBinaryType, LargeUtf8Type, Utf8Type,
};
use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, GenericByteArray, OffsetSizeTrait,
    RecordBatch, RecordBatchOptions, make_array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Field, SchemaRef};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{DType, Select, Table, match_columns};

use super::columns::{Kept, kept};
use super::decode::Job;
use super::item::corrupt;
use super::meta::at_node;
use super::view::TableView;
use crate::buffer::no_panic;

const OP: Op = Op("zarr.decode");
const MISFIT: &str = "a column that does not fit its table's schema";

/// Places of the columns that are selected, in the order wanted.
///
/// # Errors
/// As [`match_columns`].
pub(crate) fn wanted(view: &TableView, select: &Select) -> Result<Vec<usize>> {
    let names: Vec<&str> =
        view.schema.fields().iter().map(|f| f.name().as_str()).collect();
    match &select.columns {
        None => Ok((0..names.len()).collect()),
        some => match_columns(&names, some.as_deref()),
    }
}

/// The schema of these columns.
///
/// # Errors
/// [`ErrorKind::Internal`] where there is no such column.
pub(crate) fn project(schema: &SchemaRef, columns: &[usize]) -> Result<SchemaRef> {
    let schema = schema.project(columns).op(ErrorKind::Internal, OP, "columns")?;
    Ok(Arc::new(schema))
}

/// Reads the selected columns and rows.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where a column does not fit the schema; as the source's.
pub(crate) fn read(job: &Job<'_>, view: &TableView, wanted: &[usize]) -> Result<Table> {
    let filters = || job.select.filters.iter().flatten();
    let fields = view.schema.fields();
    let needed: Vec<usize> = (0..fields.len())
        .filter(|i| {
            let name = fields.get(*i).map(|f| f.name());
            wanted.contains(i) || filters().any(|f| Some(&f.column) == name)
        })
        .collect();
    let mut columns = Vec::new();
    for &i in &needed {
        let (Some(field), Some((node, mask))) = (fields.get(i), view.columns.get(i))
        else {
            continue;
        };
        let column = column(job, field, view.rows, (node, mask.as_deref()));
        columns.push(column.map_err(|e| at_node(e, node))?);
    }
    let schema = project(&view.schema, &needed)?;
    let options = RecordBatchOptions::new().with_row_count(Some(view.rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options);
    let table = Table::new(schema, vec![batch.op(ErrorKind::Corrupt, OP, MISFIT)?])?;
    if needed == wanted && job.select.filters.is_empty() {
        return Ok(table);
    }
    table.select(&Select { part: None, region: None, ..job.select.clone() })
}

fn misfit() -> Error {
    corrupt(MISFIT)
}

fn column(
    job: &Job<'_>,
    field: &Field,
    rows: usize,
    (node, mask): (&str, Option<&str>),
) -> Result<ArrayRef> {
    let nulls = match mask {
        None => None,
        Some(mask) => {
            let (meta, buffer) = job.column(mask)?;
            if meta.item.dtype() != Some(DType::Bool) || buffer.len() != rows {
                return Err(misfit());
            }
            let valid = BooleanBuffer::collect_bool(rows, |i| buffer.get(i) == Some(&0));
            Some(NullBuffer::new(valid))
        }
    };
    let kind = field.data_type();
    let how = if job.is_ipc(node)? { Kept::Ipc } else { kept(kind) };
    match how {
        Kept::Text => words(kind, job.text_column(node)?, nulls, rows),
        Kept::Ipc => from_ipc(&job.column(node)?.1, field, rows),
        Kept::Bits => {
            let (meta, buffer) = job.column(node)?;
            if meta.item.dtype() != Some(DType::Bool) || buffer.len() != rows {
                return Err(misfit());
            }
            let set = BooleanBuffer::collect_bool(rows, |i| buffer.get(i) == Some(&1));
            Ok(Arc::new(BooleanArray::new(set, nulls)))
        }
        Kept::Fixed { dtype, width, .. } => {
            let (meta, buffer) = job.column(node)?;
            if meta.item.dtype() != Some(dtype)
                || buffer.len() != rows.saturating_mul(width)
            {
                return Err(misfit());
            }
            fixed(kind, buffer, nulls, rows)
        }
    }
}

/// A column whose items have one width.
fn fixed(
    kind: &DataType,
    buffer: Buffer,
    nulls: Option<NullBuffer>,
    rows: usize,
) -> Result<ArrayRef> {
    if let DataType::FixedSizeList(item, n) = kind {
        let each = usize::try_from(*n).op(ErrorKind::Corrupt, OP, MISFIT)?;
        let inside = fixed(item.data_type(), buffer, None, rows.saturating_mul(each))?;
        let list = FixedSizeListArray::try_new(Arc::clone(item), *n, inside, nulls);
        return Ok(Arc::new(list.op(ErrorKind::Corrupt, OP, MISFIT)?));
    }
    let data = ArrayData::builder(kind.clone()).len(rows).add_buffer(buffer).nulls(nulls);
    Ok(make_array(data.build().op(ErrorKind::Corrupt, OP, MISFIT)?))
}

fn places<T: OffsetSizeTrait>(offsets: Vec<usize>) -> Result<OffsetBuffer<T>> {
    let offsets = offsets.into_iter().map(|n| T::from_usize(n).ok_or_else(misfit));
    let offsets = offsets.collect::<Result<Vec<T>>>()?;
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
}

fn joined<T: ByteArrayType>(
    offsets: Vec<usize>,
    values: Vec<u8>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let array = GenericByteArray::<T>::try_new(places(offsets)?, values.into(), nulls);
    Ok(Arc::new(array.op(ErrorKind::Corrupt, OP, "text that is not UTF-8")?))
}

/// A column of text or bytes.
fn words(
    kind: &DataType,
    (offsets, values): (Vec<usize>, Vec<u8>),
    nulls: Option<NullBuffer>,
    rows: usize,
) -> Result<ArrayRef> {
    if offsets.len() != rows + 1 {
        return Err(misfit());
    }
    match kind {
        DataType::Utf8 => joined::<Utf8Type>(offsets, values, nulls),
        DataType::LargeUtf8 => joined::<LargeUtf8Type>(offsets, values, nulls),
        DataType::LargeBinary => joined::<LargeBinaryType>(offsets, values, nulls),
        _ => joined::<BinaryType>(offsets, values, nulls),
    }
}

/// A column that is kept as an Arrow IPC stream.
fn from_ipc(bytes: &[u8], field: &Field, rows: usize) -> Result<ArrayRef> {
    let read = || {
        let stream = StreamReader::try_new(std::io::Cursor::new(bytes), None)?;
        stream.collect::<Result<Vec<_>, _>>()
    };
    let batches = no_panic(OP, read)?.op(ErrorKind::Corrupt, OP, MISFIT)?;
    let column = match batches.as_slice() {
        [batch] if batch.num_columns() == 1 => Arc::clone(batch.column(0)),
        _ => return Err(misfit()),
    };
    if column.len() != rows || column.data_type() != field.data_type() {
        return Err(misfit());
    }
    Ok(column)
}
