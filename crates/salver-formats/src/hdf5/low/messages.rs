//! Messages of datasets: shape, layout, fill value, filters, attributes. Source: IV.A.2.

use bytes::Bytes;
use salver_core::Result;
use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, corrupt, text_until_nul, unsupported};
use super::datatype::Datatype;
use super::file::File;
use super::header::{Header, Message, kind};

/// The extent of a dataset or attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Space {
    /// No item at all.
    Null,
    /// Lengths of the axes, and the lengths they may grow to (`u64::MAX` is without end).
    Simple { dims: Vec<u64>, max: Vec<u64> },
}

impl Space {
    /// Reads a dataspace message.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`.
    pub(crate) fn parse(c: &mut Cursor<'_>, lengths: usize) -> Result<Self> {
        let offset = c.offset();
        let version = c.u8()?;
        let rank = usize::from(c.u8()?);
        let flags = c.u8()?;
        match version {
            1 => c.skip(5)?,
            2 if c.u8()? == 2 => return Ok(Self::Null),
            2 => {}
            _ => return Err(unsupported("a version of the dataspace", offset)),
        }
        if rank > 32 {
            return Err(corrupt("more than 32 axes", offset));
        }
        let dims = (0..rank).map(|_| c.uint(lengths)).collect::<Result<Vec<_>>>()?;
        let mut max = dims.clone();
        if flags & 1 != 0 {
            for n in &mut max {
                *n = c.address(lengths)?.unwrap_or(u64::MAX);
            }
        }
        if flags & 2 != 0 && version == 1 {
            c.skip(lengths * rank)?;
        }
        Ok(Self::Simple { dims, max })
    }

    pub(crate) fn dims(&self) -> &[u64] {
        match self {
            Self::Null => &[],
            Self::Simple { dims, .. } => dims,
        }
    }

    /// The number of items, where it is a number.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::Null => Some(0),
            Self::Simple { dims, .. } => {
                dims.iter().try_fold(1_u64, |n, &d| n.checked_mul(d))
            }
        }
    }
}

/// How the chunks of a dataset are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChunkIndex {
    /// A version 1 B-tree.
    Tree1,
    /// One chunk; its stored length and filter mask where there are filters.
    Single(Option<(u64, u32)>),
    /// One after the other.
    Implicit,
    FixedArray,
    ExtensibleArray,
    /// A version 2 B-tree.
    Tree2,
}

/// Where the items of a dataset are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In the message: place in the file and length.
    Compact(u64, u64),
    Contiguous(Option<u64>, u64),
    Chunked {
        address: Option<u64>,
        /// Shape of a chunk, without the item's size.
        shape: Vec<u64>,
        index: ChunkIndex,
        /// Chunks over the edge are stored without filters.
        bare_edges: bool,
    },
    Virtual,
}

impl Layout {
    /// Reads a layout message.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`.
    pub(crate) fn parse(message: &Message, file: &File) -> Result<Self> {
        let mut c = Cursor::new(&message.bytes, message.offset);
        let version = c.u8()?;
        match version {
            1 | 2 => Self::old(&mut c, file),
            3..=5 => Self::new(&mut c, file, version),
            _ => Err(unsupported("a version of the layout", message.offset)
                .with("version", version)),
        }
    }

    fn old(c: &mut Cursor<'_>, file: &File) -> Result<Self> {
        let rank = usize::from(c.u8()?);
        let class = c.u8()?;
        c.skip(5)?;
        let address = if class == 0 { None } else { c.address(file.widths.offsets)? };
        let dims = (0..rank).map(|_| c.uint(4)).collect::<Result<Vec<_>>>()?;
        match class {
            0 => {
                let length = c.uint(4)?;
                Ok(Self::Compact(c.offset(), length))
            }
            1 => {
                let length = dims.iter().try_fold(1_u64, |n, &d| n.checked_mul(d));
                let length =
                    length.ok_or_else(|| corrupt("too many items", c.offset()))?;
                Ok(Self::Contiguous(address, length))
            }
            2 => Self::chunked(c, address, dims, ChunkIndex::Tree1, false),
            _ => Err(unsupported("a class of layout", c.offset())),
        }
    }

    fn chunked(
        c: &Cursor<'_>,
        address: Option<u64>,
        mut dims: Vec<u64>,
        index: ChunkIndex,
        bare_edges: bool,
    ) -> Result<Self> {
        dims.pop();
        if dims.contains(&0) {
            return Err(corrupt("chunks without items", c.offset()));
        }
        Ok(Self::Chunked { address, shape: dims, index, bare_edges })
    }

    fn new(c: &mut Cursor<'_>, file: &File, version: u8) -> Result<Self> {
        let (offsets, lengths) = (file.widths.offsets, file.widths.lengths);
        match c.u8()? {
            0 => {
                let length = c.uint(2)?;
                Ok(Self::Compact(c.offset(), length))
            }
            1 => Ok(Self::Contiguous(c.address(offsets)?, c.uint(lengths)?)),
            2 if version == 3 => {
                let rank = usize::from(c.u8()?);
                let address = c.address(offsets)?;
                let dims = (0..rank).map(|_| c.uint(4)).collect::<Result<Vec<_>>>()?;
                Self::chunked(c, address, dims, ChunkIndex::Tree1, false)
            }
            2 => {
                let flags = c.u8()?;
                let rank = usize::from(c.u8()?);
                let width = usize::from(c.u8()?);
                let dims =
                    (0..rank).map(|_| c.uint(width)).collect::<Result<Vec<_>>>()?;
                let index = match c.u8()? {
                    1 if flags & 2 != 0 => {
                        ChunkIndex::Single(Some((c.uint(lengths)?, c.u32()?)))
                    }
                    1 => ChunkIndex::Single(None),
                    2 => ChunkIndex::Implicit,
                    3 => {
                        c.skip(1)?;
                        ChunkIndex::FixedArray
                    }
                    4 => {
                        c.skip(5)?;
                        ChunkIndex::ExtensibleArray
                    }
                    5 => {
                        c.skip(6)?;
                        ChunkIndex::Tree2
                    }
                    _ => return Err(unsupported("a kind of chunk index", c.offset())),
                };
                let address = c.address(offsets)?;
                Self::chunked(c, address, dims, index, flags & 1 != 0)
            }
            3 => Ok(Self::Virtual),
            _ => Err(unsupported("a class of layout", c.offset())),
        }
    }
}

/// One filter of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filter {
    pub id: u16,
    pub values: Vec<u32>,
}

/// Reads a filter pipeline message, first applied first.
///
/// # Errors
/// `Corrupt`, `Unsupported`.
pub(crate) fn filters(message: &Message) -> Result<Vec<Filter>> {
    let mut c = Cursor::new(&message.bytes, message.offset);
    let version = c.u8()?;
    let count = usize::from(c.u8()?);
    if version != 1 && version != 2 || count > 32 {
        return Err(unsupported("a version of the filter pipeline", message.offset));
    }
    c.skip(if version == 1 { 6 } else { 0 })?;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let id = c.u16()?;
        let named = version == 1 || id >= 256;
        let name = if named { usize::from(c.u16()?) } else { 0 };
        c.skip(2)?;
        let n = usize::from(c.u16()?);
        c.skip(if version == 1 { name.next_multiple_of(8) } else { name })?;
        let values = (0..n).map(|_| c.u32()).collect::<Result<Vec<_>>>()?;
        c.skip(if version == 1 && n % 2 == 1 { 4 } else { 0 })?;
        out.push(Filter { id, values });
    }
    Ok(out)
}

/// The fill value of a header: one item, or empty for zeros.
///
/// # Errors
/// `Corrupt`, `Unsupported`.
pub(crate) fn fill(file: &File, header: &Header) -> Result<Vec<u8>> {
    if let Some(message) = header.find(kind::FILL) {
        let message = Header::resolve(file, message)?;
        let mut c = Cursor::new(&message.bytes, message.offset);
        let defined = match c.u8()? {
            1 => {
                c.skip(3)?;
                true
            }
            2 => {
                c.skip(2)?;
                c.u8()? == 1
            }
            3 => c.u8()? & 0x20 != 0,
            _ => return Err(unsupported("a version of the fill value", message.offset)),
        };
        if !defined || c.left() < 4 {
            return Ok(Vec::new());
        }
        let length = c.u32()?;
        return c.take(usize::try_from(length).unwrap_or(0)).map(<[u8]>::to_vec);
    }
    let Some(message) = header.find(kind::OLD_FILL) else { return Ok(Vec::new()) };
    let mut c = Cursor::new(&message.bytes, message.offset);
    let length = c.size(4)?;
    c.take(length).map(<[u8]>::to_vec)
}

/// An attribute, its value still as bytes.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub name: String,
    pub datatype: Datatype,
    pub space: Space,
    pub value: Bytes,
    pub offset: u64,
}

impl Attribute {
    /// Reads an attribute message.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`.
    pub(crate) fn parse(bytes: &Bytes, offset: u64, file: &File) -> Result<Self> {
        let mut c = Cursor::new(bytes, offset);
        let version = c.u8()?;
        let flags = c.u8()?;
        if !(1..=3).contains(&version) {
            return Err(unsupported("a version of attributes", offset));
        }
        let sizes = [usize::from(c.u16()?), usize::from(c.u16()?), usize::from(c.u16()?)];
        c.skip(usize::from(version == 3))?;
        let mut piece = |n: usize| -> Result<Cursor<'_>> {
            let at = c.offset();
            let n = if version == 1 { n.next_multiple_of(8) } else { n };
            Ok(Cursor::new(c.take(n)?, at))
        };
        let name = text_until_nul(piece(sizes[0])?.rest());
        let mut datatype = piece(sizes[1])?;
        let mut space = piece(sizes[2])?;
        let shared = |c: &mut Cursor<'_>, kind: u16| {
            let message = Message {
                kind,
                shared: true,
                bytes: Bytes::copy_from_slice(c.rest()),
                offset,
            };
            Header::resolve(file, &message)
        };
        let datatype = if version > 1 && flags & 1 != 0 {
            let message = shared(&mut datatype, kind::DATATYPE)?;
            Datatype::parse(&mut Cursor::new(&message.bytes, message.offset))?
        } else {
            Datatype::parse(&mut datatype)?
        };
        let space = if version > 1 && flags & 2 != 0 {
            let message = shared(&mut space, kind::DATASPACE)?;
            let mut c = Cursor::new(&message.bytes, message.offset);
            Space::parse(&mut c, file.widths.lengths)?
        } else {
            Space::parse(&mut space, file.widths.lengths)?
        };
        let at = c.position();
        Ok(Self {
            name,
            datatype,
            space,
            value: bytes.slice(at..),
            offset: offset + at as u64,
        })
    }
}
