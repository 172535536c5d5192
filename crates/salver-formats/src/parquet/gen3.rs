//! What Gen3 adds to a table's metadata, by storage class.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{
    Array as _, ArrayRef, FixedSizeListArray, RecordBatch, RecordBatchOptions,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema};
use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::Table;

const OP: Op = Op("parquet.gen3");

/// Which keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// None.
    Plain,
    /// Row count, lengths under both keys, shapes.
    Numpy,
    /// Row count, lengths.
    Pandas,
}

impl Flavour {
    /// The flavour of a storage class.
    pub(super) fn of(storage_class: Option<&str>) -> Self {
        match storage_class {
            Some("ArrowAstropy" | "ArrowNumpy" | "ArrowNumpyDict") => Self::Numpy,
            Some("DataFrame") => Self::Pandas,
            _ => Self::Plain,
        }
    }
}

/// The table with Gen3's metadata, in memory.
///
/// # Errors
/// As the source's of a lazy table.
pub(super) fn dress(table: &Table, flavour: Flavour) -> Result<Table> {
    let batches = table.batches()?;
    if flavour == Flavour::Plain {
        return Table::new(Arc::clone(table.schema()), batches);
    }
    let mut metadata = table.schema().metadata().clone();
    let mut fields = Vec::with_capacity(table.schema().fields().len());
    let mut columns: Vec<Vec<ArrayRef>> = vec![Vec::new(); batches.len()];
    for (at, field) in table.schema().fields().iter().enumerate() {
        let parts: Vec<ArrayRef> =
            batches.iter().filter_map(|b| b.columns().get(at)).map(Arc::clone).collect();
        note_length(field, &parts, flavour, &mut metadata)?;
        let (field, parts) = if flavour == Flavour::Numpy {
            flat(field, parts, &mut metadata)?
        } else {
            (field.as_ref().clone(), parts)
        };
        fields.push(field);
        for (column, part) in columns.iter_mut().zip(parts) {
            column.push(part);
        }
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    metadata.insert("lsst::arrow::rowcount".to_owned(), rows.to_string());
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let dressed = batches.iter().zip(columns).map(|(batch, columns)| {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options).op(
            ErrorKind::Internal,
            OP,
            "the columns do not fit together",
        )
    });
    let dressed = dressed.collect::<Result<Vec<_>>>()?;
    Table::new(schema, dressed)
}

/// Notes the length of the longest text (characters) or bytes; a length that is noted already and is
/// no shorter stays, for it is that of NumPy's type.
fn note_length(
    field: &Field,
    parts: &[ArrayRef],
    flavour: Flavour,
    metadata: &mut HashMap<String, String>,
) -> Result<()> {
    let Some(longest) = longest(field.data_type(), parts)? else { return Ok(()) };
    let keys = match flavour {
        Flavour::Numpy => ["lsst::arrow::len::", "table::len::"].as_slice(),
        _ => ["lsst::arrow::len::"].as_slice(),
    };
    for prefix in keys {
        let key = format!("{prefix}{}", field.name());
        let noted = metadata.get(&key).and_then(|text| text.parse::<usize>().ok());
        if noted.is_none_or(|noted| noted < longest) {
            metadata.insert(key, longest.to_string());
        }
    }
    Ok(())
}

fn longest(kind: &DataType, parts: &[ArrayRef]) -> Result<Option<usize>> {
    let text = matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let bytes =
        matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    if !text && !bytes {
        return Ok(None);
    }
    let wide = if text { DataType::LargeUtf8 } else { DataType::LargeBinary };
    let mut longest = 0;
    for part in parts {
        let part =
            cast(part, &wide).op(ErrorKind::Internal, OP, "text of another kind")?;
        let found = if text {
            part.as_string::<i64>().iter().flatten().map(|s| s.chars().count()).max()
        } else {
            part.as_binary::<i64>().iter().flatten().map(<[u8]>::len).max()
        };
        longest = longest.max(found.unwrap_or(0));
    }
    Ok(Some(longest))
}

/// A column of lists of lists of fixed lengths as one of lists, with its shape noted.
fn flat(
    field: &Field,
    mut parts: Vec<ArrayRef>,
    metadata: &mut HashMap<String, String>,
) -> Result<(Field, Vec<ArrayRef>)> {
    let mut shape = Vec::new();
    let mut kind = field.data_type();
    let mut item = None;
    while let DataType::FixedSizeList(inner, size) = kind {
        shape.push(*size);
        item = Some(inner);
        kind = inner.data_type();
    }
    let (Some(item), true) = (item, shape.len() > 1) else {
        return Ok((field.clone(), parts));
    };
    let size = shape.iter().try_fold(1_i32, |n, &axis| n.checked_mul(axis));
    let size = size.ok_or_else(|| {
        salver_core::Error::new(
            ErrorKind::Unsupported,
            OP,
            "a list too long for a column",
        )
        .with("column", field.name())
    })?;
    for part in &mut parts {
        let nulls = part.nulls().cloned();
        let mut values = Arc::clone(part);
        while let Some(list) = values.as_fixed_size_list_opt() {
            values = Arc::clone(list.values());
        }
        let list = FixedSizeListArray::try_new(Arc::clone(item), size, values, nulls);
        *part =
            Arc::new(list.op(ErrorKind::Unsupported, OP, "lists with nulls within")?);
    }
    let axes: Vec<String> = shape.iter().map(i32::to_string).collect();
    let key = format!("lsst::arrow::shape::{}", field.name());
    metadata.insert(key, format!("({})", axes.join(", ")));
    let list = DataType::FixedSizeList(Arc::clone(item), size);
    Ok((field.clone().with_data_type(list), parts))
}
