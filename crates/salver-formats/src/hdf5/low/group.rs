//! Links of a group, old (symbol tables) and new (link messages and their heap), and attributes.
//! Source: III.A.1, III.B–D, IV.A.2.c, f, g.

use bytes::Bytes;
use salver_core::Result;

use super::btree2;
use super::cursor::{Cursor, corrupt, text_of, text_until_nul, unsupported};
use super::file::File;
use super::fractal::Fractal;
use super::header::{Header, kind};
use super::messages::Attribute;

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An object header.
    Hard(u64),
    /// A path in the file.
    Soft(String),
    /// A path in another file.
    External { file: String, path: String },
    /// A link of another kind.
    Other(u8),
}

/// A member of a group.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub name: String,
    pub target: Target,
    order: Option<u64>,
}

/// The members of a group: in the order they were made where that is known, else by name.
///
/// # Errors
/// `Corrupt`, `Unsupported`; as the source's.
pub(crate) fn links(file: &File, header: &Header) -> Result<Vec<Link>> {
    let mut out = Vec::new();
    if let Some(message) = header.find(kind::SYMBOL_TABLE) {
        let mut c = Cursor::new(&message.bytes, message.offset);
        let tree = c.address(file.widths.offsets)?;
        let heap = c.address(file.widths.offsets)?;
        if let (Some(tree), Some(heap)) = (tree, heap) {
            let heap = local_heap(file, heap)?;
            symbols(file, tree, &heap, None, &mut out)?;
        }
        return Ok(out);
    }
    for message in header.messages.iter().filter(|m| m.kind == kind::LINK) {
        out.push(link(&message.bytes, message.offset, file)?);
    }
    let mut dense = false;
    if let Some(message) = header.find(kind::LINK_INFO) {
        let mut c = Cursor::new(&message.bytes, message.offset);
        c.version("link info", 0)?;
        let flags = c.u8()?;
        c.skip(if flags & 1 != 0 { 8 } else { 0 })?;
        let heap = c.address(file.widths.offsets)?;
        let tree = c.address(file.widths.offsets)?;
        if let (Some(heap), Some(tree)) = (heap, tree) {
            dense = true;
            let heap = Fractal::read(file, heap)?;
            for record in btree2::records(file, tree, 5)? {
                let id = record.get(4..).unwrap_or_default();
                let (bytes, offset) = heap.object(id)?;
                out.push(link(&bytes, offset, file)?);
            }
        }
    }
    if out.iter().all(|l| l.order.is_some()) {
        out.sort_by_key(|l| l.order);
    } else if dense {
        out.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(out)
}

/// A link message.
fn link(bytes: &Bytes, offset: u64, file: &File) -> Result<Link> {
    let mut c = Cursor::new(bytes, offset);
    c.version("links", 1)?;
    let flags = c.u8()?;
    let class = if flags & 8 != 0 { c.u8()? } else { 0 };
    let order = if flags & 4 != 0 { Some(c.u64()?) } else { None };
    c.skip(usize::from(flags & 16 != 0))?;
    let length = c.size(1 << (flags & 3))?;
    let name = text_of(c.take(length)?);
    let target = match class {
        0 => match c.address(file.widths.offsets)? {
            Some(address) => Target::Hard(address),
            None => return Err(corrupt("a link to nowhere", offset)),
        },
        1 => {
            let length = usize::from(c.u16()?);
            Target::Soft(text_of(c.take(length)?))
        }
        64 => {
            let length = usize::from(c.u16()?);
            let mut c = Cursor::new(c.take(length)?, offset);
            c.skip(1)?;
            let file = c.text()?;
            Target::External { file, path: text_until_nul(c.rest()) }
        }
        other => Target::Other(other),
    };
    Ok(Link { name, target, order })
}

/// The data segment of a local heap.
fn local_heap(file: &File, address: u64) -> Result<(Bytes, u64)> {
    let lengths = file.widths.lengths;
    let bytes = file.up_to(address, 64)?;
    let mut c = Cursor::new(&bytes, file.offset(address));
    c.signature(b"HEAP")?;
    c.version("local heaps", 0)?;
    c.skip(3)?;
    let size = c.uint(lengths)?;
    c.skip(lengths)?;
    let data = c.address(file.widths.offsets)?;
    let data = data.ok_or_else(|| corrupt("a local heap without data", c.offset()))?;
    Ok((file.bytes(data, size)?, file.offset(data)))
}

fn heap_text((bytes, base): &(Bytes, u64), offset: u64) -> Result<String> {
    let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..));
    let rest = rest.ok_or_else(|| corrupt("a name outside of its heap", *base))?;
    Cursor::new(rest, base + offset).text()
}

/// Walks a version 1 B-tree of a group; each level is one less than that above.
fn symbols(
    file: &File,
    address: u64,
    heap: &(Bytes, u64),
    wanted: Option<u8>,
    out: &mut Vec<Link>,
) -> Result<()> {
    let (offsets, lengths) = (file.widths.offsets, file.widths.lengths);
    let head = file.bytes(address, 8 + 2 * offsets as u64)?;
    let mut c = Cursor::new(&head, file.offset(address));
    c.signature(b"TREE")?;
    c.version("the B-tree of a group", 0)?;
    let level = c.u8()?;
    if wanted.is_some_and(|w| w != level) {
        return Err(corrupt("a B-tree node of another level", c.offset()));
    }
    let count = usize::from(c.u16()?);
    let body = (lengths + offsets) * count + lengths;
    let bytes = file.bytes(address + head.len() as u64, body as u64)?;
    let mut c = Cursor::new(&bytes, file.offset(address) + head.len() as u64);
    for _ in 0..count {
        c.skip(lengths)?;
        let Some(child) = c.address(offsets)? else { continue };
        match level.checked_sub(1) {
            Some(below) => symbols(file, child, heap, Some(below), out)?,
            None => node(file, child, heap, out)?,
        }
    }
    Ok(())
}

/// One node of symbols.
fn node(
    file: &File,
    address: u64,
    heap: &(Bytes, u64),
    out: &mut Vec<Link>,
) -> Result<()> {
    let offsets = file.widths.offsets;
    let head = file.bytes(address, 8)?;
    let mut c = Cursor::new(&head, file.offset(address));
    c.signature(b"SNOD")?;
    c.version("symbol nodes", 1)?;
    c.skip(1)?;
    let count = u64::from(c.u16()?);
    let bytes = file.bytes(address + 8, count * (2 * offsets as u64 + 24))?;
    let mut c = Cursor::new(&bytes, file.offset(address) + 8);
    for _ in 0..count {
        let name = heap_text(heap, c.uint(offsets)?)?;
        let target = c.address(offsets)?;
        let class = c.u32()?;
        c.skip(4)?;
        let offset = c.offset();
        let scratch = c.take(16)?;
        let target = match (class, target) {
            (2, _) => {
                let at = u64::from(Cursor::new(scratch, offset).u32()?);
                Target::Soft(heap_text(heap, at)?)
            }
            (_, Some(target)) => Target::Hard(target),
            (_, None) => return Err(corrupt("a link to nowhere", offset)),
        };
        out.push(Link { name, target, order: None });
    }
    Ok(())
}

/// The attributes of an object, in the order they were made where that is known.
///
/// # Errors
/// `Corrupt`, `Unsupported`; as the source's.
pub(crate) fn attributes(file: &File, header: &Header) -> Result<Vec<Attribute>> {
    let mut out = Vec::new();
    for message in header.messages.iter().filter(|m| m.kind == kind::ATTRIBUTE) {
        if message.shared {
            return Err(unsupported("an attribute in a shared heap", message.offset));
        }
        out.push(Attribute::parse(&message.bytes, message.offset, file)?);
    }
    let Some(message) = header.find(kind::ATTRIBUTE_INFO) else { return Ok(out) };
    let mut c = Cursor::new(&message.bytes, message.offset);
    c.version("attribute info", 0)?;
    let flags = c.u8()?;
    c.skip(if flags & 1 != 0 { 2 } else { 0 })?;
    let heap = c.address(file.widths.offsets)?;
    let tree = c.address(file.widths.offsets)?;
    if let (Some(heap), Some(tree)) = (heap, tree) {
        let heap = Fractal::read(file, heap)?;
        let mut found = Vec::new();
        for record in btree2::records(file, tree, 8)? {
            let order = record.get(9..13).and_then(|b| b.first_chunk().copied());
            let order = order.map_or(0, u32::from_le_bytes);
            if record.get(8).is_some_and(|flags| flags & 2 != 0) {
                return Err(unsupported("an attribute in a shared heap", message.offset));
            }
            let (bytes, offset) = heap.object(record.get(..8).unwrap_or_default())?;
            found.push((order, Attribute::parse(&bytes, offset, file)?));
        }
        if flags & 1 != 0 {
            found.sort_by_key(|(order, _)| *order);
        } else {
            found.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        }
        out.extend(found.into_iter().map(|(_, attribute)| attribute));
    }
    Ok(out)
}
