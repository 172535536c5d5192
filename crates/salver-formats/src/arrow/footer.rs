//! The footer: schema, and where batches and dictionaries are.

use std::sync::Arc;

use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, Endianness, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{PartIndex, PartKind, Place, Source, TablePart};

use super::layout;
use crate::buffer::no_panic;

pub(super) const OP: Op = Op("arrow.read");
/// The first and the last bytes of a file.
pub(super) const MAGIC: &[u8] = b"ARROW1";

/// A message and its body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub(super) block: Block,
    pub(super) head: Place,
    pub(super) body: Place,
}

/// What the footer says.
#[derive(Debug)]
pub(super) struct Footer {
    pub(super) schema: SchemaRef,
    pub(super) version: MetadataVersion,
    pub(super) dictionaries: Vec<Piece>,
    pub(super) batches: Vec<Piece>,
    pub(super) place: Place,
}

/// One record batch: its rows, and the places of its buffers and columns.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: u64,
    pub(super) buffers: Vec<Place>,
    pub(super) compressed: bool,
    pub(super) columns: Vec<Place>,
}

pub(super) fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

pub(super) fn bytes(source: &Arc<dyn Source>, place: Place) -> Result<Bytes> {
    let pieces = source.read(&[place.range()])?;
    Ok(pieces.into_iter().next().unwrap_or_default())
}

impl Footer {
    /// Reads the footer at the end of a file, or where an index says.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it is none; [`ErrorKind::Unsupported`] for another byte order.
    pub(super) fn read(source: &Arc<dyn Source>, known: Option<Place>) -> Result<Self> {
        let length = source.len();
        let place = match known {
            Some(place) => place,
            None => find(source)?,
        };
        let text = bytes(source, place)?;
        let end = text.len().saturating_sub(10);
        let footer = text.get(..end).unwrap_or_default();
        no_panic(OP, || parse(footer, length, place))?
    }

    /// The batches' headers.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where they are none.
    pub(super) fn heads(&self, source: &Arc<dyn Source>) -> Result<Vec<Batch>> {
        let ranges: Vec<_> =
            self.batches.iter().map(|piece| piece.head.range()).collect();
        let heads = source.read(&ranges)?;
        let columns = layout::buffers(&self.schema);
        let each = self.batches.iter().zip(&heads);
        each.map(|(piece, head)| batch(head, *piece, columns.as_deref(), &self.schema))
            .collect()
    }

    /// The header of a dictionary, as that of a batch without columns.
    ///
    /// # Errors
    /// As [`Footer::heads`].
    pub(super) fn dictionary(
        &self,
        piece: Piece,
        source: &Arc<dyn Source>,
    ) -> Result<Batch> {
        batch(&bytes(source, piece.head)?, piece, Some(&[]), &self.schema)
    }

    /// The index of the file.
    ///
    /// # Errors
    /// As [`Footer::heads`].
    pub(super) fn index(
        &self,
        source: &Arc<dyn Source>,
        length: u64,
    ) -> Result<PartIndex> {
        let batches = self.heads(source)?;
        let names = self.schema.fields().iter().map(|f| f.name().clone());
        let part = TablePart {
            columns: names.collect(),
            group_rows: batches.iter().map(|b| b.rows).collect(),
            places: batches.into_iter().map(|b| b.columns).collect(),
        };
        let mut index = PartIndex::new("arrow", length);
        index.always.push(self.place);
        for piece in &self.dictionaries {
            index.always.extend([piece.head, piece.body]);
        }
        index.always.extend(self.batches.iter().map(|piece| piece.head));
        index.parts.insert(String::new(), PartKind::Table(part));
        Ok(index)
    }
}

/// The footer with the ten bytes behind it.
fn find(source: &Arc<dyn Source>) -> Result<Place> {
    let length = source.len();
    if length < 20 {
        return Err(corrupt("too short for an Arrow IPC file").with("bytes", length));
    }
    let ends = source.read(&[0..6, length - 10..length])?;
    let [first, last] = ends.as_slice() else { return Err(corrupt("no ends")) };
    let last: [u8; 10] =
        last.as_ref().try_into().map_err(|_not_ten| corrupt("no end"))?;
    if first.as_ref() != MAGIC {
        return Err(corrupt("the file does not begin with `ARROW1`").with("offset", 0));
    }
    let footer = read_footer_length(last);
    let footer =
        footer.op(ErrorKind::Corrupt, OP, "the file does not end with a footer")?;
    let offset = (length - 10).checked_sub(footer as u64);
    let offset = offset.ok_or_else(|| corrupt("the footer is longer than the file"))?;
    Ok(Place { offset, len: length - offset })
}

fn parse(text: &[u8], length: u64, place: Place) -> Result<Footer> {
    let footer = root_as_footer(text)
        .map_err(|e| corrupt("a damaged footer").with("because", e))?;
    let schema = footer.schema().ok_or_else(|| corrupt("a footer without a schema"))?;
    let little = schema.endianness() == Endianness::Little;
    if little != cfg!(target_endian = "little") {
        let message = "the file is in another byte order than this machine's";
        return Err(Error::new(ErrorKind::Unsupported, OP, message));
    }
    let piece = |block: &Block| {
        let number = |n: i64| {
            u64::try_from(n).map_err(|_negative| corrupt("a block with a negative place"))
        };
        let (offset, head) =
            (number(block.offset())?, number(block.metaDataLength().into())?);
        let body = Place {
            offset: offset.saturating_add(head),
            len: number(block.bodyLength())?,
        };
        if body.range().end > length {
            let error = corrupt("a block reaches beyond the file");
            return Err(error.with("offset", offset).with("length", length));
        }
        let head = Place { offset, len: head };
        Ok(Piece { block: *block, head, body })
    };
    let batches = footer.recordBatches().into_iter().flatten().map(piece);
    let dictionaries = footer.dictionaries().into_iter().flatten().map(piece);
    Ok(Footer {
        version: footer.version(),
        batches: batches.collect::<Result<_>>()?,
        dictionaries: dictionaries.collect::<Result<_>>()?,
        schema: Arc::new(fb_to_schema(schema)),
        place,
    })
}

/// The message of a header: four bytes of ones, the length, the message; old files lack the ones.
fn message(head: &[u8]) -> &[u8] {
    let skip = if head.starts_with(&[0xff; 4]) { 8 } else { 4 };
    head.get(skip..).unwrap_or_default()
}

fn batch(
    head: &[u8],
    piece: Piece,
    columns: Option<&[std::ops::Range<usize>]>,
    schema: &SchemaRef,
) -> Result<Batch> {
    let wrong = || corrupt("a damaged record batch").with("offset", piece.head.offset);
    let found = root_as_message(message(head));
    let found = found
        .map_err(|e| corrupt("a damaged header of a record batch").with("because", e))?;
    let dictionary = || found.header_as_dictionary_batch()?.data();
    let batch = found.header_as_record_batch().or_else(dictionary).ok_or_else(wrong)?;
    let place = |buffer: &arrow_ipc::Buffer| {
        let (offset, len) =
            (u64::try_from(buffer.offset()).ok()?, u64::try_from(buffer.length()).ok()?);
        let inside = offset.checked_add(len)? <= piece.body.len;
        inside.then(|| Place { offset: piece.body.offset + offset, len })
    };
    let buffers: Option<Vec<Place>> =
        batch.buffers().into_iter().flatten().map(place).collect();
    let buffers = buffers.ok_or_else(wrong)?;
    let columns = match columns {
        None => vec![piece.body; schema.fields().len()],
        Some(columns) => {
            let around = |range: &std::ops::Range<usize>| {
                let own = buffers.get(range.clone())?.iter().filter(|p| p.len > 0);
                let start = own.clone().map(|p| p.offset).min();
                let end = own.map(|p| p.range().end).max();
                let (offset, end) = (start.unwrap_or(0), end.unwrap_or(0));
                Some(Place { offset, len: end - offset })
            };
            let places: Option<Vec<Place>> = columns.iter().map(around).collect();
            places.ok_or_else(wrong)?
        }
    };
    Ok(Batch {
        rows: u64::try_from(batch.length()).map_err(|_negative| wrong())?,
        buffers,
        compressed: batch.compression().is_some(),
        columns,
    })
}
