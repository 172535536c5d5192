//! The footer: schema, row groups, where each column chunk is.

use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{PartIndex, PartKind, Place, Source, TablePart};

use crate::buffer::no_panic;

const OP: Op = Op("parquet.footer");
const MAGIC: &[u8; 4] = b"PAR1";
/// Bytes that are read first from the end; most footers are shorter.
const FIRST: u64 = 64 << 10;

/// A footer and where it is.
#[derive(Debug, Clone)]
pub(super) struct Footer {
    pub(super) arrow: ArrowReaderMetadata,
    pub(super) place: Place,
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

impl Footer {
    /// Reads the footer: in one read where its place is known or it is short.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the bytes are not Parquet; [`ErrorKind::Unsupported`] for
    /// encrypted files and schemas that Arrow does not have; as the source's.
    pub(super) fn read(source: &Arc<dyn Source>, known: Option<Place>) -> Result<Self> {
        let length = source.len();
        if length < 12 {
            return Err(corrupt("not a Parquet file: too short").with("bytes", length));
        }
        let first = known.map_or(FIRST, |place| place.len).clamp(8, length);
        let mut tail = read_tail(source, first)?;
        let Some((body, [a, b, c, d, magic @ ..])) = tail.split_last_chunk::<8>() else {
            return Err(corrupt("not a Parquet file: too short"));
        };
        match magic {
            MAGIC => {}
            b"PARE" => {
                let message = "encrypted Parquet files are not read";
                return Err(Error::new(ErrorKind::Unsupported, OP, message));
            }
            _ => return Err(corrupt("not a Parquet file: the end is another")),
        }
        let len = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        if len + 12 > length {
            return Err(corrupt("the footer is longer than the file").with("footer", len));
        }
        if len > body.len() as u64 {
            tail = read_tail(source, len + 8)?;
        }
        let place = Place { offset: length - len - 8, len: len + 8 };
        let start = tail.len() as u64 - place.len;
        let start =
            usize::try_from(start).op(ErrorKind::Limit, OP, "a footer too long")?;
        let thrift = tail.get(start..tail.len() - 8).unwrap_or_default();
        Ok(Self { arrow: interpret(thrift)?, place })
    }

    /// The neutral index of the file.
    pub(super) fn index(&self, length: u64) -> Result<PartIndex> {
        index_of(self.arrow.metadata(), self.place, length)
    }
}

fn read_tail(source: &Arc<dyn Source>, count: u64) -> Result<bytes::Bytes> {
    let length = source.len();
    let pieces = source.read(&[length - count..length])?;
    Ok(pieces.into_iter().next().unwrap_or_default())
}

fn interpret(thrift: &[u8]) -> Result<ArrowReaderMetadata> {
    let metadata = no_panic(OP, || ParquetMetaDataReader::decode_metadata(thrift))?;
    let metadata = metadata.op(ErrorKind::Corrupt, OP, "the footer is damaged")?;
    let options = ArrowReaderOptions::new();
    let arrow =
        no_panic(OP, || ArrowReaderMetadata::try_new(Arc::new(metadata), options))?;
    arrow.op(ErrorKind::Unsupported, OP, "a schema that Arrow does not have")
}

/// The neutral index of a file with this metadata.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where a column chunk is outside of the file.
pub(super) fn index_of(
    metadata: &ParquetMetaData,
    footer: Place,
    length: u64,
) -> Result<PartIndex> {
    let schema = metadata.file_metadata().schema_descr();
    let roots = schema.root_schema().get_fields();
    let columns: Vec<String> =
        roots.iter().map(|field| field.name().to_owned()).collect();
    let leaves = leaves_of(metadata);
    let mut group_rows = Vec::with_capacity(metadata.num_row_groups());
    let mut places = Vec::with_capacity(metadata.num_row_groups());
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows());
        group_rows.push(rows.op(
            ErrorKind::Corrupt,
            OP,
            "a row group of less than no rows",
        )?);
        let each =
            leaves.iter().map(|leaves| column_place(group, leaves.clone(), length));
        places.push(each.collect::<Result<Vec<_>>>()?);
    }
    let mut index = PartIndex::new("parquet", length);
    let table = TablePart { columns, group_rows, places };
    index.parts.insert(String::new(), PartKind::Table(table));
    index.always.push(footer);
    Ok(index)
}

/// The leaves of each column: one, but for lists of lists and structures. They follow each other.
pub(super) fn leaves_of(metadata: &ParquetMetaData) -> Vec<Range<usize>> {
    let schema = metadata.file_metadata().schema_descr();
    let mut out = vec![0..0; schema.root_schema().get_fields().len()];
    for leaf in 0..schema.num_columns() {
        if let Some(leaves) = out.get_mut(schema.get_column_root_idx(leaf)) {
            let start = if leaves.start == leaves.end { leaf } else { leaves.start };
            *leaves = start..leaf + 1;
        }
    }
    out
}

/// Where the chunks of a column are in a row group.
pub(super) fn column_place(
    group: &RowGroupMetaData,
    leaves: Range<usize>,
    length: u64,
) -> Result<Place> {
    let mut bounds: Option<(u64, u64)> = None;
    for leaf in leaves {
        let chunk = group.columns().get(leaf);
        let place = chunk.and_then(|chunk| {
            let offset =
                chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
            let offset = u64::try_from(offset).ok()?;
            let end = offset.checked_add(u64::try_from(chunk.compressed_size()).ok()?)?;
            (end <= length).then_some((offset, end))
        });
        let (start, end) =
            place.ok_or_else(|| corrupt("a column chunk outside of the file"))?;
        bounds = Some(bounds.map_or((start, end), |(a, b)| (a.min(start), b.max(end))));
    }
    let (start, end) = bounds.unwrap_or((0, 0));
    Ok(Place { offset: start, len: end - start })
}
