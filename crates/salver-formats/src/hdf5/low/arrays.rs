//! Fixed and extensible arrays of chunk addresses. Source: VII.C, VII.D.

use salver_core::Result;

use super::checksum;
use super::chunks::{Chunk, Grid};
use super::cursor::{Cursor, corrupt};

/// How an element is spelled, and what of the grid it is of.
struct Elements<'a, 'g> {
    grid: &'a Grid<'g>,
    /// Bytes of an element.
    size: usize,
    filtered: bool,
    out: Vec<Chunk>,
}

impl Elements<'_, '_> {
    fn take(&mut self, c: &mut Cursor<'_>, count: u64) -> Result<()> {
        let offsets = self.grid.file.widths.offsets;
        for _ in 0..count {
            let address = c.address(offsets)?;
            let (mut len, mut mask) = (self.grid.bytes, 0);
            if self.filtered {
                len = c.uint(self.size.saturating_sub(offsets + 4))?;
                mask = c.u32()?;
            }
            self.out.push(Chunk { address, len, mask });
        }
        Ok(())
    }

    fn nothing(&mut self, count: u64) {
        for _ in 0..count {
            self.out.push(Chunk { address: None, len: 0, mask: 0 });
        }
    }

    /// Elements and the checksum behind them.
    fn page(&mut self, address: u64, count: u64) -> Result<()> {
        let file = self.grid.file;
        let bytes = file.bytes(address, count * self.size as u64 + 4)?;
        checksum::check(&bytes, file.offset(address))?;
        self.take(&mut Cursor::new(&bytes, file.offset(address)), count)
    }

    fn check(&self, offset: u64) -> Result<()> {
        let least = self.grid.file.widths.offsets + if self.filtered { 5 } else { 0 };
        let right = self.filtered == self.grid.filtered && self.size >= least;
        if right && self.size <= 32 {
            return Ok(());
        }
        Err(corrupt("an array of chunks of another kind", offset))
    }
}

/// The elements of a fixed array.
///
/// # Errors
/// `Corrupt`, `Unsupported`; as the source's.
pub(crate) fn fixed(grid: &Grid<'_>, address: u64) -> Result<Vec<Chunk>> {
    let file = grid.file;
    let (offsets, lengths) = (file.widths.offsets, file.widths.lengths);
    let offset = file.offset(address);
    let bytes = file.bytes(address, (12 + lengths + offsets) as u64)?;
    let mut c = Cursor::new(&bytes, offset);
    c.signature(b"FAHD")?;
    checksum::check(&bytes, offset)?;
    c.version("fixed arrays", 0)?;
    let filtered = c.u8()? == 1;
    let size = usize::from(c.u8()?);
    let bits = u32::from(c.u8()?);
    let count = c.uint(lengths)?;
    let block = c.address(offsets)?;
    let mut elements = Elements { grid, size, filtered, out: Vec::new() };
    elements.check(offset)?;
    let Some(block) = block else { return Ok(elements.out) };
    let page = 1_u64.checked_shl(bits).unwrap_or(u64::MAX);
    let head = 6 + offsets as u64;
    if count <= page {
        // all in one block
        let whole = count.checked_mul(size as u64).and_then(|n| n.checked_add(head + 4));
        let whole =
            whole.ok_or_else(|| corrupt("an array of chunks too long", offset))?;
        let bytes = file.bytes(block, whole)?;
        checksum::check(&bytes, file.offset(block))?;
        let mut c = Cursor::new(&bytes, file.offset(block));
        c.signature(b"FADB")?;
        c.skip(2 + offsets)?;
        elements.take(&mut c, count)?;
        return Ok(elements.out);
    }
    let pages = count.div_ceil(page);
    let map = pages.div_ceil(8);
    let bytes = file.bytes(block, head + map + 4)?;
    checksum::check(&bytes, file.offset(block))?;
    let mut c = Cursor::new(&bytes, file.offset(block));
    c.signature(b"FADB")?;
    c.skip(2 + offsets)?;
    let map = c.take(usize::try_from(map).unwrap_or(usize::MAX))?;
    let first = block + head + map.len() as u64 + 4;
    limit(grid, count, offset)?;
    for number in 0..pages {
        let n = page.min(count - number * page);
        if is_set(map, number) {
            elements.page(first + number * (page * size as u64 + 4), n)?;
        } else {
            elements.nothing(n);
        }
    }
    Ok(elements.out)
}

/// No more elements than a small multiple of the file's bytes, stored or not.
fn limit(grid: &Grid<'_>, count: u64, offset: u64) -> Result<()> {
    if count <= (1 << 16) + grid.file.len() / 4 {
        return Ok(());
    }
    Err(corrupt("an array of many more chunks than the file can hold", offset))
}

/// A bit of a map, the highest of each byte first.
fn is_set(map: &[u8], number: u64) -> bool {
    let byte = usize::try_from(number / 8).ok().and_then(|at| map.get(at));
    byte.is_some_and(|byte| byte & (0x80 >> (number % 8)) != 0)
}

/// What the header of an extensible array says.
struct Extensible {
    /// Elements in the index block, in the smallest data block, and in a page.
    first: u64,
    least: u64,
    page: u64,
    /// Bytes of an offset in the array.
    place: usize,
    /// Elements that were ever set.
    count: u64,
}

/// The elements of an extensible array.
///
/// # Errors
/// `Corrupt`, `Unsupported`; as the source's.
pub(crate) fn extensible(grid: &Grid<'_>, address: u64) -> Result<Vec<Chunk>> {
    let file = grid.file;
    let (offsets, lengths) = (file.widths.offsets, file.widths.lengths);
    let offset = file.offset(address);
    let bytes = file.bytes(address, (16 + 6 * lengths + offsets) as u64)?;
    let mut c = Cursor::new(&bytes, offset);
    c.signature(b"EAHD")?;
    checksum::check(&bytes, offset)?;
    c.version("extensible arrays", 0)?;
    let filtered = c.u8()? == 1;
    let size = usize::from(c.u8()?);
    let bits = u32::from(c.u8()?);
    let first = u64::from(c.u8()?);
    let least = u64::from(c.u8()?);
    let pointers = u64::from(c.u8()?);
    let page = 1_u64.checked_shl(u32::from(c.u8()?)).unwrap_or(u64::MAX);
    c.skip(4 * lengths)?;
    let count = c.uint(lengths)?;
    c.skip(lengths)?;
    let block = c.address(offsets)?;
    let mut elements = Elements { grid, size, filtered, out: Vec::new() };
    elements.check(offset)?;
    let sound = least.is_power_of_two() && pointers.is_power_of_two() && bits <= 64;
    if !sound || bits < least.ilog2() {
        return Err(corrupt("an extensible array of no size", offset));
    }
    limit(grid, count, offset)?;
    let Some(block) = block else { return Ok(elements.out) };
    let place = usize::try_from(bits.div_ceil(8)).unwrap_or(8);
    let array = Extensible { first, least, page, place, count };
    // super blocks whose data blocks the index block points to itself
    let near = u64::from(2 * pointers.ilog2());
    let near_blocks = 2 * (pointers - 1);
    let supers = 1 + u64::from(bits - least.ilog2());
    let far = supers.saturating_sub(near);
    let length = 10 + offsets as u64 * (1 + near_blocks + far) + first * size as u64;
    let bytes = file.bytes(block, length)?;
    checksum::check(&bytes, file.offset(block))?;
    let mut c = Cursor::new(&bytes, file.offset(block));
    c.signature(b"EAIB")?;
    c.skip(2 + offsets)?;
    elements.take(&mut c, array.first)?;
    for number in 0..supers {
        if elements.out.len() as u64 >= array.count {
            break;
        }
        // lossless: `number` is at most 64
        let step = u32::try_from(number).unwrap_or(64);
        let blocks = 1_u64 << (step / 2);
        let each = array.least << step.div_ceil(2).min(40);
        if number < near {
            for _ in 0..blocks {
                let block = c.address(offsets)?;
                array.block(&mut elements, block, each, None)?;
            }
        } else {
            let block = c.address(offsets)?;
            array.secondary(&mut elements, block, (blocks, each))?;
        }
    }
    Ok(elements.out)
}

impl Extensible {
    /// A data block; `map` says which of its pages are stored.
    fn block(
        &self,
        elements: &mut Elements<'_, '_>,
        address: Option<u64>,
        count: u64,
        map: Option<(&[u8], u64)>,
    ) -> Result<()> {
        let left = self.count.saturating_sub(elements.out.len() as u64);
        let Some(address) = address else {
            elements.nothing(count.min(left));
            return Ok(());
        };
        let file = elements.grid.file;
        let offset = file.offset(address);
        let head = 6 + file.widths.offsets + self.place;
        let size = elements.size as u64;
        if count <= self.page {
            let bytes = file.bytes(address, head as u64 + count * size + 4)?;
            let mut c = Cursor::new(&bytes, offset);
            c.signature(b"EADB")?;
            checksum::check(&bytes, offset)?;
            c.skip(head - 4)?;
            return elements.take(&mut c, count.min(left));
        }
        let bytes = file.bytes(address, head as u64 + 4)?;
        Cursor::new(&bytes, offset).signature(b"EADB")?;
        checksum::check(&bytes, offset)?;
        let first = address + head as u64 + 4;
        let wanted = count.min(left).div_ceil(self.page);
        for number in 0..wanted {
            let stored = map.is_none_or(|(map, from)| is_set(map, from + number));
            if stored {
                elements.page(first + number * (self.page * size + 4), self.page)?;
            } else {
                elements.nothing(self.page);
            }
        }
        Ok(())
    }

    /// The data blocks of a secondary block.
    fn secondary(
        &self,
        elements: &mut Elements<'_, '_>,
        address: Option<u64>,
        (blocks, each): (u64, u64),
    ) -> Result<()> {
        let file = elements.grid.file;
        let offsets = file.widths.offsets;
        let Some(address) = address else {
            let left = self.count.saturating_sub(elements.out.len() as u64);
            elements.nothing(left.min(blocks.saturating_mul(each)));
            return Ok(());
        };
        let offset = file.offset(address);
        let pages = if each > self.page { each / self.page } else { 0 };
        let map = pages.div_ceil(8) * blocks;
        let head = 6 + offsets as u64 + self.place as u64;
        let length = blocks
            .checked_mul(offsets as u64)
            .and_then(|n| n.checked_add(head + map + 4));
        let length =
            length.ok_or_else(|| corrupt("an extensible array too long", offset))?;
        let bytes = file.bytes(address, length)?;
        checksum::check(&bytes, offset)?;
        let mut c = Cursor::new(&bytes, offset);
        c.signature(b"EASB")?;
        c.skip(2 + offsets + self.place)?;
        let map = c.take(usize::try_from(map).unwrap_or(usize::MAX))?;
        for number in 0..blocks {
            if elements.out.len() as u64 >= self.count {
                break;
            }
            let block = c.address(offsets)?;
            let stored = (pages > 0).then_some((map, number * pages));
            self.block(elements, block, each, stored)?;
        }
        Ok(())
    }
}
