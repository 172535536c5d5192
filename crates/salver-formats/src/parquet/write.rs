//! From a table to a file.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{EncodeOptions, Place, Sink, Table};

use crate::buffer::no_panic;
use crate::fits::parallel;

const OP: Op = Op("parquet.encode");
/// Bytes of a row group before they are encoded (Gen3 format §10.3).
const GROUP_BYTES: usize = 1_000_000_000;
/// Below this many values a call uses one thread.
const SMALL: usize = 100_000;

/// The names of compressions, the default first.
pub(super) const COMPRESSIONS: &[&str] = &["snappy", "zstd", "gzip", "lz4", "none"];

/// What was written.
pub(super) struct Written {
    pub(super) metadata: ParquetMetaData,
    pub(super) footer: Place,
    pub(super) length: u64,
}

/// Writes a table that is in memory.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for columns that Parquet lacks, before the first byte; as the sink's.
pub(super) fn write(
    table: &Table,
    options: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<Written> {
    let start = sink.written();
    let schema = table.schema();
    let batches = table.batches()?;
    let limit = group_rows(&batches, options)?;
    let shared = Shared::default();
    let opened = open(shared.clone(), schema, options)?;
    let (mut file, factory) = opened;
    // a column that cannot be written shows here, before the first byte
    no_panic(OP, || factory.create_column_writers(0))?.op(
        ErrorKind::Unsupported,
        OP,
        "a column that Parquet does not hold",
    )?;
    for (group, rows) in groups(&batches, limit).into_iter().enumerate() {
        write_group(&mut file, &factory, group, schema, &rows)?;
        shared.drain(sink)?;
    }
    let closed = no_panic(OP, || file.close())?;
    let metadata = closed.op(ErrorKind::Internal, OP, "the footer cannot be written")?;
    let last = shared.last_eight();
    shared.drain(sink)?;
    let length = sink.written() - start;
    let [a, b, c, d, ..] = last;
    let len = u64::from(u32::from_le_bytes([a, b, c, d])) + 8;
    let footer = Place { offset: length.saturating_sub(len), len };
    Ok(Written { metadata, footer, length })
}

type Opened = (SerializedFileWriter<Shared>, ArrowRowGroupWriterFactory);

fn open(shared: Shared, schema: &SchemaRef, options: &EncodeOptions) -> Result<Opened> {
    let mut pairs: Vec<KeyValue> = schema
        .metadata()
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    let properties = WriterProperties::builder()
        .set_compression(compression(options)?)
        .set_created_by(concat!("salver ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata((!pairs.is_empty()).then_some(pairs))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build();
    let refused = "a column that Parquet does not hold";
    let writer = || ArrowWriter::try_new(shared, Arc::clone(schema), Some(properties));
    let writer = no_panic(OP, writer)?.op(ErrorKind::Unsupported, OP, refused)?;
    writer.into_serialized_writer().op(ErrorKind::Unsupported, OP, refused)
}

fn compression(options: &EncodeOptions) -> Result<Compression> {
    Ok(match options.compression.as_deref() {
        None | Some("snappy") => Compression::SNAPPY,
        Some("zstd") => Compression::ZSTD(ZstdLevel::default()),
        Some("gzip") => Compression::GZIP(GzipLevel::default()),
        Some("lz4") => Compression::LZ4_RAW,
        Some("none") => Compression::UNCOMPRESSED,
        Some(other) => {
            return Err(Error::new(ErrorKind::Unsupported, OP, "no such compression")
                .with("compression", other)
                .hint(format!("one of {}", COMPRESSIONS.join(", "))));
        }
    })
}

/// The rows of a row group at most: `tile` where it is set, else by bytes.
fn group_rows(batches: &[RecordBatch], options: &EncodeOptions) -> Result<usize> {
    if let Some(tile) = &options.tile {
        let rows = match tile[..] {
            [rows] if rows > 0 => usize::try_from(rows).ok(),
            _ => None,
        };
        return rows.ok_or_else(|| {
            let message = "the tile of a table is a number of rows";
            Error::new(ErrorKind::InvalidInput, OP, message).with("axes", tile.len())
        });
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
    let width = bytes.checked_div(rows).unwrap_or(1).max(1);
    Ok((GROUP_BYTES / width).max(1))
}

/// The rows of each row group: slices of the batches.
fn groups(batches: &[RecordBatch], limit: usize) -> Vec<Vec<RecordBatch>> {
    let mut out: Vec<Vec<RecordBatch>> = Vec::new();
    let mut room = 0;
    for batch in batches {
        let mut done = 0;
        while done < batch.num_rows() {
            if room == 0 {
                out.push(Vec::new());
                room = limit;
            }
            let count = room.min(batch.num_rows() - done);
            if let Some(group) = out.last_mut() {
                group.push(batch.slice(done, count));
            }
            done += count;
            room -= count;
        }
    }
    out
}

/// A column of a row group: its writers, and its rows in pieces.
struct Column {
    at: usize,
    field: FieldRef,
    writers: Vec<ArrowColumnWriter>,
    parts: Vec<ArrayRef>,
}

fn write_group(
    file: &mut SerializedFileWriter<Shared>,
    factory: &ArrowRowGroupWriterFactory,
    group: usize,
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> Result<()> {
    let message = "the row group cannot be written";
    let writers = no_panic(OP, || factory.create_column_writers(group))?;
    let mut writers = writers.op(ErrorKind::Internal, OP, message)?.into_iter();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (at, field) in schema.fields().iter().enumerate() {
        let parts: Vec<ArrayRef> =
            batches.iter().filter_map(|b| b.columns().get(at)).map(Arc::clone).collect();
        let empty = arrow_array::new_empty_array(field.data_type());
        let leaves =
            no_panic(OP, || compute_leaves(field, &empty).map(|leaves| leaves.len()))?;
        let count = leaves.op(ErrorKind::Unsupported, OP, message)?;
        let writers = writers.by_ref().take(count).collect();
        columns.push(Column { at, field: Arc::clone(field), writers, parts });
    }
    let values: usize = batches.iter().map(|b| b.num_rows() * b.num_columns()).sum();
    let limit = if values < SMALL { 1 } else { parallel::threads() };
    let done: Mutex<Vec<(usize, Vec<ArrowColumnChunk>)>> = Mutex::new(Vec::new());
    parallel::for_each(
        OP,
        limit,
        columns,
        || (),
        |(), column| {
            let (at, name) = (column.at, column.field.name().clone());
            let chunks = no_panic(OP, || encode(column))?;
            let chunks =
                chunks.op(ErrorKind::Unsupported, OP, "the column cannot be written");
            let chunks = chunks.map_err(|e| e.with("column", name))?;
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, chunks));
            Ok(())
        },
    )?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let append = || -> std::result::Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        for chunk in done.into_iter().flat_map(|(_, chunks)| chunks) {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close().map(|_| ())
    };
    no_panic(OP, append)?.op(ErrorKind::Internal, OP, message)
}

fn encode(
    mut column: Column,
) -> std::result::Result<Vec<ArrowColumnChunk>, ParquetError> {
    for part in column.parts {
        let leaves = compute_leaves(&column.field, &part)?;
        for (writer, leaf) in column.writers.iter_mut().zip(&leaves) {
            writer.write(leaf)?;
        }
    }
    column.writers.into_iter().map(ArrowColumnWriter::close).collect()
}

/// Bytes that wait for the sink, which is of one thread.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn drain(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write(&waiting)?;
        waiting.clear();
        Ok(())
    }

    /// The end of the file: length of the footer and the magic bytes.
    fn last_eight(&self) -> [u8; 8] {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last_chunk::<8>().copied().unwrap_or_default()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
