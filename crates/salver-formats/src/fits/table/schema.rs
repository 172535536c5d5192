//! Arrow's types of a binary table's columns.
//!
//! A field of several elements is a (nested) `FixedSizeList`, a complex number one of two reals, a
//! field in the heap a `List` (`LargeList` for `Q`), text `Utf8`. What Arrow does not say is kept
//! in the field's metadata under `fits.` and the keyword, so that a table is written as it was.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field};

use super::columns::{Code, Column, Storage};
use crate::fits::pixel::Transform;

/// The Arrow type of the numbers of a column, and what makes them of the stored ones.
pub(super) fn numbers(column: &Column) -> (DataType, Transform) {
    let text = |t: &Option<String>, default| {
        t.as_deref().map_or(Some(default), |t| t.parse::<f64>().ok()).unwrap_or(default)
    };
    let (scale, zero) = (text(&column.scale, 1.0), text(&column.zero, 0.0));
    #[expect(clippy::float_cmp, reason = "the conventions are exact values")]
    let (unit, plain) = (scale == 1.0, scale == 1.0 && zero == 0.0);
    let offset = |exact: &str| unit && column.zero.as_deref() == Some(exact);
    let how = Transform::Scale { scale, zero, blank: None };
    match column.form.code {
        Code::Byte if plain => (DataType::UInt8, Transform::None),
        Code::Byte if offset("-128") => (DataType::Int8, Transform::Offset(-128)),
        Code::Short if plain => (DataType::Int16, Transform::None),
        Code::Short if offset("32768") => (DataType::UInt16, Transform::Offset(1 << 15)),
        Code::Int if plain => (DataType::Int32, Transform::None),
        Code::Int if offset("2147483648") => {
            (DataType::UInt32, Transform::Offset(1 << 31))
        }
        Code::Long if plain => (DataType::Int64, Transform::None),
        Code::Long if offset("9223372036854775808") => {
            (DataType::UInt64, Transform::Offset(i64::MIN))
        }
        Code::Float | Code::Complex if plain => (DataType::Float32, Transform::None),
        Code::Float => (DataType::Float32, how),
        Code::Complex => (DataType::Float32, Transform::None),
        Code::Double | Code::DoubleComplex if plain => {
            (DataType::Float64, Transform::None)
        }
        Code::DoubleComplex => (DataType::Float64, Transform::None),
        _ => (DataType::Float64, how),
    }
}

/// Characters of one string of a fixed `A` field: `TDIMn`'s first axis, the `w` of `rAw`, or all.
pub(super) fn text_width(column: &Column) -> u64 {
    if let Some(&first) = column.dims.first() {
        return first;
    }
    let digits: String =
        column.tform.chars().skip_while(|c| !matches!(c, 'A' | 'a')).skip(1).collect();
    let width = digits.trim().parse().unwrap_or(0);
    let whole = width > 0 && column.form.repeat.is_multiple_of(width);
    if whole { width } else { column.form.repeat }
}

/// Shape of a field, slowest axis first; empty for a single element.
pub(super) fn shape(column: &Column) -> Vec<u64> {
    let text = column.form.code == Code::Char;
    if !column.dims.is_empty() {
        let skip = usize::from(text);
        return column.dims.iter().skip(skip).rev().copied().collect();
    }
    let n = match text {
        true => column.form.repeat.checked_div(text_width(column)).unwrap_or(1),
        false => column.form.repeat,
    };
    if n == 1 { Vec::new() } else { vec![n] }
}

/// The type of one element.
pub(super) fn element(column: &Column, n_rows: u64) -> DataType {
    match column.form.code {
        Code::Logical | Code::Bit => DataType::Boolean,
        Code::Char => {
            let bytes = column.form.repeat.saturating_mul(n_rows);
            let large = match column.form.storage {
                Storage::Fixed => bytes.saturating_mul(2) > i32::MAX as u64,
                Storage::Heap32 => false,
                Storage::Heap64 => true,
            };
            if large { DataType::LargeUtf8 } else { DataType::Utf8 }
        }
        Code::Complex | Code::DoubleComplex => {
            let item = Field::new_list_field(numbers(column).0, true);
            DataType::FixedSizeList(Arc::new(item), 2)
        }
        _ => numbers(column).0,
    }
}

/// Whether fields of the column have no elements at all.
pub(super) fn is_nothing(column: &Column) -> bool {
    let fixed_text =
        column.form.code == Code::Char && column.form.storage == Storage::Fixed;
    column.form.repeat == 0 && !fixed_text
}

/// The Arrow field of a column.
pub(super) fn field(column: &Column, name: &str, n_rows: u64) -> Field {
    let mut kind = element(column, n_rows);
    if is_nothing(column) {
        kind = DataType::Null;
    } else if column.form.storage == Storage::Fixed {
        for n in shape(column).into_iter().rev() {
            let n = i32::try_from(n).unwrap_or(i32::MAX);
            kind =
                DataType::FixedSizeList(Arc::new(Field::new_list_field(kind, true)), n);
        }
    } else if column.form.code != Code::Char {
        let item = Arc::new(Field::new_list_field(kind, true));
        kind = match column.form.storage {
            Storage::Heap64 => DataType::LargeList(item),
            _ => DataType::List(item),
        };
    }
    Field::new(name, kind, true).with_metadata(metadata(column))
}

fn metadata(column: &Column) -> HashMap<String, String> {
    let dims: Vec<String> = column.dims.iter().map(u64::to_string).collect();
    let dims = (!dims.is_empty()).then(|| format!("({})", dims.join(",")));
    [
        ("unit", column.unit.clone()),
        ("description", column.comment.clone()),
        ("fits.TFORM", Some(column.tform.clone())),
        ("fits.TDIM", dims),
        ("fits.TNULL", column.null.map(|n| n.to_string())),
        ("fits.TSCAL", column.scale.clone()),
        ("fits.TZERO", column.zero.clone()),
        ("fits.TDISP", column.display.clone()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect()
}
