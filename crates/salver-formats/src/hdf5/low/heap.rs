//! The global heap: items of variable length. Source: III.E.

use std::collections::BTreeMap;

use bytes::Bytes;
use salver_core::{ErrorKind, Result, ResultExt as _};
use salver_tree::Source;

use super::cursor::{Cursor, OP, corrupt};
use super::file::Widths;

/// Collections kept in memory, bytes.
const KEPT: usize = 1 << 26;

/// Objects of collections, as they are asked for.
pub(crate) struct Heap<'a> {
    source: &'a dyn Source,
    widths: Widths,
    collections: BTreeMap<u64, Collection>,
    kept: usize,
    /// Places of the collections that were read: first byte and the one after the last.
    pub touched: Option<(u64, u64)>,
}

struct Collection {
    bytes: Bytes,
    objects: BTreeMap<u32, (usize, usize)>,
}

impl<'a> Heap<'a> {
    pub(crate) fn new(source: &'a dyn Source, widths: Widths) -> Self {
        Self { source, widths, collections: BTreeMap::new(), kept: 0, touched: None }
    }

    /// The object that an address and an index name.
    ///
    /// # Errors
    /// `Corrupt` where there is none; as the source's.
    pub(crate) fn object(&mut self, address: u64, index: u32) -> Result<Bytes> {
        let offset = self.widths.base.saturating_add(address);
        if !self.collections.contains_key(&offset) {
            let collection = self.collection(offset)?;
            let end = offset + collection.bytes.len() as u64;
            let (first, last) = self.touched.unwrap_or((offset, end));
            self.touched = Some((first.min(offset), last.max(end)));
            self.kept += collection.bytes.len();
            if self.kept > KEPT {
                self.collections.clear();
                self.kept = collection.bytes.len();
            }
            self.collections.insert(offset, collection);
        }
        let collection = self.collections.get(&offset);
        let found = collection.and_then(|c| {
            let (start, end) = *c.objects.get(&index)?;
            Some(c.bytes.slice(start..end))
        });
        found.ok_or_else(|| {
            corrupt("an object that its heap lacks", offset).with("index", index)
        })
    }

    fn collection(&self, offset: u64) -> Result<Collection> {
        let lengths = self.widths.lengths;
        let read = |len: u64| {
            let end = offset.checked_add(len).filter(|&end| end <= self.source.len());
            let end = end.ok_or_else(|| corrupt("a heap outside of the file", offset))?;
            let pieces = self.source.read(&[offset..end])?;
            Ok(pieces.into_iter().next().unwrap_or_default())
        };
        let head = read(8 + lengths as u64)?;
        let mut c = Cursor::new(&head, offset);
        c.signature(b"GCOL")?;
        c.version("global heaps", 1)?;
        c.skip(3)?;
        let size = c.uint(lengths)?;
        let bytes = read(size)?;
        let mut c = Cursor::new(&bytes, offset);
        c.skip(head.len())?;
        c.align();
        let mut objects = BTreeMap::new();
        while c.left() >= 8 + lengths {
            let index = u32::from(c.u16()?);
            c.skip(6)?;
            let length = c.uint(lengths)?;
            if index == 0 {
                break;
            }
            let length =
                usize::try_from(length).op(ErrorKind::Corrupt, OP, "a heap too large")?;
            let at = c.position();
            c.take(length)?;
            c.align();
            objects.insert(index, (at, at + length));
        }
        Ok(Collection { bytes, objects })
    }
}
