//! Writing, with a look at what is written: headers and footer make the index.

use std::io;
use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::DataType;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _, interrupt};
use salver_tree::{EncodeOptions, Sink, Source, Table};

const OP: Op = Op("arrow.encode");
/// Names that a caller may ask for.
pub(super) const COMPRESSIONS: &[&str] = &["none", "lz4", "zstd"];
/// Rows of a record batch at most.
const ROWS: usize = 1 << 20;
/// Pieces up to this length are kept for the index, and longer ones that begin a message.
const KEPT: usize = 1 << 16;

/// Headers and footer of a file that was written: all that its index needs.
#[derive(Debug)]
pub(super) struct Outline {
    pieces: Vec<(u64, Bytes)>,
    length: u64,
}

impl Source for Outline {
    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let one = |range: &Range<u64>| {
            let mut out = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
            self.read_into(range.start, &mut out).map(|()| Bytes::from(out))
        };
        ranges.iter().map(one).collect()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let lost = || Error::new(ErrorKind::Internal, OP, "a header was not kept");
        let mut at =
            self.pieces.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let mut done = 0_usize;
        while done < buffer.len() {
            let (start, piece) = self.pieces.get(at).ok_or_else(lost)?;
            let inside = (offset + done as u64).checked_sub(*start).ok_or_else(lost)?;
            let inside = usize::try_from(inside).map_err(|_too_far| lost())?;
            let from = piece.get(inside..).unwrap_or_default();
            let n = from.len().min(buffer.len() - done);
            if n == 0 && inside != piece.len() {
                return Err(lost());
            }
            if let (Some(to), Some(from)) =
                (buffer.get_mut(done..done + n), from.get(..n))
            {
                to.copy_from_slice(from);
            }
            done += n;
            at += 1;
        }
        Ok(())
    }
}

/// Hands bytes on and keeps headers.
struct Tee<'a> {
    sink: &'a mut dyn Sink,
    outline: Outline,
    failed: Option<Error>,
}

impl io::Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.sink.write(bytes) {
            self.failed = Some(error);
            return Err(io::Error::other("the bytes were not taken"));
        }
        if bytes.len() <= KEPT || bytes.starts_with(&[0xff; 4]) {
            self.outline
                .pieces
                .push((self.outline.length, Bytes::copy_from_slice(bytes)));
        }
        self.outline.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(options: &EncodeOptions) -> Result<IpcWriteOptions> {
    let compression = match options.compression.as_deref() {
        None | Some("none") => None,
        Some("lz4") => Some(CompressionType::LZ4_FRAME),
        Some("zstd") => Some(CompressionType::ZSTD),
        Some(other) => {
            let message = "a compression that the format does not have";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("compression", other)
                .hint(format!("the format has {}", COMPRESSIONS.join(", "))));
        }
    };
    let made = IpcWriteOptions::default().try_with_compression(compression);
    made.op(ErrorKind::Internal, OP, "options of writing")
}

/// Writes a table.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for unknown compressions and for types that the format lacks; as the
/// sink's and a lazy table's source's.
pub(super) fn write(
    table: &Table,
    how: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<Outline> {
    let options = options(how)?;
    let schema = table.schema();
    let mut batches = table.batches()?;
    // each dictionary is written once
    if batches.len() > 1 && schema.fields().iter().any(|f| has_dictionary(f.data_type()))
    {
        let one = concat_batches(schema, &batches);
        batches = vec![one.op(
            ErrorKind::Unsupported,
            OP,
            "dictionaries that do not fit together",
        )?];
    }
    let outline = Outline { pieces: Vec::new(), length: 0 };
    let mut tee = Tee { sink, outline, failed: None };
    let done = fill(&mut tee, table, &batches, options);
    if let Some(error) = tee.failed.take() {
        return Err(error);
    }
    done.map(|()| tee.outline)
}

fn fill(
    tee: &mut Tee<'_>,
    table: &Table,
    batches: &[RecordBatch],
    options: IpcWriteOptions,
) -> Result<()> {
    let message = "the table has no Arrow IPC form";
    let writer = FileWriter::try_new_with_options(tee, table.schema(), options);
    let mut writer = writer.op(ErrorKind::Unsupported, OP, message).map_err(root)?;
    for batch in batches {
        let mut at = 0;
        loop {
            interrupt::check(OP)?;
            let rows = ROWS.min(batch.num_rows() - at);
            let written = writer.write(&batch.slice(at, rows));
            written.op(ErrorKind::Unsupported, OP, message).map_err(root)?;
            at += rows;
            if at >= batch.num_rows() {
                break;
            }
        }
    }
    writer.finish().op(ErrorKind::Unsupported, OP, message).map_err(root)
}

fn root(error: Error) -> Error {
    error.with("node", "(root)")
}

fn has_dictionary(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(..) => true,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::RunEndEncoded(_, field) => has_dictionary(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|f| has_dictionary(f.data_type())),
        DataType::Union(fields, _) => {
            fields.iter().any(|(_, f)| has_dictionary(f.data_type()))
        }
        _ => false,
    }
}
