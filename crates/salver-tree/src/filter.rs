//! Row filters, as `pyarrow` takes them: an OR of ANDs of comparisons.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{
    Array as _, ArrayRef, ArrowPrimitiveType, BooleanArray, Int64Array, LargeStringArray,
    RecordBatch,
};
use arrow_buffer::BooleanBuffer;
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::DataType;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use crate::{Filter, Tree};

const OP: Op = Op("select.filter");

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==` or `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equal | Self::In | Self::NotIn => a == b,
            Self::NotEqual => a != b,
            Self::Less => a < b,
            Self::LessEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterEqual => a >= b,
        }
    }
}

impl Filter {
    /// The comparison that the text means.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another text, with those that are known.
    pub fn comparison(&self) -> Result<Comparison> {
        Ok(match self.op.as_str() {
            "==" | "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterEqual,
            "in" => Comparison::In,
            "not in" => Comparison::NotIn,
            other => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    OP,
                    "no such comparison",
                )
                .with("comparison", other)
                .hint("one of ==, =, !=, <, <=, >, >=, in, not in"));
            }
        })
    }

    /// Which rows of a column pass. A null passes only `not in`; a NaN equals nothing.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the value cannot be compared with the column.
    pub fn passes(&self, column: &ArrayRef) -> Result<BooleanBuffer> {
        let how = self.comparison()?;
        let named =
            |e: Error| e.with("column", &self.column).with("type", column.data_type());
        match (how, &self.value) {
            (Comparison::In | Comparison::NotIn, Tree::List(values)) => {
                let mut any = BooleanBuffer::new_unset(column.len());
                for value in values {
                    any = &any | &compare(column, how, value).map_err(named)?;
                }
                Ok(if how == Comparison::NotIn { !&any } else { any })
            }
            (Comparison::In | Comparison::NotIn, _) => Err(named(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "`in` and `not in` take a list",
            ))),
            (_, value) => compare(column, how, value).map_err(named),
        }
    }
}

/// Which rows of a batch pass an OR of ANDs; `None` where there is no filter.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a column that is not there, or as [`Filter::passes`].
pub fn passing_rows(
    batch: &RecordBatch,
    filters: &[Vec<Filter>],
) -> Result<Option<BooleanArray>> {
    if filters.is_empty() {
        return Ok(None);
    }
    let mut any = BooleanBuffer::new_unset(batch.num_rows());
    for all_of in filters {
        let mut all = BooleanBuffer::new_set(batch.num_rows());
        for filter in all_of {
            let Some(column) = batch.column_by_name(&filter.column) else {
                let schema = batch.schema();
                let there: Vec<&str> =
                    schema.fields().iter().map(|f| f.name().as_str()).collect();
                return Err(Error::new(ErrorKind::InvalidInput, OP, "no such column")
                    .with("column", &filter.column)
                    .with("there", there.join(", ")));
            };
            all = &all & &filter.passes(column)?;
        }
        any = &any | &all;
    }
    Ok(Some(BooleanArray::new(any, None)))
}

fn compare(column: &ArrayRef, how: Comparison, value: &Tree) -> Result<BooleanBuffer> {
    if let DataType::Dictionary(_, values) = column.data_type() {
        return compare(&convert(column, values)?, how, value);
    }
    match (column.data_type(), value.untagged()) {
        (kind, Tree::Int(number)) if kind.is_integer() => whole(column, how, *number),
        (kind, Tree::Int(number)) if kind.is_floating() => {
            let column = convert(column, &DataType::Float64)?;
            Ok(primitive::<Float64Type>(&column, how, real(*number)))
        }
        (kind, Tree::Float(number)) if kind.is_numeric() => {
            let column = convert(column, &DataType::Float64)?;
            Ok(primitive::<Float64Type>(&column, how, *number))
        }
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, Tree::Str(text)) => {
            let column = convert(column, &DataType::LargeUtf8)?;
            let rows = column.as_string::<i64>();
            Ok(collect(rows.iter(), |row| how.holds(&row, &text.as_str())))
        }
        (
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView,
            Tree::Bytes(bytes),
        ) => {
            let column = convert(column, &DataType::LargeBinary)?;
            let rows = column.as_binary::<i64>();
            Ok(collect(rows.iter(), |row| how.holds(&row, &bytes.as_ref())))
        }
        (DataType::Boolean, Tree::Bool(wanted)) => {
            Ok(collect(column.as_boolean().iter(), |row| how.holds(&row, wanted)))
        }
        (kind, value) if kind.is_temporal() => temporal(column, how, value),
        (_, value) => Err(Error::new(
            ErrorKind::InvalidInput,
            OP,
            "the value does not compare with the column",
        )
        .with("value", value.kind())),
    }
}

/// Rows that hold, a null does not.
fn collect<T>(
    rows: impl Iterator<Item = Option<T>>,
    holds: impl Fn(T) -> bool,
) -> BooleanBuffer {
    rows.map(|row| row.is_some_and(&holds)).collect()
}

fn primitive<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    how: Comparison,
    value: T::Native,
) -> BooleanBuffer
where
    T::Native: PartialOrd,
{
    let column = column.as_primitive::<T>();
    let all = BooleanBuffer::collect_bool(column.len(), |i| {
        column.values().get(i).is_some_and(|row| how.holds(row, &value))
    });
    match column.nulls() {
        Some(nulls) => &all & nulls.inner(),
        None => all,
    }
}

fn whole(column: &ArrayRef, how: Comparison, value: i128) -> Result<BooleanBuffer> {
    if column.data_type() == &DataType::UInt64 {
        if let Ok(value) = u64::try_from(value) {
            return Ok(primitive::<UInt64Type>(column, how, value));
        }
    } else if let Ok(value) = i64::try_from(value) {
        let column = convert(column, &DataType::Int64)?;
        return Ok(primitive::<Int64Type>(&column, how, value));
    }
    // beyond all that the column can hold: every row compares alike
    let holds = how.holds(&0, &value.signum());
    Ok(BooleanBuffer::collect_bool(column.len(), |i| holds && column.is_valid(i)))
}

fn temporal(column: &ArrayRef, how: Comparison, value: &Tree) -> Result<BooleanBuffer> {
    let one: ArrayRef = match value {
        Tree::Str(text) => {
            std::sync::Arc::new(LargeStringArray::from(vec![text.as_str()]))
        }
        Tree::Int(number) => {
            let number = i64::try_from(*number).op(
                ErrorKind::InvalidInput,
                OP,
                "a time out of range",
            )?;
            std::sync::Arc::new(Int64Array::from(vec![number]))
        }
        other => {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "a time is compared with text or a whole number",
            )
            .with("value", other.kind()));
        }
    };
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let one = cast_with_options(&one, column.data_type(), &strict).op(
        ErrorKind::InvalidInput,
        OP,
        "the value is no time of the column's type",
    )?;
    let one = convert(&one, &DataType::Int64)?;
    let value = one.as_primitive::<Int64Type>().iter().next().flatten().unwrap_or(0);
    let column = convert(column, &DataType::Int64)?;
    Ok(primitive::<Int64Type>(&column, how, value))
}

fn convert(column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if column.data_type() == to {
        return Ok(std::sync::Arc::clone(column));
    }
    cast(column, to).op(
        ErrorKind::InvalidInput,
        OP,
        "the column does not compare with the value",
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a comparison with binary64 rounds, as in Arrow"
)]
fn real(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray, TimestampNanosecondArray, UInt64Array};

    use super::*;

    fn rows(column: &ArrayRef, op: &str, value: Tree) -> Vec<usize> {
        let filter = Filter { column: "x".into(), op: op.into(), value };
        filter.passes(column).unwrap().set_indices().collect()
    }

    #[test]
    fn whole_numbers_compare_beyond_the_column() {
        let column = || -> ArrayRef {
            Arc::new(UInt64Array::from(vec![Some(0), None, Some(u64::MAX)]))
        };
        assert_eq!(rows(&column(), ">=", Tree::Int(u64::MAX.into())), [2]);
        assert_eq!(rows(&column(), ">", Tree::Int(-1)), [0, 2]);
        assert!(rows(&column(), "<", Tree::Int(-1)).is_empty());
        assert_eq!(rows(&column(), "<", Tree::Float(0.5)), [0]);
    }

    #[test]
    fn nan_equals_nothing_and_zero_has_no_sign() {
        let column =
            || -> ArrayRef { Arc::new(Float64Array::from(vec![f64::NAN, -0.0, 1.0])) };
        assert_eq!(rows(&column(), "==", Tree::Float(0.0)), [1]);
        assert!(rows(&column(), "==", Tree::Float(f64::NAN)).is_empty());
        assert_eq!(rows(&column(), "!=", Tree::Int(1)), [0, 1]);
    }

    #[test]
    fn a_null_passes_only_not_in() {
        let column = || -> ArrayRef {
            Arc::new(StringArray::from(vec![Some("g"), None, Some("r")]))
        };
        let list = || Tree::List(vec![Tree::from("g"), Tree::from("i")]);
        assert_eq!(rows(&column(), "in", list()), [0]);
        assert_eq!(rows(&column(), "not in", list()), [1, 2]);
        assert_eq!(rows(&column(), "!=", Tree::from("g")), [2]);
    }

    #[test]
    fn times_compare_with_text() {
        let column: ArrayRef =
            Arc::new(TimestampNanosecondArray::from(vec![0, 1_000_000_000]));
        assert_eq!(rows(&column, ">", Tree::from("1970-01-01T00:00:00.5")), [1]);
    }

    #[test]
    fn what_does_not_compare_is_named() {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
        let filter =
            |op: &str, value| Filter { column: "x".into(), op: op.into(), value };
        let error = filter("==", Tree::from("a")).passes(&column).unwrap_err();
        assert!(error.to_string().contains("column: x"), "{error}");
        let error = filter("~", Tree::from("a")).passes(&column).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(filter("in", Tree::from("a")).passes(&column).is_err());
    }
}
