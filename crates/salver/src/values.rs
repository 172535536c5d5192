//! Trees as JSON values, for people and programs outside.

use arrow_array::{Array as _, RecordBatch};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt};
use salver_tree::{Table, Tree};
use serde_json::{Map, Number, Value as Json};

const OP: Op = Op("values.json");

/// A tree as a JSON value: tables become lists of rows, instants and refs text and mappings.
///
/// NaN and infinities, which JSON lacks, become text in Python's spelling.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for bytes and for arrays; as decoding a lazy table.
pub fn to_json(tree: &Tree) -> Result<Json> {
    Ok(match tree.untagged() {
        Tree::Null => Json::Null,
        Tree::Bool(b) => Json::Bool(*b),
        Tree::Int(i) => match (i64::try_from(*i), u64::try_from(*i)) {
            (Ok(i), _) => i.into(),
            (_, Ok(u)) => u.into(),
            _ => i.to_string().into(),
        },
        Tree::Float(x) => number(*x),
        Tree::Str(s) => Json::from(s.as_str()),
        Tree::Time(ns) => salver_model::time::short_iso(*ns).into(),
        Tree::List(items) => items.iter().map(to_json).collect::<Result<_>>()?,
        Tree::Map(map) => {
            let pairs = map.iter().map(|(k, v)| Ok((k.to_owned(), to_json(v)?)));
            Json::Object(pairs.collect::<Result<Map<_, _>>>()?)
        }
        Tree::Table(table) => rows(table)?,
        other => {
            let message = "this kind of node has no JSON form";
            return Err(Error::new(ErrorKind::InvalidInput, OP, message)
                .with("kind", other.kind())
                .hint("write it to a file of a binary format"));
        }
    })
}

fn number(x: f64) -> Json {
    let odd = if x.is_nan() {
        "NaN"
    } else if x > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    Number::from_f64(x).map_or_else(|| odd.into(), Json::Number)
}

fn rows(table: &Table) -> Result<Json> {
    let mut out = Vec::new();
    for batch in table.batches()? {
        rows_of(&batch, &mut out)?;
    }
    Ok(Json::Array(out))
}

fn rows_of(batch: &RecordBatch, out: &mut Vec<Json>) -> Result<()> {
    let mut columns = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let values: Vec<Json> =
            (0..batch.num_rows()).map(|row| cell(column, row)).collect::<Result<_>>()?;
        columns.push((field.name().clone(), values));
    }
    for row in 0..batch.num_rows() {
        let cells = columns.iter().map(|(name, values)| {
            (name.clone(), values.get(row).cloned().unwrap_or_default())
        });
        out.push(Json::Object(cells.collect()));
    }
    Ok(())
}

fn cell(column: &arrow_array::ArrayRef, row: usize) -> Result<Json> {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types as t;
    use arrow_schema::DataType as D;
    if column.is_null(row) {
        return Ok(Json::Null);
    }
    Ok(match column.data_type() {
        D::Boolean => column.as_boolean().value(row).into(),
        D::Int8 => column.as_primitive::<t::Int8Type>().value(row).into(),
        D::Int16 => column.as_primitive::<t::Int16Type>().value(row).into(),
        D::Int32 => column.as_primitive::<t::Int32Type>().value(row).into(),
        D::Int64 => column.as_primitive::<t::Int64Type>().value(row).into(),
        D::UInt8 => column.as_primitive::<t::UInt8Type>().value(row).into(),
        D::UInt16 => column.as_primitive::<t::UInt16Type>().value(row).into(),
        D::UInt32 => column.as_primitive::<t::UInt32Type>().value(row).into(),
        D::UInt64 => column.as_primitive::<t::UInt64Type>().value(row).into(),
        D::Float32 => {
            number(f64::from(column.as_primitive::<t::Float32Type>().value(row)))
        }
        D::Float64 => number(column.as_primitive::<t::Float64Type>().value(row)),
        D::Utf8 => column.as_string::<i32>().value(row).into(),
        D::LargeUtf8 => column.as_string::<i64>().value(row).into(),
        D::FixedSizeList(..) => {
            let items = column.as_fixed_size_list().value(row);
            (0..items.len()).map(|i| cell(&items, i)).collect::<Result<_>>()?
        }
        D::List(_) => {
            let items = column.as_list::<i32>().value(row);
            (0..items.len()).map(|i| cell(&items, i)).collect::<Result<_>>()?
        }
        _ => arrow_cast::display::array_value_to_string(column, row)
            .op(ErrorKind::InvalidInput, OP, "a column that cannot be shown")?
            .into(),
    })
}
