//! Fractal heaps: where links and attributes are when there are many. Source: III.G.

use std::cell::RefCell;
use std::collections::BTreeSet;

use bytes::Bytes;
use salver_core::Result;

use super::btree2;
use super::checksum;
use super::cursor::{Cursor, corrupt, unsupported};
use super::file::File;

/// A heap whose header is read.
pub(crate) struct Fractal<'a> {
    file: &'a File,
    offset: u64,
    id: usize,
    /// Bytes of a place in the heap, and of a length.
    place: usize,
    length: usize,
    checked: bool,
    width: u64,
    start: u64,
    largest: u64,
    root: Option<u64>,
    rows: u64,
    huge: Option<u64>,
    /// Blocks whose checksum is right.
    sound: RefCell<BTreeSet<u64>>,
}

impl<'a> Fractal<'a> {
    /// Reads the header of a heap.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported` (filters); as the source's.
    pub(crate) fn read(file: &'a File, address: u64) -> Result<Self> {
        let (offsets, lengths) = (file.widths.offsets, file.widths.lengths);
        let size = 26 + 3 * offsets + 12 * lengths;
        let bytes = file.bytes(address, size as u64)?;
        let offset = file.offset(address);
        let mut c = Cursor::new(&bytes, offset);
        c.signature(b"FRHP")?;
        c.version("fractal heaps", 0)?;
        let id = usize::from(c.u16()?);
        if c.u16()? != 0 {
            return Err(unsupported("a fractal heap with filters", offset));
        }
        checksum::check(&bytes, offset)?;
        let flags = c.u8()?;
        let biggest = u64::from(c.u32()?);
        c.skip(lengths)?;
        let huge = c.address(offsets)?;
        c.skip(lengths + offsets + 8 * lengths)?;
        let width = u64::from(c.u16()?);
        let start = c.uint(lengths)?;
        let largest = c.uint(lengths)?;
        let bits = usize::from(c.u16()?);
        c.skip(2)?;
        let root = c.address(offsets)?;
        let rows = u64::from(c.u16()?);
        let sound =
            start.is_power_of_two() && largest.is_power_of_two() && start <= largest;
        if !sound || width == 0 || !(1..=64).contains(&bits) || id == 0 {
            return Err(corrupt("a fractal heap of no size", offset));
        }
        let length_of = |n: u64| (n.max(1).ilog2() as usize) / 8 + 1;
        let length =
            (largest.ilog2() as usize).div_ceil(8).min(length_of(biggest)).max(1);
        Ok(Self {
            file,
            offset,
            id,
            place: bits.div_ceil(8),
            length,
            checked: flags & 2 != 0,
            width,
            start,
            largest,
            root,
            rows,
            huge,
            sound: RefCell::default(),
        })
    }

    /// The object of an identifier, and its place in the file.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`; as the source's.
    pub(crate) fn object(&self, id: &[u8]) -> Result<(Bytes, u64)> {
        let mut c = Cursor::new(id, self.offset);
        let first = c.u8()?;
        match first >> 4 & 3 {
            0 => {
                let place = c.uint(self.place)?;
                let length = c.uint(self.length)?;
                self.managed(place, length)
            }
            1 => self.large(&mut c),
            2 => {
                let extended = self.id > 18;
                let low = if extended { usize::from(c.u8()?) } else { 0 };
                let high = usize::from(first & 15);
                let length = if extended { (high << 8 | low) + 1 } else { high + 1 };
                Ok((Bytes::copy_from_slice(c.take(length)?), self.offset))
            }
            _ => Err(unsupported("a kind of heap object", self.offset)),
        }
    }

    fn large(&self, c: &mut Cursor<'_>) -> Result<(Bytes, u64)> {
        let (offsets, lengths) = (self.file.widths.offsets, self.file.widths.lengths);
        let missing = || corrupt("a heap object that is not there", self.offset);
        if offsets + lengths < self.id {
            let address = c.address(offsets)?.ok_or_else(missing)?;
            let length = c.uint(lengths)?;
            return Ok((self.file.bytes(address, length)?, self.file.offset(address)));
        }
        let wanted = c.uint((self.id - 1).min(8).min(c.left()))?;
        for record in btree2::records(self.file, self.huge.ok_or_else(missing)?, 1)? {
            let mut c = Cursor::new(&record, self.offset);
            let address = c.address(offsets)?;
            let length = c.uint(lengths)?;
            if c.uint(lengths)? == wanted {
                let address = address.ok_or_else(missing)?;
                return Ok((
                    self.file.bytes(address, length)?,
                    self.file.offset(address),
                ));
            }
        }
        Err(missing())
    }

    /// Size of the blocks of a row.
    fn size(&self, row: u64) -> Option<u64> {
        let doublings = u32::try_from(row.saturating_sub(1)).ok()?;
        self.start.checked_mul(1_u64.checked_shl(doublings)?)
    }

    /// An object that lies in the blocks of the heap.
    fn managed(&self, place: u64, length: u64) -> Result<(Bytes, u64)> {
        let missing = || corrupt("a heap object outside of its heap", self.offset);
        let mut address = self.root.ok_or_else(missing)?;
        let mut rows = self.rows;
        let mut start = 0_u64;
        let mut size = self.start;
        // each round goes to a smaller block
        for _ in 0..64 {
            if rows == 0 {
                let at = place.checked_sub(start).ok_or_else(missing)?;
                if at.checked_add(length).is_none_or(|end| end > size) {
                    return Err(missing());
                }
                self.block(address, size)?;
                let address = address.checked_add(at).ok_or_else(missing)?;
                return Ok((
                    self.file.bytes(address, length)?,
                    self.file.offset(address),
                ));
            }
            let (child, child_start, child_size) =
                self.child(address, rows, (start, place))?;
            if child_size > self.largest {
                // an indirect block: as many rows as its size has
                let first = self.start.checked_mul(self.width).ok_or_else(missing)?;
                rows = u64::from((child_size / first).max(1).ilog2()) + 1;
            } else {
                rows = 0;
            }
            (address, start, size) = (child, child_start, child_size);
        }
        Err(missing())
    }

    /// Checks the head of a block that holds objects.
    fn block(&self, address: u64, size: u64) -> Result<()> {
        if !self.sound.borrow_mut().insert(address) {
            return Ok(());
        }
        let offset = self.file.offset(address);
        let head = 5 + self.file.widths.offsets + self.place;
        let bytes =
            self.file.bytes(address, if self.checked { size } else { head as u64 })?;
        Cursor::new(&bytes, offset).signature(b"FHDB")?;
        if !self.checked {
            return Ok(());
        }
        // the checksum is of the block with zeros in its place
        let mut whole = bytes.to_vec();
        let mut c = Cursor::new(&bytes, offset);
        c.skip(head)?;
        let stored = c.u32()?;
        if let Some(place) = whole.get_mut(head..head + 4) {
            place.fill(0);
        }
        if checksum::lookup3(&whole) == stored {
            return Ok(());
        }
        Err(corrupt("a heap block whose checksum is wrong", offset))
    }

    /// The block of an indirect block that holds a place of the heap.
    fn child(
        &self,
        address: u64,
        rows: u64,
        (start, place): (u64, u64),
    ) -> Result<(u64, u64, u64)> {
        let missing = || corrupt("a heap object outside of its heap", self.offset);
        let (mut at, mut number) = (start, 0_u64);
        for row in 0..rows {
            let size = self.size(row).ok_or_else(missing)?;
            let whole = size.checked_mul(self.width).ok_or_else(missing)?;
            let end = at.checked_add(whole).ok_or_else(missing)?;
            if place < end {
                let column = place.checked_sub(at).ok_or_else(missing)? / size;
                let offsets = self.file.widths.offsets as u64;
                let head = 5 + offsets + self.place as u64;
                let block = self.file.bytes(address, 4)?;
                Cursor::new(&block, self.file.offset(address)).signature(b"FHIB")?;
                let entry = address + head + (number + column) * offsets;
                let bytes = self.file.bytes(entry, offsets)?;
                let mut c = Cursor::new(&bytes, self.file.offset(entry));
                let child = c.address(self.file.widths.offsets)?.ok_or_else(missing)?;
                return Ok((child, at + column * size, size));
            }
            at = end;
            number += self.width;
        }
        Err(missing())
    }
}
