//! Columns and rows that are selected.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow_buffer::NullBuffer;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Select, Source, Table, match_columns};

use super::{Block, Column, Columns, build, rows};
use crate::buffer::no_panic;
use crate::hdf5::array;
use crate::hdf5::low::file::Widths;
use crate::hdf5::low::heap::Heap;
use crate::hdf5::value::Values;

const OP: Op = Op("hdf5.decode");

/// A schema as text: an Arrow IPC stream without batches, in base64.
///
/// # Errors
/// `Unsupported` where Arrow cannot write it.
pub(crate) fn schema_text(schema: &SchemaRef) -> Result<String> {
    let message = "a schema that Arrow cannot write";
    let writer = StreamWriter::try_new(Vec::new(), schema);
    let mut writer = writer.op(ErrorKind::Unsupported, OP, message)?;
    writer.finish().op(ErrorKind::Unsupported, OP, message)?;
    let bytes = writer.into_inner().op(ErrorKind::Unsupported, OP, message)?;
    Ok(STANDARD.encode(bytes))
}

/// The schema of such text.
///
/// # Errors
/// `Corrupt` where it is none.
pub(crate) fn schema_from(text: &str) -> Result<SchemaRef> {
    let message = "a schema that Arrow cannot read";
    let bytes = STANDARD.decode(text).op(ErrorKind::Corrupt, OP, message)?;
    let read = || {
        Ok::<_, arrow_schema::ArrowError>(
            StreamReader::try_new(Cursor::new(bytes), None)?.schema(),
        )
    };
    no_panic(OP, read)?.op(ErrorKind::Corrupt, OP, message)
}

impl Columns {
    /// The schema and the number of rows.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`.
    pub(crate) fn schema(&self) -> Result<(SchemaRef, usize)> {
        match self {
            Self::Rows { datatype, dims, units, .. } => {
                let fields = rows::fields(datatype)?;
                let count = dims.iter().try_fold(1_u64, |n, &d| n.checked_mul(d));
                let count = count.and_then(|n| usize::try_from(n).ok());
                let count = count.ok_or_else(build::misfit)?;
                Ok((Arc::new(rows::schema(&fields, units, dims)), count))
            }
            Self::Group { schema, rows, .. } => Ok((schema_from(schema)?, *rows)),
        }
    }
}

/// Reads what is selected of a table.
///
/// # Errors
/// As [`match_columns`] and the filters'; `Corrupt`, `Limit`; as the source's.
pub(crate) fn read(
    columns: &Columns,
    select: &Select,
    source: &dyn Source,
    widths: Widths,
) -> Result<Table> {
    let (schema, count) = columns.schema()?;
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let mut wanted = vec![select.columns.is_none(); names.len()];
    if select.columns.is_some() {
        for i in match_columns(&names, select.columns.as_deref())? {
            wanted[i] = true;
        }
    }
    for filter in select.filters.iter().flatten() {
        if let Some(i) = names.iter().position(|name| *name == filter.column) {
            wanted[i] = true;
        }
    }
    let wanted: Vec<usize> = (0..names.len()).filter(|&i| wanted[i]).collect();
    let arrays = match columns {
        Columns::Rows { datatype, block, .. } => {
            let fields = rows::fields(datatype)?;
            let budget = source.len().saturating_mul(64).saturating_add(1 << 20);
            let heap = Heap::new(source, widths);
            let mut values = Values { heap, offsets: widths.offsets, budget };
            let shape = block.part.shape_usize()?;
            let bounds: Vec<_> = shape.iter().map(|&n| 0..n).collect();
            let bytes = array::raw(source, &block.part, &block.stored, &bounds)?;
            let each = wanted.iter().filter_map(|&i| fields.get(i));
            let each = each.map(|f| f.column(&bytes, datatype.size, &mut values));
            each.collect::<Result<Vec<_>>>()?
        }
        Columns::Group { columns, .. } => {
            let each = wanted.iter().map(|&i| {
                let column = columns.get(i).ok_or_else(build::misfit)?;
                stored(column, &schema, i, source)
            });
            each.collect::<Result<Vec<_>>>()?
        }
    };
    let projected = schema.project(&wanted).op(ErrorKind::Internal, OP, "columns")?;
    narrow(table(projected, arrays, count)?, select)
}

/// Applies columns and filters where there are any.
fn narrow(table: Table, select: &Select) -> Result<Table> {
    if select.columns.is_none() && select.filters.is_empty() {
        return Ok(table);
    }
    let all = table.schema().fields().iter().map(|f| f.name().clone()).collect();
    let columns = select.columns.clone().or(Some(all));
    table.select(&Select { columns, ..select.clone() })
}

fn table(schema: Schema, arrays: Vec<ArrayRef>, count: usize) -> Result<Table> {
    let schema = Arc::new(schema);
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
    let batch = batch.op(ErrorKind::Corrupt, OP, "columns that do not fit together")?;
    Table::new(schema, vec![batch])
}

fn stored(
    column: &Column,
    schema: &Schema,
    number: usize,
    source: &dyn Source,
) -> Result<ArrayRef> {
    let field = schema.fields().get(number).ok_or_else(build::misfit)?;
    let named = |e: Error| e.with("column", field.name());
    let load = |block: &Block| array::read(source, &block.part, &block.stored, None);
    match column {
        Column::Items { values, valid } => {
            let read = load(values).map_err(named)?;
            let dtype = values.part.dtype.parse()?;
            let valid = match valid {
                Some(block) => {
                    let flags = load(block).map_err(named)?;
                    Some(flags.buffer.iter().map(|&b| b != 0).collect::<NullBuffer>())
                }
                None => None,
            };
            build::column(field.data_type(), dtype, read.buffer.as_slice(), valid)
                .map_err(named)
        }
        Column::Arrow(block) => {
            let bytes = load(block).map_err(named)?.buffer.as_slice().to_vec();
            let arrays = no_panic(OP, || batches(bytes)).map_err(named)?;
            let message = "a column that Arrow cannot read";
            let arrays = arrays.op(ErrorKind::Corrupt, OP, message).map_err(named)?;
            let parts: Vec<_> = arrays.iter().map(AsRef::as_ref).collect();
            if parts.is_empty() {
                return Ok(new_empty_array(field.data_type()));
            }
            concat(&parts).op(ErrorKind::Corrupt, OP, message).map_err(named)
        }
    }
}

/// The first column of a stream, pushed through a decoder that takes no more than it is given.
fn batches(bytes: Vec<u8>) -> Result<Vec<ArrayRef>, arrow_schema::ArrowError> {
    let mut decoder = arrow_ipc::reader::StreamDecoder::new();
    let mut rest = arrow_buffer::Buffer::from_vec(bytes);
    let mut out = Vec::new();
    while !rest.is_empty() {
        if let Some(batch) = decoder.decode(&mut rest)? {
            out.extend(batch.columns().first().map(Arc::clone));
        }
    }
    decoder.finish()?;
    Ok(out)
}
