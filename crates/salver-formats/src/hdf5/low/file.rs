//! Bytes of a file by address, a page at a time; and the superblock.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Result};
use salver_tree::Source;

use super::checksum;
use super::cursor::{Cursor, OP, corrupt, unsupported};

/// Small reads of structure come out of pages of this many bytes: they lie close together.
const PAGE: u64 = 1 << 16;
/// Pages kept at most.
const PAGES: usize = 256;

/// The signature of a superblock.
pub(crate) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// How addresses and lengths are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Widths {
    /// Place of address 0 in the artifact.
    pub base: u64,
    /// Bytes of an address.
    pub offsets: usize,
    /// Bytes of a length.
    pub lengths: usize,
}

/// A file whose superblock is known.
#[derive(Debug)]
pub(crate) struct File {
    source: Arc<dyn Source>,
    pub widths: Widths,
    pages: RefCell<BTreeMap<u64, Bytes>>,
    /// Bytes of structure that may still be asked for: what refers to itself ends.
    budget: Cell<u64>,
}

/// Where the root group is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root {
    pub header: u64,
}

impl File {
    pub(crate) fn new(source: &Arc<dyn Source>, widths: Widths) -> Self {
        let budget = Cell::new(source.len().saturating_mul(64).saturating_add(1 << 22));
        Self { source: Arc::clone(source), widths, pages: RefCell::default(), budget }
    }

    /// Finds the superblock: at 0, 512, 1024, 2048, …. Source: II.A.
    ///
    /// # Errors
    /// `Corrupt` where there is none, `Unsupported` for a version that is not known.
    pub(crate) fn open(source: &Arc<dyn Source>) -> Result<(Self, Root)> {
        let widths = Widths { base: 0, offsets: 8, lengths: 8 };
        let mut file = Self::new(source, widths);
        let mut at = 0;
        while at + 8 <= source.len() {
            if file.bytes(at, 8)?[..] == SIGNATURE[..] {
                let (widths, root) = file.superblock(at)?;
                file.widths = widths;
                return Ok((file, root));
            }
            at = if at == 0 { 512 } else { at * 2 };
        }
        Err(Error::new(ErrorKind::Corrupt, OP, "not an HDF5 file: no superblock"))
    }

    fn superblock(&self, at: u64) -> Result<(Widths, Root)> {
        let bytes = self.up_to(at, 128)?;
        let mut c = Cursor::new(&bytes, at);
        c.skip(8)?;
        let version = c.u8()?;
        match version {
            0 | 1 => {
                c.skip(4)?;
                let (offsets, lengths) = (usize::from(c.u8()?), usize::from(c.u8()?));
                c.skip(9 + if version == 1 { 4 } else { 0 })?;
                let widths = widths(at, offsets, lengths)?;
                let base = c.address(offsets)?.unwrap_or(0);
                c.skip(offsets)?;
                let end = c.address(offsets)?.unwrap_or(0);
                c.skip(2 * offsets)?;
                let header = c.address(offsets)?;
                self.place(base, end, at, widths, header)
            }
            2 | 3 => {
                let (offsets, lengths) = (usize::from(c.u8()?), usize::from(c.u8()?));
                let widths = widths(at, offsets, lengths)?;
                c.skip(1)?;
                let base = c.address(offsets)?.unwrap_or(0);
                c.skip(offsets)?;
                let end = c.address(offsets)?.unwrap_or(0);
                let header = c.address(offsets)?;
                let length = c.position() + 4;
                let whole = bytes.get(..length).unwrap_or_default();
                checksum::check(whole, at)?;
                self.place(base, end, at, widths, header)
            }
            other => {
                Err(unsupported("a version of the superblock that is not known", at)
                    .with("version", other))
            }
        }
    }

    fn place(
        &self,
        base: u64,
        end: u64,
        at: u64,
        widths: Widths,
        header: Option<u64>,
    ) -> Result<(Widths, Root)> {
        let header = header.ok_or_else(|| corrupt("a file without a root group", at))?;
        // a file behind a user block that was added later: its addresses count from the superblock
        let base = if base == at { base } else { at };
        if base.saturating_add(end.saturating_sub(if end >= base { base } else { 0 }))
            > self.source.len()
        {
            return Err(corrupt("the file is shorter than its superblock says", at)
                .with("length", self.source.len())
                .with("expected", end));
        }
        Ok((Widths { base, ..widths }, Root { header }))
    }

    pub(crate) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Place in the artifact of an address.
    pub(crate) fn offset(&self, address: u64) -> u64 {
        self.widths.base.saturating_add(address)
    }

    fn spend(&self, n: u64, offset: u64) -> Result<()> {
        let left = self.budget.get().checked_sub(n.saturating_add(16));
        let left = left.ok_or_else(|| {
            corrupt("structures that take more bytes than the file has", offset)
        })?;
        self.budget.set(left);
        Ok(())
    }

    /// Bytes at an address, all of them.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before; as the source's.
    pub(crate) fn bytes(&self, address: u64, n: u64) -> Result<Bytes> {
        let start = self.offset(address);
        let end = start.checked_add(n).filter(|&end| end <= self.source.len());
        let end = end.ok_or_else(|| {
            corrupt("an address outside of the file", start).with("length", n)
        })?;
        self.spend(n, start)?;
        let page = start / PAGE * PAGE;
        if end > page + PAGE {
            let pieces = self.source.read(&[start..end])?;
            return Ok(pieces.into_iter().next().unwrap_or_default());
        }
        let bytes = self.page(page)?;
        let at = |n: u64| usize::try_from(n - page).unwrap_or(usize::MAX);
        if at(end) > bytes.len() {
            return Err(corrupt("the file ends too early", start));
        }
        Ok(bytes.slice(at(start)..at(end)))
    }

    fn page(&self, page: u64) -> Result<Bytes> {
        if let Some(bytes) = self.pages.borrow().get(&page) {
            return Ok(bytes.clone());
        }
        let end = (page + PAGE).min(self.source.len());
        let pieces = self.source.read(&[page..end])?;
        let bytes = pieces.into_iter().next().unwrap_or_default();
        let mut pages = self.pages.borrow_mut();
        if pages.len() >= PAGES {
            pages.clear();
        }
        pages.insert(page, bytes.clone());
        Ok(bytes)
    }

    /// Bytes at an address, fewer where the file ends.
    ///
    /// # Errors
    /// As [`File::bytes`].
    pub(crate) fn up_to(&self, address: u64, n: u64) -> Result<Bytes> {
        let left = self.source.len().saturating_sub(self.offset(address));
        self.bytes(address, n.min(left))
    }
}

fn widths(at: u64, offsets: usize, lengths: usize) -> Result<Widths> {
    let known = [2, 4, 8];
    if known.contains(&offsets) && known.contains(&lengths) {
        return Ok(Widths { base: at, offsets, lengths });
    }
    Err(unsupported("addresses of a width that is not read", at)
        .with("bytes", format_args!("{offsets}, {lengths}")))
}
