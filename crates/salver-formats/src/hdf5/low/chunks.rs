//! Where the chunks of a dataset are. Source: III.A.1, IV.A.2.i, VII.

use salver_core::{Error, ErrorKind, Result};
use salver_tree::Place;

use super::arrays;
use super::btree2;
use super::cursor::{Cursor, OP, corrupt};
use super::file::File;
use super::messages::ChunkIndex;

/// A dataset of chunks.
pub(crate) struct Grid<'a> {
    pub file: &'a File,
    /// Lengths of the axes, and what they may grow to.
    pub dims: &'a [u64],
    pub max: &'a [u64],
    /// Shape of a chunk.
    pub chunk: &'a [u64],
    /// Bytes of a chunk before filters.
    pub bytes: u64,
    pub filtered: bool,
}

/// The chunks of a dataset, in C order of the grid: their places (a length of 0 is not stored) and
/// the masks of filters that were left out.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub places: Vec<Place>,
    pub masks: Vec<(usize, u32)>,
}

/// One stored chunk, by its number along each axis.
pub(crate) struct Chunk {
    pub address: Option<u64>,
    pub len: u64,
    pub mask: u32,
}

impl Grid<'_> {
    /// Chunks along each axis.
    fn counts(&self, dims: &[u64]) -> Vec<u64> {
        dims.iter().zip(self.chunk).map(|(&n, &c)| n.div_ceil(c.max(1))).collect()
    }

    /// Finds all chunks.
    ///
    /// # Errors
    /// `Limit` for many more chunks than the file could store; `Corrupt`, `Unsupported`; as the
    /// source's.
    pub(crate) fn find(&self, address: Option<u64>, index: &ChunkIndex) -> Result<Found> {
        let counts = self.counts(self.dims);
        let total = counts.iter().try_fold(1_u64, |n, &c| n.checked_mul(c));
        let limit = (1 << 16) + self.file.len() / 4;
        let total = total.filter(|&n| n <= limit).ok_or_else(|| {
            Error::new(ErrorKind::Limit, OP, "many more chunks than the file can hold")
                .with("limit", limit)
        })?;
        let none = Place { offset: 0, len: 0 };
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let mut found = Found { places: vec![none; total], masks: Vec::new() };
        let Some(address) = address else { return Ok(found) };
        match index {
            ChunkIndex::Tree1 => self.tree1(address, None, &counts, &mut found)?,
            ChunkIndex::Tree2 => self.tree2(address, &counts, &mut found)?,
            ChunkIndex::Single(stored) => {
                let (len, mask) = stored.unwrap_or((self.bytes, 0));
                let chunk = Chunk { address: Some(address), len, mask };
                self.put(&mut found, &counts, &vec![0; counts.len()], &chunk)?;
            }
            ChunkIndex::Implicit => {
                let file = self.file;
                self.linear(&mut found, &counts, None, &mut |number| {
                    let at = number
                        .checked_mul(self.bytes)
                        .and_then(|n| n.checked_add(address));
                    let at = at.ok_or_else(|| {
                        corrupt("a chunk outside", file.offset(address))
                    })?;
                    Ok(Chunk { address: Some(at), len: self.bytes, mask: 0 })
                })?;
            }
            ChunkIndex::FixedArray => {
                let all = arrays::fixed(self, address)?;
                self.linear(&mut found, &counts, None, &mut |n| Ok(pick(&all, n)))?;
            }
            ChunkIndex::ExtensibleArray => {
                let all = arrays::extensible(self, address)?;
                let endless = self.max.iter().position(|&m| m == u64::MAX);
                self.linear(&mut found, &counts, endless, &mut |n| Ok(pick(&all, n)))?;
            }
        }
        Ok(found)
    }

    /// Takes the chunks from where they have one number each: in C order of the largest grid, an
    /// axis without end first.
    fn linear(
        &self,
        found: &mut Found,
        counts: &[u64],
        endless: Option<usize>,
        chunk: &mut dyn FnMut(u64) -> Result<Chunk>,
    ) -> Result<()> {
        let most = self.counts(self.max);
        let mut order: Vec<usize> = (0..counts.len()).collect();
        if let Some(axis) = endless {
            order.remove(axis);
            order.insert(0, axis);
        }
        if counts.contains(&0) {
            return Ok(());
        }
        let mut at = vec![0_u64; counts.len()];
        loop {
            let number = order.iter().enumerate().try_fold(0_u64, |n, (i, &axis)| {
                let width = if i == 0 { 1 } else { most.get(axis).copied().unwrap_or(1) };
                n.checked_mul(width)?.checked_add(at.get(axis).copied().unwrap_or(0))
            });
            if let Some(number) = number {
                let chunk = chunk(number)?;
                self.put(found, counts, &at, &chunk)?;
            }
            let mut axis = counts.len();
            loop {
                let Some(before) = axis.checked_sub(1) else { return Ok(()) };
                axis = before;
                let (Some(i), Some(&n)) = (at.get_mut(axis), counts.get(axis)) else {
                    return Ok(());
                };
                *i += 1;
                if *i < n {
                    break;
                }
                *i = 0;
            }
        }
    }

    /// Notes a chunk; those outside of the extent (it has shrunk) are nothing.
    fn put(
        &self,
        found: &mut Found,
        counts: &[u64],
        at: &[u64],
        chunk: &Chunk,
    ) -> Result<()> {
        let Some(address) = chunk.address else { return Ok(()) };
        if at.iter().zip(counts).any(|(i, n)| i >= n) {
            return Ok(());
        }
        let number = at.iter().zip(counts).fold(0, |n, (i, count)| n * count + i);
        let offset = self.file.offset(address);
        if offset.checked_add(chunk.len).is_none_or(|end| end > self.file.len()) {
            return Err(
                corrupt("a chunk outside of the file", offset).with("length", chunk.len)
            );
        }
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(place) = found.places.get_mut(number) {
            *place = Place { offset, len: chunk.len };
            if chunk.mask != 0 {
                found.masks.push((number, chunk.mask));
            }
        }
        Ok(())
    }

    /// Walks a version 1 B-tree; each level is one less than that above.
    fn tree1(
        &self,
        address: u64,
        wanted: Option<u8>,
        counts: &[u64],
        found: &mut Found,
    ) -> Result<()> {
        let file = self.file;
        let offsets = file.widths.offsets;
        let head = file.bytes(address, 8 + 2 * offsets as u64)?;
        let offset = file.offset(address);
        let mut c = Cursor::new(&head, offset);
        c.signature(b"TREE")?;
        c.version("the B-tree of chunks", 1)?;
        let level = c.u8()?;
        if wanted.is_some_and(|w| w != level) {
            return Err(corrupt("a B-tree node of another level", offset));
        }
        let count = usize::from(c.u16()?);
        let key = 8 + 8 * (self.chunk.len() + 1);
        let body = (key + offsets) * count;
        let bytes = file.bytes(address + head.len() as u64, body as u64)?;
        let mut c = Cursor::new(&bytes, offset + head.len() as u64);
        for _ in 0..count {
            let len = u64::from(c.u32()?);
            let mask = c.u32()?;
            let mut at = Vec::with_capacity(self.chunk.len());
            for &edge in self.chunk {
                at.push(c.u64()? / edge.max(1));
            }
            c.skip(8)?;
            let Some(child) = c.address(offsets)? else { continue };
            if let Some(below) = level.checked_sub(1) {
                self.tree1(child, Some(below), counts, found)?;
            } else {
                let chunk = Chunk { address: Some(child), len, mask };
                self.put(found, counts, &at, &chunk)?;
            }
        }
        Ok(())
    }

    fn tree2(&self, address: u64, counts: &[u64], found: &mut Found) -> Result<()> {
        let offsets = self.file.widths.offsets;
        let class = if self.filtered { 11 } else { 10 };
        let rank = self.chunk.len();
        for record in btree2::records(self.file, address, class)? {
            let mut c = Cursor::new(&record, self.file.offset(address));
            let child = c.address(offsets)?;
            let (mut len, mut mask) = (self.bytes, 0);
            if self.filtered {
                let width = record.len().saturating_sub(offsets + 4 + 8 * rank);
                len = c.uint(width)?;
                mask = c.u32()?;
            }
            let at = (0..rank).map(|_| c.u64()).collect::<Result<Vec<_>>>()?;
            self.put(found, counts, &at, &Chunk { address: child, len, mask })?;
        }
        Ok(())
    }
}

fn pick(all: &[Chunk], number: u64) -> Chunk {
    let found = usize::try_from(number).ok().and_then(|n| all.get(n));
    found.map_or(Chunk { address: None, len: 0, mask: 0 }, |c| Chunk {
        address: c.address,
        len: c.len,
        mask: c.mask,
    })
}
