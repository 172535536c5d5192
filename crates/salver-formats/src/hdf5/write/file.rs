//! Places for all objects and data, and the bytes in order.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{MemorySource, PartIndex, Sink, Source};

use super::message;
use super::plan::{Body, Chunk, Data, Object, Plan};
use crate::hdf5::low::checksum::lookup3;
use crate::hdf5::low::file::SIGNATURE;
use crate::hdf5::walk;

const OP: Op = Op("hdf5.encode");
/// Bytes of the superblock.
const SUPERBLOCK: u64 = 48;
/// Children of a B-tree node of chunks: twice the library's K of 32.
const CHILDREN: usize = 64;
/// Bytes of heap collections, at least and about.
const COLLECTION: usize = 4096;
const FULL: usize = 1 << 16;

/// Writes all that is planned.
///
/// # Errors
/// As the sink's and those of lazy nodes.
pub(super) fn write(plan: Plan<'_>, sink: &mut dyn Sink) -> Result<PartIndex> {
    let Plan { objects, data, .. } = plan;
    let mut places = Places::default();
    let mut at = SUPERBLOCK;
    for object in &objects {
        places.objects.push(at);
        at += size(object, &data).next_multiple_of(8);
    }
    let heap = Collections::fill(&objects, at);
    at += heap.bytes.len() as u64;
    for one in &data {
        places.trees.push(at);
        if let Data::Chunks { chunks, chunk, .. } = one {
            at += nodes(chunks.len()) * node_size(chunk.len());
        }
    }
    for one in &data {
        at = at.next_multiple_of(8);
        places.data.push(at);
        at += length(one);
    }
    let end = at;
    let mut head = superblock(end, places.objects.first().copied().unwrap_or(0));
    let mut texts = heap.places.iter();
    for object in &objects {
        let bytes = render(object, &data, &places, &mut texts)?;
        head.extend_from_slice(&bytes);
        head.resize(head.len().next_multiple_of(8), 0);
    }
    head.extend_from_slice(&heap.bytes);
    for (number, one) in data.iter().enumerate() {
        if let Data::Chunks { chunks, chunk, .. } = one {
            let tree = places.trees.get(number).copied().unwrap_or(0);
            let first = places.data.get(number).copied().unwrap_or(0);
            head.extend_from_slice(&btree(chunks, chunk, tree, first));
        }
    }
    // what cannot be read again is refused before it is written
    let source = Head { bytes: MemorySource::new(head.clone()), len: end };
    let source: Arc<dyn Source> = Arc::new(source);
    let index = walk::index(&source)?;
    put(&head, &data, &places, sink)?;
    Ok(index)
}

fn put(head: &[u8], data: &[Data], places: &Places, sink: &mut dyn Sink) -> Result<()> {
    let start = sink.written();
    sink.write(head)?;
    for (one, &place) in data.iter().zip(&places.data) {
        let gap = place.saturating_sub(sink.written() - start);
        sink.write(&vec![0; usize::try_from(gap).unwrap_or(0)])?;
        match one {
            Data::Bytes(bytes) => sink.write(bytes)?,
            Data::Array(array) => sink.write(array.buffer()?.as_slice())?,
            Data::Chunks { chunks, .. } => {
                for chunk in chunks {
                    sink.write(&chunk.bytes)?;
                }
            }
        }
    }
    Ok(())
}

/// Addresses.
#[derive(Default)]
struct Places {
    objects: Vec<u64>,
    /// B-trees of data, where there are any.
    trees: Vec<u64>,
    data: Vec<u64>,
}

fn length(data: &Data) -> u64 {
    match data {
        Data::Bytes(bytes) => bytes.len() as u64,
        Data::Array(array) => (array.len() * array.dtype().size()) as u64,
        Data::Chunks { chunks, .. } => chunks.iter().map(|c| c.bytes.len() as u64).sum(),
    }
}

fn body_size(body: &Body, data: &[Data]) -> u64 {
    match body {
        Body::Bytes(bytes) => bytes.len() as u64,
        Body::Link(head, _) => head.len() as u64 + 8,
        Body::Text(head, texts) => (head.len() + 16 * texts.len()) as u64,
        Body::Layout(number) => match data.get(*number) {
            Some(Data::Chunks { chunk, .. }) => 15 + 4 * chunk.len() as u64,
            _ => 18,
        },
    }
}

/// Bytes of an object header.
fn size(object: &Object, data: &[Data]) -> u64 {
    object.iter().map(|(_, body)| 4 + body_size(body, data)).sum::<u64>() + 14
}

fn superblock(end: u64, root: u64) -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    out.extend([2, 8, 8, 0]);
    out.extend(0_u64.to_le_bytes());
    out.extend(message::NOWHERE.to_le_bytes());
    out.extend(end.to_le_bytes());
    out.extend(root.to_le_bytes());
    out.extend(lookup3(&out).to_le_bytes());
    out
}

fn too_large(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OP, format!("{what} too large for the format"))
}

/// An object header. Source: IV.A.1.b.
fn render<'t>(
    object: &Object,
    data: &[Data],
    places: &Places,
    texts: &mut impl Iterator<Item = &'t (u64, u32, u32)>,
) -> Result<Vec<u8>> {
    let messages = size(object, data) - 14;
    let messages =
        u32::try_from(messages).map_err(|e| too_large("a group").caused_by(e))?;
    let mut out = b"OHDR\x02\x02".to_vec();
    out.extend(messages.to_le_bytes());
    for (kind, body) in object {
        let length = u16::try_from(body_size(body, data));
        let length = length.map_err(|e| too_large("a name").caused_by(e))?;
        out.push(u8::try_from(*kind).unwrap_or(0));
        out.extend(length.to_le_bytes());
        out.push(u8::from(*kind == crate::hdf5::low::header::kind::DATATYPE));
        match body {
            Body::Bytes(bytes) => out.extend_from_slice(bytes),
            Body::Link(head, target) => {
                out.extend_from_slice(head);
                let address = places.objects.get(*target).copied();
                out.extend(address.unwrap_or(message::NOWHERE).to_le_bytes());
            }
            Body::Text(head, all) => {
                out.extend_from_slice(head);
                for _ in all {
                    let place = texts.next().copied().unwrap_or((0, 0, 0));
                    let (address, index, length) = place;
                    out.extend(length.to_le_bytes());
                    out.extend(address.to_le_bytes());
                    out.extend(index.to_le_bytes());
                }
            }
            Body::Layout(number) => {
                let at =
                    |all: &[u64]| all.get(*number).copied().unwrap_or(message::NOWHERE);
                out.extend(match data.get(*number) {
                    Some(Data::Chunks { chunk, item, .. }) => {
                        message::chunked(at(&places.trees), chunk, *item)
                    }
                    Some(other) => {
                        message::contiguous(at(&places.data), length_of(other))
                    }
                    None => Vec::new(),
                });
            }
        }
    }
    out.extend(lookup3(&out).to_le_bytes());
    Ok(out)
}

fn length_of(data: &Data) -> u64 {
    length(data)
}

/// The global heap: the texts of attributes. Source: III.E.
struct Collections {
    bytes: Vec<u8>,
    /// By text, in order: address of its collection, number in it, length.
    places: Vec<(u64, u32, u32)>,
}

impl Collections {
    fn fill(objects: &[Object], start: u64) -> Self {
        let mut out = Self { bytes: Vec::new(), places: Vec::new() };
        let bodies = objects.iter().flatten().map(|(_, body)| body);
        let texts = bodies
            .filter_map(|b| if let Body::Text(_, t) = b { Some(t) } else { None })
            .flatten();
        let (mut first, mut index) = (0, 0_u32);
        for text in texts {
            if text.is_empty() {
                out.places.push((0, 0, 0));
                continue;
            }
            if index == 0 {
                out.bytes.extend(b"GCOL\x01\0\0\0");
                out.bytes.extend(0_u64.to_le_bytes());
            }
            index += 1;
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            out.places.push((start + first as u64, index, length));
            let [low, high, ..] = index.to_le_bytes();
            out.bytes.extend([low, high, 1, 0, 0, 0, 0, 0]);
            out.bytes.extend((text.len() as u64).to_le_bytes());
            out.bytes.extend(text.as_bytes());
            out.bytes.resize(out.bytes.len().next_multiple_of(8), 0);
            if out.bytes.len() - first > FULL {
                out.close(first);
                (first, index) = (out.bytes.len(), 0);
            }
        }
        if index > 0 {
            out.close(first);
        }
        out
    }

    /// Gives a collection its size; what is free at its end is object 0.
    fn close(&mut self, first: usize) {
        let free = COLLECTION.saturating_sub(self.bytes.len() - first).max(16);
        self.bytes.extend([0; 8]);
        self.bytes.extend((free as u64).to_le_bytes());
        self.bytes.resize(self.bytes.len() + free - 16, 0);
        let size = (self.bytes.len() - first) as u64;
        if let Some(place) = self.bytes.get_mut(first + 8..first + 16) {
            place.copy_from_slice(&size.to_le_bytes());
        }
    }
}

/// Bytes of a B-tree node of chunks of this rank.
fn node_size(rank: usize) -> u64 {
    let key = 8 + 8 * (rank as u64 + 1);
    24 + 8 * CHILDREN as u64 + key * (CHILDREN as u64 + 1)
}

/// B-tree nodes for so many chunks.
fn nodes(chunks: usize) -> u64 {
    let mut level = chunks.max(1).div_ceil(CHILDREN);
    let mut total = level as u64;
    while level > 1 {
        level = level.div_ceil(CHILDREN);
        total += level as u64;
    }
    total
}

/// What a B-tree node points to: stored length, first item, address.
struct Child {
    length: u64,
    first: Vec<u64>,
    address: u64,
}

/// The B-tree of chunks, the root first. Source: III.A.1.
fn btree(chunks: &[Chunk], chunk: &[usize], start: u64, data: u64) -> Vec<u8> {
    let node = node_size(chunk.len());
    let mut address = data;
    let mut level: Vec<Child> = Vec::with_capacity(chunks.len());
    for Chunk { first, bytes } in chunks {
        level.push(Child { length: bytes.len() as u64, first: first.clone(), address });
        address += bytes.len() as u64;
    }
    // the key behind the last one: an item past the end along each axis
    let end: Vec<u64> = chunks.last().map_or(Vec::new(), |last| {
        last.first.iter().zip(chunk).map(|(f, &c)| f + c as u64).collect()
    });
    let mut levels: Vec<Vec<u8>> = Vec::new();
    // each level lies before those below it
    let mut place = start + nodes(chunks.len()) * node;
    let mut number = 0_u8;
    loop {
        let count = level.len().max(1).div_ceil(CHILDREN);
        place -= count as u64 * node;
        let mut bytes = Vec::new();
        let mut above = Vec::new();
        for (i, group) in level.chunks(CHILDREN).enumerate() {
            let at = |i: usize| place + i as u64 * node;
            let left = i.checked_sub(1).map_or(message::NOWHERE, at);
            let right = if i + 1 < count { at(i + 1) } else { message::NOWHERE };
            let next = level.get((i + 1) * CHILDREN).map_or(&end, |c| &c.first);
            bytes.extend(tree_node(number, (left, right), group, next));
            bytes.resize((i + 1) * usize::try_from(node).unwrap_or(0), 0);
            if let Some(first) = group.first() {
                let (length, first) = (first.length, first.first.clone());
                above.push(Child { length, first, address: at(i) });
            }
        }
        levels.push(bytes);
        if count <= 1 {
            break;
        }
        level = above;
        number += 1;
    }
    levels.reverse();
    levels.concat()
}

fn tree_node(
    level: u8,
    (left, right): (u64, u64),
    children: &[Child],
    next: &[u64],
) -> Vec<u8> {
    let mut out = b"TREE\x01".to_vec();
    out.push(level);
    out.extend(u16::try_from(children.len()).unwrap_or(0).to_le_bytes());
    out.extend(left.to_le_bytes());
    out.extend(right.to_le_bytes());
    let key = |out: &mut Vec<u8>, length: u64, first: &[u64]| {
        out.extend(u32::try_from(length).unwrap_or(0).to_le_bytes());
        out.extend([0; 4]);
        for i in first.iter().chain([&0]) {
            out.extend(i.to_le_bytes());
        }
    };
    for child in children {
        key(&mut out, child.length, &child.first);
        out.extend(child.address.to_le_bytes());
    }
    key(&mut out, 0, next);
    out
}

/// The metadata of a file whose data are not written yet.
#[derive(Debug)]
struct Head {
    bytes: MemorySource,
    len: u64,
}

impl Source for Head {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let inside = |r: &Range<u64>| {
            let end = r.end.min(self.bytes.len());
            r.start.min(end)..end
        };
        let ranges: Vec<_> = ranges.iter().map(inside).collect();
        self.bytes.read(&ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes.read_into(offset, buffer)
    }
}
