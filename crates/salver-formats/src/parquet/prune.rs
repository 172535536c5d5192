//! Which row groups can hold a row that passes the filters, by their statistics.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Array as _, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use salver_core::{Op, Result};
use salver_tree::{Comparison, Filter, Tree};

use crate::buffer::no_panic;

/// For each row group whether it may hold a row that passes; a group without statistics may.
///
/// # Errors
/// As [`Filter::passes`].
pub(super) fn keep(
    arrow: &ArrowReaderMetadata,
    filters: &[Vec<Filter>],
) -> Result<Vec<bool>> {
    let groups = arrow.metadata().num_row_groups();
    if filters.is_empty() {
        return Ok(vec![true; groups]);
    }
    let mut any = BooleanBuffer::new_unset(groups);
    for all_of in filters {
        let mut all = BooleanBuffer::new_set(groups);
        for filter in all_of {
            all = &all & &possible(arrow, filter, groups)?;
        }
        any = &any | &all;
    }
    Ok(any.iter().collect())
}

fn possible(
    arrow: &ArrowReaderMetadata,
    filter: &Filter,
    groups: usize,
) -> Result<BooleanBuffer> {
    let all = BooleanBuffer::new_set(groups);
    let Some((lowest, highest)) = bounds(arrow, &filter.column) else {
        return Ok(all);
    };
    let with = |bounds: &ArrayRef, op: &str, value: &Tree| -> Result<BooleanBuffer> {
        let (column, op) = (filter.column.clone(), op.to_owned());
        let found = Filter { column, op, value: value.clone() }.passes(bounds)?;
        Ok(&found | &unknown(bounds))
    };
    let within = |value: &Tree| -> Result<BooleanBuffer> {
        Ok(&with(&lowest, "<=", value)? & &with(&highest, ">=", value)?)
    };
    Ok(match (filter.comparison()?, &filter.value) {
        (Comparison::Equal, value) => within(value)?,
        (Comparison::Less, value) => with(&lowest, "<", value)?,
        (Comparison::LessEqual, value) => with(&lowest, "<=", value)?,
        (Comparison::Greater, value) => with(&highest, ">", value)?,
        (Comparison::GreaterEqual, value) => with(&highest, ">=", value)?,
        (Comparison::In, Tree::List(values)) => {
            let mut any = BooleanBuffer::new_unset(groups);
            for value in values {
                any = &any | &within(value)?;
            }
            any
        }
        _ => all,
    })
}

/// Bounds that are not known: none, or a NaN.
fn unknown(bounds: &ArrayRef) -> BooleanBuffer {
    let null = BooleanBuffer::collect_bool(bounds.len(), |i| bounds.is_null(i));
    if !bounds.data_type().is_floating() {
        return null;
    }
    let Ok(wide) = arrow_cast::cast(bounds, &DataType::Float64) else {
        return BooleanBuffer::new_set(bounds.len());
    };
    let nan = BooleanArray::from_unary(wide.as_primitive::<Float64Type>(), f64::is_nan);
    &null | nan.values()
}

/// The lowest and the highest value of a column in each row group.
fn bounds(arrow: &ArrowReaderMetadata, column: &str) -> Option<(ArrayRef, ArrayRef)> {
    let read = || {
        let converter =
            StatisticsConverter::try_new(column, arrow.schema(), arrow.parquet_schema());
        let converter = converter.ok()?;
        let groups = || arrow.metadata().row_groups().iter();
        let lowest = converter.row_group_mins(groups()).ok()?;
        let highest = converter.row_group_maxes(groups()).ok()?;
        Some((lowest, highest))
    };
    no_panic(Op("parquet.statistics"), read).ok().flatten()
}
