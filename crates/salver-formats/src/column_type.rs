//! The Arrow type of a column of array items.

use arrow_schema::DataType;
use salver_tree::DType;

/// The Arrow type of a column that holds one such item a row: fixed-length bytes and text become
/// those of any length. `None` for what no Arrow type is like, complex numbers among them.
pub(crate) fn of_items(dtype: DType) -> Option<DataType> {
    Some(match dtype {
        DType::Bool => DataType::Boolean,
        DType::I8 => DataType::Int8,
        DType::I16 => DataType::Int16,
        DType::I32 => DataType::Int32,
        DType::I64 => DataType::Int64,
        DType::U8 => DataType::UInt8,
        DType::U16 => DataType::UInt16,
        DType::U32 => DataType::UInt32,
        DType::U64 => DataType::UInt64,
        DType::F16 => DataType::Float16,
        DType::F32 => DataType::Float32,
        DType::F64 => DataType::Float64,
        DType::Bytes(_) => DataType::Binary,
        DType::Text(_) => DataType::Utf8,
        _ => return None,
    })
}
