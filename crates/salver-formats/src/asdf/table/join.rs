//! From arrays to Arrow's columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, RecordBatch,
    RecordBatchOptions, StringArray, make_array,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_cast::cast;
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, DType, Table};

use super::split::native;
use crate::asdf::load::Blocks;
use crate::asdf::ndarray::View;
use crate::buffer::no_panic;
use crate::column_type;
use crate::plain::read_stream;

const OP: Op = Op("asdf.table");

/// The items of an array: in a block, or in the text.
#[derive(Debug, Clone)]
pub(in crate::asdf) enum Data {
    View(View),
    Inline(Array),
}

impl Data {
    pub(in crate::asdf) fn view(&self) -> Option<&View> {
        match self {
            Self::View(view) => Some(view),
            Self::Inline(_) => None,
        }
    }

    pub(in crate::asdf) fn dtype(&self) -> DType {
        match self {
            Self::View(view) => view.stored.dtype,
            Self::Inline(array) => array.dtype(),
        }
    }

    pub(in crate::asdf) fn shape(&self) -> Vec<u64> {
        match self {
            Self::View(view) => view.shape.clone(),
            Self::Inline(array) => array.shape().iter().map(|&n| n as u64).collect(),
        }
    }

    pub(in crate::asdf) fn load(&self, blocks: Blocks<'_>) -> Result<Buffer> {
        match self {
            Self::View(view) => blocks.load(view, None),
            Self::Inline(array) => array.buffer(),
        }
    }
}

/// An array of one item a row, and which rows are null.
#[derive(Debug, Clone)]
pub(in crate::asdf) struct Shown {
    pub(in crate::asdf) data: Data,
    pub(in crate::asdf) mask: Option<Data>,
}

/// Where a column is.
#[derive(Debug, Clone)]
pub(in crate::asdf) enum Source {
    Shown(Shown),
    Packed(View),
}

/// A table of columns in blocks.
#[derive(Debug, Clone)]
pub(in crate::asdf) struct Columns {
    pub(in crate::asdf) schema: SchemaRef,
    pub(in crate::asdf) n_rows: usize,
    pub(in crate::asdf) places: Vec<Source>,
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// The schema and batches of an Arrow IPC stream.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is none.
pub(in crate::asdf) fn stream(bytes: &[u8]) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let read = no_panic(OP, || read_stream(bytes.to_vec()))?;
    read.op(ErrorKind::Corrupt, OP, "not an Arrow IPC stream")
}

/// The Arrow field of a column that says nothing of Arrow; `None` where there is none.
pub(in crate::asdf) fn infer(
    name: &str,
    column: &Shown,
    metadata: HashMap<String, String>,
) -> Option<Field> {
    let mut kind = match column.data.dtype() {
        DType::C64 => DataType::FixedSizeList(item(DataType::Float32), 2),
        DType::C128 => DataType::FixedSizeList(item(DataType::Float64), 2),
        other => column_type::of_items(other)?,
    };
    for n in column.data.shape().into_iter().skip(1).rev() {
        kind = DataType::FixedSizeList(item(kind), i32::try_from(n).ok()?);
    }
    Some(Field::new(name, kind, column.mask.is_some()).with_metadata(metadata))
}

fn item(kind: DataType) -> FieldRef {
    Arc::new(Field::new("item", kind, false))
}

impl Columns {
    /// The table of these columns, by their places.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the arrays do not fit the schema; as the source's.
    pub(in crate::asdf) fn load(
        &self,
        blocks: Blocks<'_>,
        wanted: &[usize],
    ) -> Result<Table> {
        let message = "the arrays do not fit the schema";
        let schema = self.schema.project(wanted).op(ErrorKind::Corrupt, OP, message)?;
        let schema: SchemaRef = Arc::new(schema);
        let mut arrays = Vec::with_capacity(wanted.len());
        for (field, &i) in schema.fields().iter().zip(wanted) {
            let column = self.places.get(i).ok_or_else(|| corrupt(message))?;
            let array = match column {
                Source::Shown(shown) => self.shown(field, shown, blocks),
                Source::Packed(view) => packed(&blocks.raw(view)?),
            };
            arrays.push(array.map_err(|e| e.with("column", field.name()))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.n_rows));
        let batch = RecordBatch::try_new_with_options(
            Arc::clone(&schema),
            arrays,
            &options,
        )
        .op(ErrorKind::Corrupt, OP, message)?;
        Table::new(schema, vec![batch])
    }

    fn shown(
        &self,
        field: &Field,
        shown: &Shown,
        blocks: Blocks<'_>,
    ) -> Result<ArrayRef> {
        let nulls = match &shown.mask {
            None => None,
            Some(mask) => {
                let mask = mask.load(blocks)?;
                if mask.len() != self.n_rows {
                    return Err(corrupt("a mask of another length than the table"));
                }
                Some(mask.iter().map(|&b| b == 0).collect::<Vec<bool>>().into())
            }
        };
        let buffer = shown.data.load(blocks)?;
        let items = (shown.data.dtype(), buffer);
        array(field.data_type(), items, self.n_rows, nulls)
    }
}

fn packed(bytes: &[u8]) -> Result<ArrayRef> {
    let (_, batches) = stream(bytes)?;
    match batches.as_slice() {
        [batch] if batch.num_columns() == 1 => Ok(Arc::clone(batch.column(0))),
        _ => Err(corrupt("a packed column is one batch of one column")),
    }
}

/// The column of an Arrow type whose items are those of an array.
fn array(
    kind: &DataType,
    (dtype, buffer): (DType, Buffer),
    n: usize,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let wrong = || {
        let error = corrupt("the items do not fit the column's type");
        error.with("items", dtype).with("type", kind)
    };
    let size = dtype.size();
    match (kind, dtype) {
        (DataType::FixedSizeList(field, width), dtype) => {
            let inner = usize::try_from(*width).ok().and_then(|w| w.checked_mul(n));
            let inner = inner.ok_or_else(wrong)?;
            let values = match dtype {
                DType::C64 if inner * 4 == buffer.len() => DType::F32,
                DType::C128 if inner * 8 == buffer.len() => DType::F64,
                other => other,
            };
            let values = array(field.data_type(), (values, buffer), inner, None)?;
            let list =
                FixedSizeListArray::try_new(Arc::clone(field), *width, values, nulls);
            Ok(Arc::new(list.op(ErrorKind::Corrupt, OP, "no list of these items")?))
        }
        _ if n.checked_mul(size) != Some(buffer.len()) => Err(wrong()),
        (DataType::Boolean, DType::Bool) => {
            let values = buffer.iter().map(|&b| b != 0).collect::<Vec<bool>>();
            Ok(Arc::new(BooleanArray::new(values.into(), nulls)))
        }
        (DataType::FixedSizeBinary(width), DType::Bytes(m))
            if u32::try_from(*width) == Ok(m) =>
        {
            built(kind, buffer, n, nulls)
        }
        (kind, DType::Text(_)) => {
            let texts = buffer.chunks_exact(size.max(1)).map(text);
            let texts = texts.collect::<Result<Vec<String>>>()?;
            let valid = |i: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(i));
            let each = (0..n).map(|i| {
                let text = texts.get(i).map_or("", String::as_str);
                valid(i).then_some(text)
            });
            cast_to(Arc::new(each.collect::<StringArray>()), kind)
        }
        (kind, DType::Bytes(_)) => {
            let valid = |i: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(i));
            let each = (0..n).map(|i| {
                let bytes = buffer.get(i * size..(i + 1) * size).unwrap_or_default();
                let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
                valid(i).then_some(bytes.get(..end).unwrap_or_default())
            });
            cast_to(Arc::new(each.collect::<BinaryArray>()), kind)
        }
        (kind, dtype) if native(kind) == Some(dtype) => built(kind, buffer, n, nulls),
        _ => Err(wrong()),
    }
}

fn cast_to(array: ArrayRef, kind: &DataType) -> Result<ArrayRef> {
    if array.data_type() == kind {
        return Ok(array);
    }
    cast(&array, kind).op(
        ErrorKind::Corrupt,
        OP,
        "the items do not fit the column's type",
    )
}

fn built(
    kind: &DataType,
    buffer: Buffer,
    n: usize,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let data = ArrayData::builder(kind.clone()).len(n).add_buffer(buffer).nulls(nulls);
    let data = data.build().op(ErrorKind::Corrupt, OP, "the items are no column")?;
    Ok(make_array(data))
}

/// UTF-32 in this machine's order, without the padding behind it.
fn text(bytes: &[u8]) -> Result<String> {
    let unit = |b: &[u8]| b.try_into().map_or(0, u32::from_ne_bytes);
    let chars = bytes.chunks_exact(4).map(|b| char::from_u32(unit(b)));
    let text: Option<String> = chars.collect();
    let mut text = text.ok_or_else(|| corrupt("text that is not Unicode"))?;
    text.truncate(text.trim_end_matches('\0').len());
    Ok(text)
}

/// A schema of fields with the table's own metadata.
impl Columns {
    /// A table whose schema says nothing of Arrow; `None` where the columns are no table.
    pub(in crate::asdf) fn inferred(
        columns: Vec<(Field, Shown)>,
        metadata: HashMap<String, String>,
    ) -> Option<Self> {
        let rows: Vec<Option<u64>> = columns
            .iter()
            .map(|(_, shown)| shown.data.shape().first().copied())
            .collect();
        let n_rows = rows.first().copied().unwrap_or(Some(0))?;
        if rows.iter().any(|&rows| rows != Some(n_rows)) {
            return None;
        }
        let (fields, columns): (Vec<Field>, Vec<Source>) =
            columns.into_iter().map(|(f, shown)| (f, Source::Shown(shown))).unzip();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        Some(Self { schema, n_rows: usize::try_from(n_rows).ok()?, places: columns })
    }
}
