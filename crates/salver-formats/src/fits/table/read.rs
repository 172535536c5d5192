//! Reads the rows of a table.

use std::sync::Arc;

use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, FixedSizeListArray, GenericListArray, NullArray, OffsetSizeTrait,
    RecordBatch, RecordBatchOptions,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _, interrupt};
use salver_tree::{Place, Select, Source, Table, match_columns};

use super::ascii::AsciiTable;
use super::columns::{Code, Column, Columns, Storage, corrupt};
use super::elements::{Elements, Flags, Numbers, Pairs, Texts};
use super::schema::{self, is_nothing, numbers, text_width};
use crate::fits::pixel::Transform;
use crate::fits::tiled::descriptor;

const OP: Op = Op("fits.table");
/// Bytes of rows read at once.
const PIECE: u64 = 1 << 20;

/// The Arrow schema of all columns.
pub(crate) fn schema(columns: &Columns) -> Schema {
    let named = columns.list.iter().zip(columns.names());
    let fields = named.map(|(c, name)| schema::field(c, &name, columns.n_rows));
    Schema::new(fields.collect::<Vec<_>>())
}

/// Reads the columns and rows that a selection asks for.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for a damaged heap, [`ErrorKind::InvalidInput`] for columns that are not
/// there; as the source's.
pub(crate) fn binary(
    source: &dyn Source,
    place: Place,
    columns: &Columns,
    select: &Select,
) -> Result<Table> {
    let all = schema(columns);
    let wanted = wanted(&columns.names(), select)?;
    let n_rows =
        usize::try_from(columns.n_rows).op(ErrorKind::Limit, OP, "too many rows")?;
    let mut readers = Vec::new();
    for &i in &wanted {
        readers.push(Reader::new(&columns.list[i], n_rows)?);
    }
    let row = usize::try_from(columns.row).unwrap_or(usize::MAX);
    let step = usize::try_from(PIECE / columns.row.max(1)).unwrap_or(1).max(1);
    let mut bytes = Vec::new();
    let mut done = 0;
    while done < n_rows && row > 0 && !readers.is_empty() {
        interrupt::check(OP)?;
        let n = step.min(n_rows - done);
        bytes.resize(n * row, 0);
        source.read_into(place.offset + (done * row) as u64, &mut bytes)?;
        for reader in &mut readers {
            reader.take(source, place, columns, &bytes)?;
        }
        done += n;
    }
    let arrays =
        readers.iter_mut().map(|r| r.finish(n_rows)).collect::<Result<Vec<_>>>()?;
    table(&all, &wanted, arrays, n_rows, select)
}

/// Reads the columns and rows of an ASCII table that a selection asks for.
///
/// # Errors
/// As [`binary`].
pub(crate) fn ascii(
    source: &dyn Source,
    place: Place,
    table_of: &AsciiTable,
    select: &Select,
) -> Result<Table> {
    let wanted = wanted(&table_of.names(), select)?;
    let mut bytes = vec![0; usize::try_from(place.len).unwrap_or(0)];
    source.read_into(place.offset, &mut bytes)?;
    let n_rows = usize::try_from(table_of.n_rows).unwrap_or(usize::MAX);
    let arrays = table_of.columns(&bytes, &wanted)?;
    let arrays: Vec<_> =
        arrays.into_iter().map(|a| a.slice(0, a.len().min(n_rows))).collect();
    table(&table_of.schema(), &wanted, arrays, n_rows, select)
}

/// Places of the columns to read: those selected and those that filters look at.
fn wanted(names: &[String], select: &Select) -> Result<Vec<usize>> {
    if select.columns.is_none() {
        return Ok((0..names.len()).collect());
    }
    let mut wanted = match_columns(names, select.columns.as_deref())?;
    for filter in select.filters.iter().flatten() {
        let at = names.iter().position(|n| *n == filter.column);
        wanted.extend(at.filter(|i| !wanted.contains(i)));
    }
    Ok(wanted)
}

fn table(
    all: &Schema,
    wanted: &[usize],
    arrays: Vec<ArrayRef>,
    n_rows: usize,
    select: &Select,
) -> Result<Table> {
    let message = "columns that do not fit together";
    let schema = Arc::new(all.project(wanted).op(ErrorKind::Internal, OP, message)?);
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)
        .op(ErrorKind::Corrupt, OP, message)?;
    let table = Table::new(schema, vec![batch])?;
    if select.columns.is_none() && select.filters.is_empty() {
        return Ok(table);
    }
    table.select(select)
}

/// Takes in one column.
struct Reader<'a> {
    column: &'a Column,
    elements: Box<dyn Elements>,
    offset: usize,
    width: usize,
    /// Elements of a field in the row.
    n: usize,
    /// Elements of the heap up to the end of each row.
    ends: Vec<u64>,
    buffer: Vec<u8>,
    /// Bytes taken from the heap.
    taken: u64,
}

impl<'a> Reader<'a> {
    fn new(column: &'a Column, n_rows: usize) -> Result<Self> {
        let size =
            |n: u64| usize::try_from(n).op(ErrorKind::Limit, OP, "a field too long");
        let fixed = column.form.storage == Storage::Fixed;
        let text = column.form.code == Code::Char;
        let n = match (fixed, text) {
            (true, true) => schema::shape(column).iter().product(),
            _ => column.form.repeat,
        };
        let n = size(n)?;
        // what the rows hold is checked to be in the file; bits take the least room there
        let capacity = if fixed { n_rows.saturating_mul(n) } else { 0 };
        let elements =
            elements(column, capacity, n_rows as u64, size(text_width(column))?);
        Ok(Self {
            elements,
            offset: size(column.offset)?,
            width: size(column.form.width().unwrap_or(0))?,
            n,
            ends: Vec::new(),
            buffer: Vec::new(),
            taken: 0,
            column,
        })
    }

    /// Takes in the next rows.
    fn take(
        &mut self,
        source: &dyn Source,
        place: Place,
        columns: &Columns,
        rows: &[u8],
    ) -> Result<()> {
        let row = usize::try_from(columns.row).unwrap_or(usize::MAX);
        if is_nothing(self.column) {
            return Ok(());
        }
        if self.column.form.storage == Storage::Fixed {
            self.elements.append_rows(rows, row, (self.offset, self.width), self.n);
            return Ok(());
        }
        let mut cells = Vec::new();
        for row in rows.chunks_exact(row) {
            cells.push(self.cell(place, columns, row)?);
        }
        let (start, end) = span(&cells);
        self.taken = self.taken.saturating_add(cells.iter().map(|c| c.1.len).sum());
        if self.taken > source.len().saturating_mul(16) {
            return Err(corrupt("rows that share far more of the heap than there is")
                .with("column", &self.column.name));
        }
        let dense = cells.iter().map(|c| c.1.len).sum::<u64>().saturating_mul(4) + PIECE;
        if end - start <= dense {
            self.buffer.resize(usize::try_from(end - start).unwrap_or(0), 0);
            source.read_into(start, &mut self.buffer)?;
        }
        for (n, cell) in cells {
            let len = usize::try_from(cell.len).unwrap_or(usize::MAX);
            if end - start <= dense {
                let at = usize::try_from(cell.offset.saturating_sub(start)).unwrap_or(0);
                let bytes =
                    self.buffer.get(at..at.saturating_add(len)).unwrap_or_default();
                Self::push(self.column, &mut *self.elements, &mut self.ends, bytes, n);
            } else {
                let mut bytes = vec![0; len];
                source.read_into(cell.offset, &mut bytes)?;
                Self::push(self.column, &mut *self.elements, &mut self.ends, &bytes, n);
            }
        }
        Ok(())
    }

    fn push(
        column: &Column,
        elements: &mut dyn Elements,
        ends: &mut Vec<u64>,
        bytes: &[u8],
        n: u64,
    ) {
        let text = column.form.code == Code::Char;
        elements.append(bytes, if text { 1 } else { usize::try_from(n).unwrap_or(0) });
        ends.push(ends.last().copied().unwrap_or(0) + n);
    }

    /// Number of elements and place of a field in the heap.
    fn cell(&self, place: Place, columns: &Columns, row: &[u8]) -> Result<(u64, Place)> {
        let bad =
            || corrupt("a field outside of the heap").with("column", &self.column.name);
        let (n, at) = descriptor(row, self.column).ok_or_else(bad)?;
        let len = self.column.form.code.bytes(n).ok_or_else(bad)?;
        if n == 0 {
            return Ok((0, Place { offset: place.offset, len: 0 }));
        }
        let start = columns.heap.checked_add(at).ok_or_else(bad)?;
        start.checked_add(len).filter(|&end| end <= columns.len).ok_or_else(bad)?;
        Ok((n, Place { offset: place.offset + start, len }))
    }

    fn finish(&mut self, n_rows: usize) -> Result<ArrayRef> {
        if is_nothing(self.column) {
            return Ok(Arc::new(NullArray::new(n_rows)));
        }
        let mut array = self.elements.finish();
        match self.column.form.storage {
            Storage::Fixed => {
                for n in schema::shape(self.column).into_iter().rev() {
                    let n =
                        i32::try_from(n).op(ErrorKind::Limit, OP, "a field too long")?;
                    let item =
                        Arc::new(Field::new_list_field(array.data_type().clone(), true));
                    let list = FixedSizeListArray::try_new(item, n, array, None);
                    array =
                        Arc::new(list.op(ErrorKind::Corrupt, OP, "a damaged column")?);
                }
                Ok(array)
            }
            _ if self.column.form.code == Code::Char => Ok(array),
            Storage::Heap32 => list::<i32>(array, &self.ends),
            Storage::Heap64 => list::<i64>(array, &self.ends),
        }
    }
}

fn list<O: OffsetSizeTrait>(values: ArrayRef, ends: &[u64]) -> Result<ArrayRef> {
    let offset = |end: u64| usize::try_from(end).ok().and_then(O::from_usize);
    let offsets = std::iter::once(0).chain(ends.iter().copied()).map(offset);
    let offsets = offsets.collect::<Option<Vec<O>>>().ok_or_else(|| {
        Error::new(ErrorKind::Limit, OP, "more elements than a list's offsets can count")
    })?;
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::new(offsets.into());
    let list = GenericListArray::<O>::try_new(item, offsets, values, None);
    Ok(Arc::new(list.op(ErrorKind::Corrupt, OP, "a damaged column")?))
}

/// First and last byte of some fields in the heap.
fn span(cells: &[(u64, Place)]) -> (u64, u64) {
    let used = || cells.iter().map(|c| c.1).filter(|p| p.len > 0);
    let start = used().map(|p| p.offset).min().unwrap_or(0);
    (start, used().map(|p| p.range().end).max().unwrap_or(start))
}

fn elements(
    column: &Column,
    capacity: usize,
    n_rows: u64,
    width: usize,
) -> Box<dyn Elements> {
    let (kind, how) = numbers(column);
    let null = column.null;
    match (column.form.code, kind) {
        (Code::Logical, _) => Box::new(Flags::new(false, capacity)),
        (Code::Bit, _) => Box::new(Flags::new(true, capacity)),
        (Code::Char, _) => {
            let fixed = column.form.storage == Storage::Fixed;
            let width = fixed.then_some(width);
            match schema::element(column, n_rows) {
                DataType::LargeUtf8 => Box::new(Texts::<i64>::new(width, capacity)),
                _ => Box::new(Texts::<i32>::new(width, capacity)),
            }
        }
        (Code::Complex, _) => {
            let reals = Numbers::<f32, Float32Type>::new(how, None, 2 * capacity);
            Box::new(Pairs(Box::new(reals)))
        }
        (Code::DoubleComplex, _) => {
            let reals = Numbers::<f64, Float64Type>::new(how, None, 2 * capacity);
            Box::new(Pairs(Box::new(reals)))
        }
        (code, kind) => whole(code, &kind, how, null, capacity),
    }
}

fn whole(
    code: Code,
    kind: &DataType,
    how: Transform,
    null: Option<i64>,
    n: usize,
) -> Box<dyn Elements> {
    match (code, kind) {
        (Code::Byte, DataType::UInt8) => {
            Box::new(Numbers::<u8, UInt8Type>::new(how, null, n))
        }
        (Code::Byte, DataType::Int8) => {
            Box::new(Numbers::<u8, Int8Type>::new(how, null, n))
        }
        (Code::Byte, _) => Box::new(Numbers::<u8, Float64Type>::new(how, null, n)),
        (Code::Short, DataType::Int16) => {
            Box::new(Numbers::<i16, Int16Type>::new(how, null, n))
        }
        (Code::Short, DataType::UInt16) => {
            Box::new(Numbers::<i16, UInt16Type>::new(how, null, n))
        }
        (Code::Short, _) => Box::new(Numbers::<i16, Float64Type>::new(how, null, n)),
        (Code::Int, DataType::Int32) => {
            Box::new(Numbers::<i32, Int32Type>::new(how, null, n))
        }
        (Code::Int, DataType::UInt32) => {
            Box::new(Numbers::<i32, UInt32Type>::new(how, null, n))
        }
        (Code::Int, _) => Box::new(Numbers::<i32, Float64Type>::new(how, null, n)),
        (Code::Long, DataType::Int64) => {
            Box::new(Numbers::<i64, Int64Type>::new(how, null, n))
        }
        (Code::Long, DataType::UInt64) => {
            Box::new(Numbers::<i64, UInt64Type>::new(how, null, n))
        }
        (Code::Long, _) => Box::new(Numbers::<i64, Float64Type>::new(how, null, n)),
        (Code::Float, _) => Box::new(Numbers::<f32, Float32Type>::new(how, null, n)),
        (_, _) => Box::new(Numbers::<f64, Float64Type>::new(how, null, n)),
    }
}
