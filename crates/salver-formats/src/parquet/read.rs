//! From column chunks to a table.

use std::io::Cursor;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat;
use arrow_select::filter::filter;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Budget, Place, Select, Source, Table, match_columns, passing_rows};

use super::footer::{Footer, column_place, leaves_of};
use super::{pages, prune};
use crate::buffer::no_panic;
use crate::fits::parallel;

const OP: Op = Op("parquet.decode");
/// Rows that are decoded at once at most: a footer may say any number.
const MAX_BATCH: usize = 1 << 20;
/// Below this many values a call uses one thread.
const SMALL: u64 = 100_000;

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// The columns of a selection, by their places in the schema.
///
/// # Errors
/// As [`match_columns`].
pub(super) fn wanted_columns(schema: &Schema, select: &Select) -> Result<Vec<usize>> {
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    match &select.columns {
        None => Ok((0..names.len()).collect()),
        some => match_columns(&names, some.as_deref()),
    }
}

/// Reads what is selected of a file.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for columns that are not there and filters that do not fit;
/// [`ErrorKind::Corrupt`] for damaged chunks; as the source's.
pub(super) fn read(
    footer: &Footer,
    select: &Select,
    source: &Arc<dyn Source>,
) -> Result<Table> {
    let schema = footer.arrow.schema();
    let wanted = wanted_columns(schema, select)?;
    let kept = prune::keep(&footer.arrow, &select.filters)?;
    let groups: Vec<usize> =
        (0..kept.len()).filter(|&i| kept.get(i) == Some(&true)).collect();
    let file = File { footer, source, leaves: leaves_of(footer.arrow.metadata()) };
    file.admit(&groups, &wanted, select)?;
    let projected = schema.project(&wanted).op(ErrorKind::Internal, OP, "columns")?;
    let projected = Arc::new(projected);
    let mut batches = Vec::with_capacity(groups.len());
    if select.filters.is_empty() {
        let columns = file.columns(&groups, &wanted)?;
        for (group, columns) in groups.iter().zip(columns) {
            batches.push(file.batch(*group, &projected, columns)?);
        }
        return Table::new(projected, batches);
    }
    for group in groups {
        batches.extend(file.filtered(group, &wanted, &projected, select)?);
    }
    Table::new(projected, batches)
}

/// A file that is read.
struct File<'a> {
    footer: &'a Footer,
    source: &'a Arc<dyn Source>,
    /// The leaves of each column.
    leaves: Vec<Range<usize>>,
}

impl File<'_> {
    fn rows(&self, group: usize) -> Result<usize> {
        let rows = self.footer.arrow.metadata().row_group(group).num_rows();
        usize::try_from(rows).op(
            ErrorKind::Corrupt,
            OP,
            "a row group of less than no rows",
        )
    }

    /// Asks the limits for what the column chunks say that they take uncompressed; the pages of a
    /// chunk never take more than it says.
    fn admit(&self, groups: &[usize], wanted: &[usize], select: &Select) -> Result<()> {
        let mut budget = Budget::new(select.limits);
        let metadata = self.footer.arrow.metadata();
        for &group in groups {
            let leaves = wanted.iter().filter_map(|&root| self.leaves.get(root));
            for leaf in leaves.flat_map(Clone::clone) {
                let Some(leaf) = metadata.row_group(group).columns().get(leaf) else {
                    continue;
                };
                let bytes = u64::try_from(leaf.uncompressed_size()).unwrap_or(0);
                let named = |e: Error| e.with("column", leaf.column_path());
                budget.take(OP, "", bytes).map_err(named)?;
            }
        }
        Ok(())
    }

    fn batch(
        &self,
        group: usize,
        schema: &SchemaRef,
        columns: Vec<ArrayRef>,
    ) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows(group)?));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).op(
            ErrorKind::Corrupt,
            OP,
            "the columns do not fit together",
        )
    }

    /// The columns of the row groups, decoded on several threads where they are many.
    fn columns(&self, groups: &[usize], wanted: &[usize]) -> Result<Vec<Vec<ArrayRef>>> {
        let mut values = 0_u64;
        for &group in groups {
            values = values.saturating_add((self.rows(group)? * wanted.len()) as u64);
        }
        let tasks: Vec<(usize, usize)> = (0..groups.len())
            .flat_map(|g| (0..wanted.len()).map(move |c| (g, c)))
            .collect();
        let done: Vec<Vec<Option<ArrayRef>>> =
            vec![vec![None; wanted.len()]; groups.len()];
        let done = Mutex::new(done);
        let limit = if values < SMALL { 1 } else { parallel::threads() };
        parallel::for_each(
            OP,
            limit,
            tasks,
            || (),
            |(), (g, c)| {
                let (Some(&group), Some(&root)) = (groups.get(g), wanted.get(c)) else {
                    return Ok(());
                };
                let column = self.column(group, root)?;
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(place) =
                    done.get_mut(g).and_then(|columns| columns.get_mut(c))
                {
                    *place = Some(column);
                }
                Ok(())
            },
        )?;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let whole =
            |columns: Vec<Option<ArrayRef>>| columns.into_iter().flatten().collect();
        Ok(done.into_iter().map(whole).collect())
    }

    /// One column of one row group.
    fn column(&self, group: usize, root: usize) -> Result<ArrayRef> {
        let arrow = &self.footer.arrow;
        let name = arrow.schema().fields().get(root).map_or("", |f| f.name().as_str());
        let named = |e: Error| e.with("column", name).with("row_group", group);
        let metadata = arrow.metadata().row_group(group);
        let leaves = self.leaves.get(root).cloned().unwrap_or_default();
        let place = column_place(metadata, leaves.clone(), self.source.len())?;
        let pieces = self.source.read(&[place.range()])?;
        let bytes = pieces.into_iter().next().unwrap_or_default();
        let chunk = Chunk { bytes, place, length: self.source.len() };
        for leaf in leaves {
            let Some(leaf) = metadata.columns().get(leaf) else { continue };
            let (start, length) = leaf.byte_range();
            let size = u64::try_from(leaf.uncompressed_size()).unwrap_or(0);
            let bytes = chunk.slice(start..start.saturating_add(length));
            let bytes =
                bytes.op(ErrorKind::Corrupt, OP, "a column chunk outside of its place");
            pages::check(&bytes.map_err(named)?, size).map_err(named)?;
        }
        let rows = self.rows(group)?;
        let decoded = no_panic(OP, || decode(chunk, self.footer, group, root, rows));
        let arrays =
            decoded.map_err(named)?.op(ErrorKind::Corrupt, OP, "a damaged column chunk");
        let arrays = arrays.map_err(named)?;
        if arrays.iter().map(|a| a.len()).sum::<usize>() != rows {
            return Err(named(corrupt(
                "a column chunk of fewer rows than its row group",
            )));
        }
        if let [one] = &arrays[..] {
            return Ok(Arc::clone(one));
        }
        let parts: Vec<&dyn arrow_array::Array> =
            arrays.iter().map(AsRef::as_ref).collect();
        if parts.is_empty() {
            let field = arrow.schema().fields().get(root);
            let kind = field.ok_or_else(|| corrupt("no such column"))?.data_type();
            return Ok(arrow_array::new_empty_array(kind));
        }
        concat(&parts).op(ErrorKind::Unsupported, OP, "a column too large for its type")
    }

    /// The rows of a row group that pass; only the filters' columns are read where none does.
    fn filtered(
        &self,
        group: usize,
        wanted: &[usize],
        projected: &SchemaRef,
        select: &Select,
    ) -> Result<Option<RecordBatch>> {
        let schema = self.footer.arrow.schema();
        let mut asked: Vec<usize> = Vec::new();
        for filter in select.filters.iter().flatten() {
            if let Some((at, _)) = schema.column_with_name(&filter.column)
                && !asked.contains(&at)
            {
                asked.push(at);
            }
        }
        let first = self.columns(&[group], &asked)?.pop().unwrap_or_default();
        let narrow = schema.project(&asked).op(ErrorKind::Internal, OP, "columns")?;
        let rows = self.batch(group, &Arc::new(narrow), first)?;
        let Some(pass) = passing_rows(&rows, &select.filters)? else { return Ok(None) };
        if pass.true_count() == 0 {
            return Ok(None);
        }
        let rest: Vec<usize> =
            wanted.iter().copied().filter(|c| !asked.contains(c)).collect();
        let others = self.columns(&[group], &rest)?.pop().unwrap_or_default();
        let column = |root: &usize| {
            let known =
                asked.iter().position(|c| c == root).and_then(|i| rows.columns().get(i));
            let read = || rest.iter().position(|c| c == root).and_then(|i| others.get(i));
            let all =
                known.or_else(read).ok_or_else(|| corrupt("a column was not read"))?;
            filter(all, &pass).op(ErrorKind::Internal, OP, "the filter does not fit")
        };
        let columns: Vec<ArrayRef> = wanted.iter().map(column).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(pass.true_count()));
        let batch =
            RecordBatch::try_new_with_options(Arc::clone(projected), columns, &options);
        batch.op(ErrorKind::Corrupt, OP, "the columns do not fit together").map(Some)
    }
}

fn decode(
    chunk: Chunk,
    footer: &Footer,
    group: usize,
    root: usize,
    rows: usize,
) -> std::result::Result<Vec<ArrayRef>, ParquetError> {
    let arrow = footer.arrow.clone();
    let mask = ProjectionMask::roots(arrow.parquet_schema(), [root]);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(chunk, arrow)
        .with_row_groups(vec![group])
        .with_projection(mask)
        .with_batch_size(rows.clamp(1, MAX_BATCH))
        .build()?;
    let mut arrays = Vec::new();
    for batch in reader {
        arrays.extend(batch?.columns().first().map(Arc::clone));
    }
    Ok(arrays)
}

/// The bytes of one column in one row group, as the decoder asks for them.
struct Chunk {
    bytes: Bytes,
    place: Place,
    /// Length of the file.
    length: u64,
}

impl Chunk {
    fn slice(&self, range: Range<u64>) -> std::result::Result<Bytes, ParquetError> {
        let at = |n: u64| {
            n.checked_sub(self.place.offset).and_then(|n| usize::try_from(n).ok())
        };
        match (at(range.start), at(range.end)) {
            (Some(start), Some(end)) if start <= end && end <= self.bytes.len() => {
                Ok(self.bytes.slice(start..end))
            }
            _ => Err(ParquetError::EOF("bytes outside of the column chunk".to_owned())),
        }
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunk {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        self.slice(start..self.place.range().end).map(Cursor::new)
    }

    fn get_bytes(
        &self,
        start: u64,
        length: usize,
    ) -> std::result::Result<Bytes, ParquetError> {
        self.slice(start..start.saturating_add(length as u64))
    }
}
