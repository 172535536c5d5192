//! Items out of their places: all of them, or a box.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{ArrayPart, BoxSelect, Chunks, DType, Place, Source, filled};
use serde::{Deserialize, Serialize};

use super::filter::undo;
use super::item::{Item, settle, widen};
use super::low::messages::Filter;
use crate::fits::parallel;

const OP: Op = Op("hdf5.decode");
/// Memory that a selection may take without bytes behind it (fill values).
const FREE: u64 = 1 << 26;
/// Memory that a selection may take for a stored byte: more than any compression gives on data.
const RATIO: u64 = 4096;

/// What decoding needs beside the neutral part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub item: Item,
    /// Bytes of a stored item.
    pub size: usize,
    pub filters: Vec<Filter>,
    /// By chunk: which filters were left out.
    pub masks: BTreeMap<usize, u32>,
    /// One item that stands where nothing is stored; empty is zeros.
    pub fill: Vec<u8>,
    /// Chunks over the edge have no filters.
    pub bare_edges: bool,
}

/// An array that was read.
pub(crate) struct Read {
    pub shape: Vec<usize>,
    pub origin: Vec<i64>,
    pub buffer: Buffer,
}

/// Reads an array, or the box of it.
///
/// # Errors
/// As [`BoxSelect::clip`]; `Corrupt`, `Limit`; as the source's.
pub(crate) fn read(
    source: &dyn Source,
    part: &ArrayPart,
    stored: &Stored,
    region: Option<&BoxSelect>,
) -> Result<Read> {
    let dtype: DType = part.dtype.parse()?;
    let whole = part.shape_usize()?;
    let bounds = match region {
        Some(region) => region.clip(&whole, &part.origin)?,
        None => whole.iter().map(|&n| 0..n).collect(),
    };
    let shape: Vec<usize> = bounds.iter().map(Range::len).collect();
    let first = part.origin.iter().copied().chain(std::iter::repeat(0));
    let origin = bounds.iter().zip(first);
    let origin = origin
        .map(|(r, o)| o.saturating_add(i64::try_from(r.start).unwrap_or(i64::MAX)))
        .collect();
    let length = backed(part, &bounds, stored.size.max(dtype.size()))?;
    let buffer = if dtype.size() == 0 {
        filled(dtype, 0, |_| Ok(()))?
    } else if stored.item == Item::Text {
        let raw = raw(source, part, stored, &bounds)?;
        let DType::Text(chars) = dtype else {
            return Err(Error::new(
                ErrorKind::Corrupt,
                OP,
                "the index is not of this format",
            ));
        };
        let chars = usize::try_from(chars).unwrap_or(0);
        let count: usize = shape.iter().product();
        filled(dtype, count * chars * 4, |out| widen(&raw, stored.size, chars, out))?
    } else {
        filled(dtype, length, |out| {
            assemble(source, part, stored, &bounds, out)?;
            settle(stored.item, dtype, out);
            Ok(())
        })?
    };
    Ok(Read { shape, origin, buffer })
}

/// The stored bytes of the items of a box, in C order.
///
/// # Errors
/// As [`read`].
pub(crate) fn raw(
    source: &dyn Source,
    part: &ArrayPart,
    stored: &Stored,
    bounds: &[Range<usize>],
) -> Result<Vec<u8>> {
    let length = backed(part, bounds, stored.size)?;
    let mut out = vec![0; length];
    assemble(source, part, stored, bounds, &mut out)?;
    Ok(out)
}

/// Bytes of a box, where what is stored of it can have given so many.
fn backed(part: &ArrayPart, bounds: &[Range<usize>], item: usize) -> Result<usize> {
    let length = bounds.iter().try_fold(item, |n, r| n.checked_mul(r.len()));
    let bytes = match &part.chunks {
        Chunks::Contiguous(place) | Chunks::Whole(place) => place.len,
        Chunks::Grid { places, .. } => {
            let touched = part.chunks_of(bounds);
            touched.iter().filter_map(|&i| places.get(i)).map(|p| p.len).sum()
        }
    };
    let most = bytes.saturating_mul(RATIO).saturating_add(FREE);
    match length {
        Some(length) if length as u64 <= most => Ok(length),
        _ => Err(Error::new(
            ErrorKind::Limit,
            OP,
            "a selection far larger than what is stored",
        )
        .with("stored_bytes", bytes)
        .with("limit", most)
        .hint("select a smaller box")),
    }
}

fn assemble(
    source: &dyn Source,
    part: &ArrayPart,
    stored: &Stored,
    bounds: &[Range<usize>],
    out: &mut [u8],
) -> Result<()> {
    if out.is_empty() {
        return Ok(());
    }
    match &part.chunks {
        Chunks::Contiguous(place) | Chunks::Whole(place) => {
            contiguous(source, part, stored.size, *place, bounds, out)
        }
        Chunks::Grid { shape, places } => {
            chunked(source, part, stored, (shape, places), bounds, out)
        }
    }
}

/// Rows of a box: from which item of `shape` each begins, and its length in items.
fn rows(shape: &[usize], bounds: &[Range<usize>], mut each: impl FnMut(usize)) -> usize {
    let Some((last, outer)) = bounds.split_last() else {
        each(0);
        return 1;
    };
    let width = shape.last().copied().unwrap_or(1);
    let mut at: Vec<usize> = outer.iter().map(|r| r.start).collect();
    loop {
        let row = at.iter().zip(shape).fold(0, |n, (&i, &len)| n * len + i) * width;
        each(row + last.start);
        let mut moved = false;
        for (i, range) in at.iter_mut().zip(outer).rev() {
            *i += 1;
            if *i < range.end {
                moved = true;
                break;
            }
            *i = range.start;
        }
        if !moved {
            return last.len();
        }
    }
}

fn contiguous(
    source: &dyn Source,
    part: &ArrayPart,
    item: usize,
    place: Place,
    bounds: &[Range<usize>],
    out: &mut [u8],
) -> Result<()> {
    let shape = part.shape_usize()?;
    let whole = shape.iter().try_fold(item, |n, &axis| n.checked_mul(axis));
    if whole.is_none_or(|n| n as u64 > place.len) {
        return Err(Error::new(
            ErrorKind::Corrupt,
            OP,
            "an array of fewer bytes than its shape",
        )
        .with("offset", place.offset)
        .with("bytes", place.len));
    }
    if whole == Some(out.len()) {
        return source.read_into(place.offset, out);
    }
    let mut starts = Vec::new();
    let width = rows(&shape, bounds, |start| starts.push(start)) * item;
    let (Some(&first), Some(&last)) = (starts.first(), starts.last()) else {
        return Ok(());
    };
    let offset = |start: usize| place.offset + (start * item) as u64;
    let span = (last - first) * item + width;
    if span <= out.len().saturating_mul(4) {
        // near enough: one read
        let pieces = source.read(&[offset(first)..offset(first) + span as u64])?;
        let bytes = pieces.into_iter().next().unwrap_or_default();
        for (start, row) in starts.iter().zip(out.chunks_exact_mut(width)) {
            let at = (start - first) * item;
            row.copy_from_slice(bytes.get(at..at + width).unwrap_or_default());
        }
        return Ok(());
    }
    let ranges: Vec<_> =
        starts.iter().map(|&s| offset(s)..offset(s) + width as u64).collect();
    for (ranges, out) in ranges.chunks(1024).zip(out.chunks_mut(width * 1024)) {
        let pieces = source.read(ranges)?;
        for (piece, row) in pieces.iter().zip(out.chunks_exact_mut(width)) {
            row.copy_from_slice(piece);
        }
    }
    Ok(())
}

/// The part of a chunk that a box wants: bounds in the chunk, and in the box.
fn overlap(
    at: usize,
    chunk: usize,
    wanted: &Range<usize>,
) -> (Range<usize>, Range<usize>) {
    let start = at * chunk;
    let first = wanted.start.max(start);
    let end = wanted.end.min(start.saturating_add(chunk));
    (first - start..end - start, first - wanted.start..end - wanted.start)
}

fn chunked(
    source: &dyn Source,
    part: &ArrayPart,
    stored: &Stored,
    (chunk, places): (&[u64], &[Place]),
    bounds: &[Range<usize>],
    out: &mut [u8],
) -> Result<()> {
    let shape = part.shape_usize()?;
    let chunk: Vec<usize> =
        chunk.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
    let bytes = chunk.iter().try_fold(stored.size, |n, &c| n.checked_mul(c));
    let job = Job { source, stored, bounds, chunk, shape, bytes };
    let touched = part.chunks_of(bounds);
    let large = out.len() > 1 << 18 && touched.len() > 1;
    let target = Mutex::new(out);
    parallel::for_each(
        OP,
        if large { parallel::threads() } else { 1 },
        touched,
        || (),
        |(), number| {
            let place =
                places.get(number).copied().unwrap_or(Place { offset: 0, len: 0 });
            job.chunk(number, place, &target)
                .map_err(|e| e.with("chunk_offset", place.offset))
        },
    )
}

struct Job<'a> {
    source: &'a dyn Source,
    stored: &'a Stored,
    bounds: &'a [Range<usize>],
    chunk: Vec<usize>,
    shape: Vec<usize>,
    /// Bytes of a chunk, where they are a number.
    bytes: Option<usize>,
}

impl Job<'_> {
    /// Decodes a chunk and puts what is wanted of it in its place.
    fn chunk(
        &self,
        number: usize,
        place: Place,
        target: &Mutex<&mut [u8]>,
    ) -> Result<()> {
        let item = self.stored.size;
        let mut rest = number;
        let mut within = Vec::with_capacity(self.chunk.len());
        let mut into = Vec::with_capacity(self.chunk.len());
        let mut edge = false;
        for ((&n, &c), wanted) in
            self.shape.iter().zip(&self.chunk).zip(self.bounds).rev()
        {
            let count = n.div_ceil(c);
            let at = rest % count;
            rest /= count;
            edge |= (at + 1) * c > n;
            let (a, b) = overlap(at, c, wanted);
            within.push(a);
            into.push(b);
        }
        within.reverse();
        into.reverse();
        let shape: Vec<usize> = self.bounds.iter().map(Range::len).collect();
        if place.len == 0 {
            return self.fill(&shape, &into, target);
        }
        let limit = place.len.saturating_mul(RATIO).saturating_add(FREE);
        let bytes = self.bytes.filter(|&n| n as u64 <= limit).ok_or_else(|| {
            Error::new(
                ErrorKind::Limit,
                OP,
                "a chunk far larger than what is stored of it",
            )
        })?;
        let pieces = self.source.read(&[place.range()])?;
        let piece = pieces.into_iter().next().unwrap_or_default();
        let bare = edge && self.stored.bare_edges;
        let filters = if bare { &[][..] } else { &self.stored.filters };
        let mask = self.stored.masks.get(&number).copied().unwrap_or(0);
        let chunk = undo(&piece, filters, mask, bytes)?;
        let mut from = Vec::new();
        rows(&self.chunk, &within, |start| from.push(start * item));
        let mut out = target.lock().unwrap_or_else(PoisonError::into_inner);
        let mut from = from.into_iter();
        let width = into.last().map_or(1, Range::len) * item;
        rows(&shape, &into, |start| {
            let source = from.next().and_then(|at| chunk.get(at..at + width));
            let place = out.get_mut(start * item..start * item + width);
            if let (Some(source), Some(place)) = (source, place) {
                place.copy_from_slice(source);
            }
        });
        Ok(())
    }

    /// Puts the fill value where nothing is stored.
    fn fill(
        &self,
        shape: &[usize],
        into: &[Range<usize>],
        target: &Mutex<&mut [u8]>,
    ) -> Result<()> {
        let (item, fill) = (self.stored.size, &self.stored.fill);
        if fill.iter().all(|&b| b == 0) {
            return Ok(());
        }
        if fill.len() % item.max(1) != 0 {
            let message = "a fill value of another length than an item";
            return Err(
                Error::new(ErrorKind::Corrupt, OP, message).with("bytes", fill.len())
            );
        }
        let mut out = target.lock().unwrap_or_else(PoisonError::into_inner);
        let width = into.last().map_or(1, Range::len) * item;
        rows(shape, into, |start| {
            let place = out.get_mut(start * item..start * item + width);
            for (i, byte) in place.unwrap_or_default().iter_mut().enumerate() {
                *byte = fill.get((start * item + i) % fill.len()).copied().unwrap_or(0);
            }
        });
        Ok(())
    }
}
