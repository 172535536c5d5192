//! Arrays of records as tables.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray,
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{DType, Source, Table, TablePart};

use super::header::{RecordField, Records};
use crate::buffer::swap;
use crate::column_type;

const OP: Op = Op("npy.records");

/// The neutral part of an array of records: each column needs the rows.
pub(super) fn part(records: &Records) -> TablePart {
    let columns: Vec<String> = records.fields.iter().map(|f| f.name.clone()).collect();
    TablePart {
        places: vec![vec![records.place; columns.len()]],
        columns,
        group_rows: vec![records.rows],
    }
}

/// The Arrow schema of the columns.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for complex numbers, which Arrow lacks.
pub(crate) fn schema(records: &Records) -> Result<SchemaRef> {
    let fields = records.fields.iter().map(|field| {
        let item = item_type(field)?;
        let kind = if field.shape.is_empty() {
            item
        } else {
            DataType::FixedSizeList(item_field(item), list_size(field)?)
        };
        Ok(Field::new(&field.name, kind, false))
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?)))
}

fn item_field(item: DataType) -> FieldRef {
    Arc::new(Field::new("item", item, false))
}

fn list_size(field: &RecordField) -> Result<i32> {
    i32::try_from(field.items).op(ErrorKind::Corrupt, OP, "a field with too many items")
}

fn item_type(field: &RecordField) -> Result<DataType> {
    let dtype = field.stored.dtype;
    column_type::of_items(dtype).ok_or_else(|| {
        let message = "a table holds no columns of this type";
        Error::new(ErrorKind::Unsupported, OP, message)
            .with("column", &field.name)
            .with("dtype", dtype)
    })
}

/// Reads the rows as columns.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for text that is not Unicode; as [`schema`] and the source's.
pub(crate) fn read(records: &Records, source: &Arc<dyn Source>) -> Result<Table> {
    let schema = schema(records)?;
    let rows = source.read(&[records.place.range()])?;
    let rows = rows.first().map(AsRef::as_ref).unwrap_or_default();
    let n_rows =
        usize::try_from(records.rows).op(ErrorKind::Limit, OP, "too many rows")?;
    let columns = records.fields.iter().map(|field| column(field, rows, records.width));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)
        .op(ErrorKind::Corrupt, OP, "the records are no table")?;
    Table::new(schema, vec![batch])
}

fn column(field: &RecordField, rows: &[u8], width: usize) -> Result<ArrayRef> {
    let bytes = field.items * field.stored.dtype.size();
    let mut packed = Vec::with_capacity(rows.len() / width.max(1) * bytes);
    for row in rows.chunks_exact(width.max(1)) {
        packed.extend_from_slice(
            row.get(field.offset..field.offset + bytes).unwrap_or_default(),
        );
    }
    if field.stored.swapped {
        swap(&mut packed, field.stored.dtype.swap_size());
    }
    let items = items(field, &packed)?;
    if field.shape.is_empty() {
        return Ok(items);
    }
    let list = item_field(item_type(field)?);
    let lists = FixedSizeListArray::try_new(list, list_size(field)?, items, None).op(
        ErrorKind::Corrupt,
        OP,
        "the field's items are no list",
    )?;
    Ok(Arc::new(lists))
}

fn items(field: &RecordField, packed: &[u8]) -> Result<ArrayRef> {
    fn typed<T: ArrowPrimitiveType>(packed: &[u8]) -> ArrayRef
    where
        T::Native: bytemuck::Pod,
    {
        let values: Vec<T::Native> = bytemuck::pod_collect_to_vec(packed);
        Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), None))
    }
    Ok(match field.stored.dtype {
        DType::Bool => {
            Arc::new(packed.iter().map(|&b| Some(b != 0)).collect::<BooleanArray>())
        }
        DType::I8 => typed::<Int8Type>(packed),
        DType::I16 => typed::<Int16Type>(packed),
        DType::I32 => typed::<Int32Type>(packed),
        DType::I64 => typed::<Int64Type>(packed),
        DType::U8 => typed::<UInt8Type>(packed),
        DType::U16 => typed::<UInt16Type>(packed),
        DType::U32 => typed::<UInt32Type>(packed),
        DType::U64 => typed::<UInt64Type>(packed),
        DType::F16 => typed::<Float16Type>(packed),
        DType::F32 => typed::<Float32Type>(packed),
        DType::F64 => typed::<Float64Type>(packed),
        DType::Bytes(n) => {
            let each = packed.chunks_exact((n as usize).max(1)).map(trim);
            Arc::new(
                each.collect::<Vec<_>>().into_iter().map(Some).collect::<BinaryArray>(),
            )
        }
        DType::Text(n) => {
            let each = packed.chunks_exact((n as usize * 4).max(1)).map(text);
            let each = each.collect::<Result<Vec<String>>>()?;
            Arc::new(each.iter().map(Some).collect::<StringArray>())
        }
        _ => return item_type(field).map(|kind| arrow_array::new_empty_array(&kind)),
    })
}

/// Bytes without the padding behind them.
fn trim(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
    bytes.get(..end).unwrap_or_default()
}

/// UTF-32 in this machine's order, without the padding behind it.
fn text(bytes: &[u8]) -> Result<String> {
    let unit = |b: &[u8]| b.try_into().map_or(0, u32::from_ne_bytes);
    let chars = bytes.chunks_exact(4).map(|b| char::from_u32(unit(b)));
    let text: Option<String> = chars.collect();
    let text = text
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, OP, "text that is not Unicode"))?;
    Ok(text.trim_end_matches('\0').to_owned())
}
