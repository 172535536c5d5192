//! Version 2 B-trees: all records, in order. Source: III.A.2.

use salver_core::Result;

use super::checksum;
use super::cursor::{Cursor, corrupt};
use super::file::File;

/// What is the same for all nodes.
struct Tree<'a> {
    file: &'a File,
    class: u8,
    record: usize,
    /// By depth: bytes that the number of records in a node takes, and of the total below it.
    widths: Vec<(usize, usize)>,
    node: u64,
    out: Vec<Vec<u8>>,
    limit: u64,
}

/// Bytes that hold a number.
fn width(n: u64) -> usize {
    (64 - n.max(1).leading_zeros() as usize).div_ceil(8)
}

/// The records of the tree at an address, which must be of this class.
///
/// # Errors
/// `Corrupt`, `Unsupported`; as the source's.
pub(crate) fn records(file: &File, address: u64, class: u8) -> Result<Vec<Vec<u8>>> {
    let (offsets, lengths) = (file.widths.offsets, file.widths.lengths);
    let bytes = file.bytes(address, 22 + (offsets + lengths) as u64)?;
    let offset = file.offset(address);
    let mut c = Cursor::new(&bytes, offset);
    c.signature(b"BTHD")?;
    checksum::check(&bytes, offset)?;
    c.version("version 2 B-trees", 0)?;
    let found = c.u8()?;
    if found != class {
        return Err(corrupt("a B-tree of another class", offset).with("class", found));
    }
    let node = u64::from(c.u32()?);
    let record = usize::from(c.u16()?);
    let depth = usize::from(c.u16()?);
    c.skip(2)?;
    let root = c.address(offsets)?;
    let count = u64::from(c.u16()?);
    let limit = c.uint(lengths)?;
    let Some(root) = root else { return Ok(Vec::new()) };
    if record == 0 || node < 16 || depth > 32 {
        return Err(corrupt("a B-tree without records or with too many levels", offset));
    }
    let mut tree =
        Tree { file, class, record, widths: Vec::new(), node, out: Vec::new(), limit };
    tree.measure(depth, offset)?;
    tree.walk(root, count, depth)?;
    Ok(tree.out)
}

impl Tree<'_> {
    /// The widths of counts by depth: they follow from how many records fit in a node.
    fn measure(&mut self, depth: usize, offset: u64) -> Result<()> {
        let record = self.record as u64;
        let leaf = (self.node - 10) / record;
        let count = width(leaf);
        let (mut total, mut total_width) = (leaf, 0);
        self.widths.push((count, 0));
        for _ in 0..depth {
            let pointer = (self.file.widths.offsets + count + total_width) as u64;
            let most = self.node.saturating_sub(10 + pointer) / (record + pointer);
            if most == 0 {
                return Err(corrupt("a B-tree whose nodes hold nothing", offset));
            }
            self.widths.push((count, total_width));
            total = (most + 1).saturating_mul(total).saturating_add(most);
            total_width = width(total);
        }
        Ok(())
    }

    fn walk(&mut self, address: u64, count: u64, depth: usize) -> Result<()> {
        let file = self.file;
        let offset = file.offset(address);
        let signature: &[u8; 4] = if depth == 0 { b"BTLF" } else { b"BTIN" };
        let (n, total) = self.widths.get(depth).copied().unwrap_or((1, 0));
        let pointer = (file.widths.offsets + n + total) as u64;
        let pointers = if depth == 0 { 0 } else { (count + 1) * pointer };
        let length = 10 + count * self.record as u64 + pointers;
        if length > self.node {
            return Err(corrupt("a B-tree node with more records than fit", offset));
        }
        let bytes = file.bytes(address, length)?;
        let mut c = Cursor::new(&bytes, offset);
        c.signature(signature)?;
        checksum::check(&bytes, offset)?;
        c.version("version 2 B-trees", 0)?;
        if c.u8()? != self.class {
            return Err(corrupt("a B-tree node of another class", offset));
        }
        let mut records = Vec::new();
        for _ in 0..count {
            records.push(c.take(self.record)?.to_vec());
        }
        if self.out.len() as u64 + count > self.limit {
            return Err(corrupt("a B-tree with more records than it says", offset));
        }
        if depth == 0 {
            self.out.extend(records);
            return Ok(());
        }
        let mut records = records.into_iter();
        for _ in 0..=count {
            let child = c.address(file.widths.offsets)?;
            let below = c.uint(n)?;
            c.skip(total)?;
            let child =
                child.ok_or_else(|| corrupt("a B-tree node without a child", offset))?;
            self.walk(child, below, depth - 1)?;
            self.out.extend(records.next());
        }
        Ok(())
    }
}
