//! How the types of columns are kept, and columns as the data of arrays.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use arrow_select::concat::concat;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{DType, Map, Tree};

use super::data::Data;
use crate::buffer::copied;

const OP: Op = Op("zarr.encode");

/// How a type of columns is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kept {
    /// As `bool`.
    Bits,
    /// Items of `width` bytes, of this type; lists of a fixed length have an axis more.
    Fixed { dtype: DType, width: usize, list: Option<usize> },
    /// As text or bytes of any length.
    Text,
    /// As an Arrow IPC stream in an array of bytes.
    Ipc,
}

/// How a type of columns is kept.
pub(crate) fn kept(kind: &DataType) -> Kept {
    let of = |dtype: DType| Kept::Fixed { dtype, width: dtype.size(), list: None };
    match kind {
        DataType::Boolean => Kept::Bits,
        DataType::Int8 => of(DType::I8),
        DataType::Int16 => of(DType::I16),
        DataType::Int32 => of(DType::I32),
        DataType::Int64 | DataType::Timestamp(..) | DataType::Duration(_) => {
            of(DType::I64)
        }
        DataType::UInt8 => of(DType::U8),
        DataType::UInt16 => of(DType::U16),
        DataType::UInt32 => of(DType::U32),
        DataType::UInt64 => of(DType::U64),
        DataType::Float16 => of(DType::F16),
        DataType::Float32 => of(DType::F32),
        DataType::Float64 => of(DType::F64),
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Binary
        | DataType::LargeBinary => Kept::Text,
        DataType::FixedSizeList(item, n) => {
            match (kept(item.data_type()), usize::try_from(*n)) {
                (Kept::Fixed { dtype, width, list: None }, Ok(n)) if n > 0 => {
                    Kept::Fixed { dtype, width: width * n, list: Some(n) }
                }
                _ => Kept::Ipc,
            }
        }
        _ => Kept::Ipc,
    }
}

/// `data_type` of the array that holds a column, in version 3.
pub(crate) fn type_of(kind: &DataType) -> Option<Tree> {
    let time = |name: &str, unit: &TimeUnit| {
        let unit = match unit {
            TimeUnit::Second => "s",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Microsecond => "us",
            TimeUnit::Nanosecond => "ns",
        };
        let settings = [("unit", Tree::from(unit)), ("scale_factor", Tree::from(1_i64))];
        let settings = settings.map(|(k, v)| (k.to_owned(), v));
        let map = [
            ("name", Tree::from(name)),
            ("configuration", Tree::Map(Map::from_iter(settings))),
        ];
        Some(Tree::Map(map.map(|(k, v)| (k.to_owned(), v)).into_iter().collect()))
    };
    match kind {
        DataType::Timestamp(unit, _) => time("numpy.datetime64", unit),
        DataType::Duration(unit) => time("numpy.timedelta64", unit),
        _ => None,
    }
}

/// A column of a table as one array.
///
/// # Errors
/// As Arrow's.
pub(crate) fn whole(
    batches: &[RecordBatch],
    i: usize,
    field: &Field,
) -> Result<ArrayRef> {
    let columns: Vec<&dyn arrow_array::Array> =
        batches.iter().map(|b| &**b.column(i)).collect();
    match batches {
        [] => Ok(arrow_array::new_empty_array(field.data_type())),
        [one] => Ok(Arc::clone(one.column(i))),
        _ => concat(&columns).op(ErrorKind::Internal, OP, "batches that do not fit"),
    }
}

/// The mask of a column: 1 is null. None where all are valid.
pub(crate) fn mask(column: &ArrayRef) -> Option<Buffer> {
    let nulls = column.nulls().filter(|n| n.null_count() > 0)?;
    let bytes: Vec<u8> = nulls.iter().map(|valid| u8::from(!valid)).collect();
    Some(Buffer::from_vec(bytes))
}

/// The items of a column, and how they are kept; null items are zero.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where Arrow cannot write a column of another kind.
pub(crate) fn data(column: &ArrayRef, field: &Field) -> Result<(Kept, Data)> {
    let how = kept(field.data_type());
    let nulls = column.nulls();
    Ok(match &how {
        Kept::Bits => {
            let bits = column.as_boolean();
            let bytes =
                (0..bits.len()).map(|i| u8::from(bits.is_valid(i) && bits.value(i)));
            (how, Data::Bytes(Buffer::from_vec(bytes.collect::<Vec<u8>>())))
        }
        Kept::Text => (how, Data::Words(Arc::clone(column))),
        Kept::Ipc => ipc(column, field)?,
        Kept::Fixed { dtype, width, list } => {
            let items = match list {
                None => Arc::clone(column),
                Some(n) => {
                    let list = column.as_fixed_size_list();
                    if list.values().null_count() > 0 {
                        return ipc(column, field).map(|(_, data)| (Kept::Ipc, data));
                    }
                    let first = list.value_offset(0).try_into().unwrap_or(0);
                    list.values().slice(first, list.len() * n)
                }
            };
            let data = items.to_data();
            let each = dtype.size();
            let buffer = data.buffers().first().cloned().unwrap_or_default();
            let buffer =
                buffer.slice_with_length(data.offset() * each, data.len() * each);
            let buffer = match nulls.filter(|n| n.null_count() > 0) {
                None => buffer,
                Some(nulls) => {
                    let mut bytes = buffer.as_slice().to_vec();
                    for (i, item) in bytes.chunks_exact_mut(*width).enumerate() {
                        if nulls.is_null(i) {
                            item.fill(0);
                        }
                    }
                    copied(*dtype, &bytes)?
                }
            };
            (how, Data::Bytes(buffer))
        }
    })
}

/// A column as an Arrow IPC stream.
fn ipc(column: &ArrayRef, field: &Field) -> Result<(Kept, Data)> {
    let message = "a column that Arrow cannot write";
    let plain = Field::new("column", field.data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![plain]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(column)]);
    let batch = batch.op(ErrorKind::Unsupported, OP, message)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).op(
        ErrorKind::Unsupported,
        OP,
        message,
    )?;
    writer.write(&batch).op(ErrorKind::Unsupported, OP, message)?;
    writer.finish().op(ErrorKind::Unsupported, OP, message)?;
    let bytes = writer.into_inner().op(ErrorKind::Unsupported, OP, message)?;
    Ok((Kept::Ipc, Data::Bytes(Buffer::from_vec(bytes))))
}
