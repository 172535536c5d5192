//! Arrow arrays out of settled items.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, LargeStringArray, StringArray, make_array,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::DType;

use crate::buffer::copied;
use crate::column_type;
use crate::hdf5::item::Simple;
use crate::hdf5::low::cursor::text_of;

const OP: Op = Op("hdf5.decode");

pub(super) fn misfit() -> Error {
    Error::new(ErrorKind::Corrupt, OP, "a column that does not fit its type")
}

/// The type of a column of such items, without the axes inside of them. Strings of a fixed length
/// are items of bytes here.
pub(super) fn scalar(dtype: DType) -> Option<DataType> {
    match dtype {
        DType::Bytes(_) => Some(DataType::Utf8),
        DType::Text(_) => None,
        other => column_type::of_items(other),
    }
}

/// The type of a column of such items, and its innermost one with its number of parts.
pub(super) fn column_type(simple: &Simple) -> Option<DataType> {
    let (inner, parts) = match simple.dtype {
        DType::C64 => (DataType::Float32, Some(2)),
        DType::C128 => (DataType::Float64, Some(2)),
        other => (scalar(other)?, None),
    };
    let axes = simple.axes.iter().copied().chain(parts);
    let axes: Vec<usize> = axes.collect();
    axes.iter().rev().try_fold(inner, |inner, &n| {
        let item = Arc::new(Field::new("item", inner, false));
        Some(DataType::FixedSizeList(item, i32::try_from(n).ok()?))
    })
}

/// A column of settled items, of a type that may be another word for the same bytes (a date).
///
/// # Errors
/// `Corrupt` where the items do not fit the type.
pub(super) fn column(
    data_type: &DataType,
    dtype: DType,
    bytes: &[u8],
    valid: Option<NullBuffer>,
) -> Result<ArrayRef> {
    match data_type {
        DataType::FixedSizeList(field, size) => {
            let inner = column(field.data_type(), dtype, bytes, None)?;
            let list =
                FixedSizeListArray::try_new(Arc::clone(field), *size, inner, valid);
            Ok(Arc::new(list.op(ErrorKind::Corrupt, OP, "a list of the wrong length")?))
        }
        DataType::Boolean => {
            if valid.as_ref().is_some_and(|v| v.len() != bytes.len()) {
                return Err(misfit());
            }
            let values = bytes.iter().map(|&b| b != 0).collect();
            Ok(Arc::new(BooleanArray::new(values, valid)))
        }
        DataType::Utf8 | DataType::LargeUtf8 => {
            let size = dtype.size().max(1);
            let texts = bytes.chunks_exact(size).enumerate().map(|(i, item)| {
                let end = item.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
                let there = valid.as_ref().is_none_or(|v| i < v.len() && v.is_valid(i));
                there.then(|| text_of(item.get(..end).unwrap_or_default()))
            });
            if *data_type == DataType::Utf8 {
                Ok(Arc::new(texts.collect::<StringArray>()))
            } else {
                Ok(Arc::new(texts.collect::<LargeStringArray>()))
            }
        }
        other => {
            let unit = dtype.swap_size();
            let width =
                other.primitive_width().filter(|&w| w == unit).ok_or_else(misfit)?;
            let count = bytes.len() / width;
            if valid.as_ref().is_some_and(|v| v.len() != count) {
                return Err(misfit());
            }
            // a complex number is two
            let buffer: Buffer = copied(dtype, bytes)?;
            let data = ArrayData::builder(other.clone())
                .len(count)
                .add_buffer(buffer)
                .nulls(valid.filter(|v| v.null_count() > 0))
                .build();
            Ok(make_array(data.op(
                ErrorKind::Corrupt,
                OP,
                "a column that does not fit its type",
            )?))
        }
    }
}
