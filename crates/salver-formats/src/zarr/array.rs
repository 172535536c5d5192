//! Reads the items of an array, or of a box of it.

use std::ops::Range;

use arrow_buffer::Buffer;
use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{ArrayPart, Chunks, DType, Place, Source, filled};

use super::block::{Corner, copy, fill, is_run};
use super::codec::{Chain, Codec, Worker};
use super::item::corrupt;
use super::layout::DEFLATED;
use super::meta::{ArrayMeta, counts, list};
use crate::fits::parallel::{for_each, threads};

const OP: Op = Op("zarr.decode");
/// Bytes that a byte of an artifact may become, beyond [`FREE`]: what a run of zstd can.
const RATIO: u64 = 32_768;
/// Bytes of items that nothing has to back: chunks that are not stored, or compressed to nothing.
const FREE: u64 = 256 << 20;
/// Arrays smaller than this are read by one thread.
const SMALL: usize = 1 << 20;

/// Refuses to make more bytes than what is stored may stand for.
///
/// # Errors
/// [`ErrorKind::Limit`].
pub(crate) fn backed(bytes: usize, stored: u64) -> Result<()> {
    if bytes as u64 <= stored.saturating_mul(RATIO).saturating_add(FREE) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Limit, OP, "far more items than the stored bytes can hold")
        .with("bytes", bytes)
        .with("stored", stored))
}

/// What is read.
pub(crate) struct Job<'a> {
    pub(crate) meta: &'a ArrayMeta,
    pub(crate) dtype: DType,
    pub(crate) chain: Chain,
    pub(crate) places: &'a [Place],
    pub(crate) source: &'a dyn Source,
}

/// The chunks of one range along an axis, and where their items go.
struct Band<'a> {
    range: Range<usize>,
    out: &'a mut [u8],
}

/// The codecs of a part: those of the array, and what the archive did.
pub(crate) fn chain(meta: &ArrayMeta, part: &ArrayPart) -> Chain {
    let mut chain = meta.chain.clone();
    if part.codec.contains_key(DEFLATED) {
        chain.outer.push(Codec::Deflate);
    }
    chain
}

/// Reads a box of an array: native items in C order.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for damaged chunks, [`ErrorKind::Limit`] for far more items than the
/// artifact backs; as the source's.
pub(crate) fn read(
    meta: &ArrayMeta,
    part: &ArrayPart,
    bounds: &[Range<usize>],
    source: &dyn Source,
) -> Result<Buffer> {
    let dtype = meta.item.dtype().ok_or_else(|| corrupt("items of any length"))?;
    let extent: Vec<usize> = bounds.iter().map(ExactSizeIterator::len).collect();
    let bytes = extent.iter().product::<usize>() * dtype.size();
    let places: &[Place] = match &part.chunks {
        Chunks::Contiguous(place) => {
            return contiguous(meta, dtype, *place, bounds, source);
        }
        Chunks::Grid { places, .. } => places,
        Chunks::Whole(_) => return Err(corrupt("not an index of Zarr")),
    };
    let stored =
        places.iter().map(|p| p.len).fold(0, u64::saturating_add).min(source.len());
    backed(bytes, stored)?;
    let job = Job { meta, dtype, chain: chain(meta, part), places, source };
    let buffer = filled(dtype, bytes, |out| {
        if out.is_empty() {
            return Ok(());
        }
        let missing = places.is_empty() || places.iter().any(|p| p.len == 0);
        if missing {
            fill(out, &meta.fill);
        }
        if !places.is_empty() {
            backed(job.chunk_bytes(), stored)?;
            job.bands(bounds, &extent, out)?;
        }
        if dtype == DType::Bool {
            truths(out);
        }
        Ok(())
    })?;
    Ok(buffer)
}

/// Makes what is not false true.
fn truths(out: &mut [u8]) {
    for byte in out {
        *byte = u8::from(*byte != 0);
    }
}

/// Reads a box of one chunk of plain items: the run from its first item to its last.
fn contiguous(
    meta: &ArrayMeta,
    dtype: DType,
    place: Place,
    bounds: &[Range<usize>],
    source: &dyn Source,
) -> Result<Buffer> {
    let item = dtype.size();
    let extent: Vec<usize> = bounds.iter().map(ExactSizeIterator::len).collect();
    let bytes = extent.iter().product::<usize>() * item;
    let start: Vec<usize> = bounds.iter().map(|r| r.start).collect();
    let last: Vec<usize> = bounds.iter().map(|r| r.end.saturating_sub(1)).collect();
    let from = Corner { shape: &meta.shape, start: &start };
    let first = from.first() * item;
    let run = (Corner { shape: &meta.shape, start: &last }.first() + 1) * item - first;
    let short = || corrupt("an array outside of its artifact");
    if (first + run) as u64 > place.len {
        return Err(short());
    }
    let at = place.offset.checked_add(first as u64).ok_or_else(short)?;
    if at.checked_add(run as u64).is_none_or(|end| end > source.len()) {
        return Err(short());
    }
    let mut buffer = filled(dtype, bytes, |out| {
        if out.is_empty() {
            return Ok(());
        }
        if is_run(&extent, &meta.shape) {
            source.read_into(at, out)
        } else {
            let mut rows = vec![0; run];
            source.read_into(at, &mut rows)?;
            // the run as a buffer whose first item is that of the box
            let zeros = vec![0; start.len()];
            let to = Corner { shape: &extent, start: &zeros };
            let from = Corner { shape: &meta.shape, start: &zeros };
            copy((&rows, from), (out, to), &extent, item);
            Ok(())
        }
    })?;
    if cfg!(target_endian = "big") || dtype == DType::Bool {
        let plain = buffer.as_slice().to_vec();
        buffer = filled(dtype, bytes, |out| {
            out.copy_from_slice(&plain);
            if dtype == DType::Bool {
                truths(out);
            }
            if cfg!(target_endian = "big") {
                crate::buffer::swap(out, dtype.swap_size());
            }
            Ok(())
        })?;
    }
    Ok(buffer)
}

impl Job<'_> {
    fn chunk_bytes(&self) -> usize {
        self.meta.inner().iter().product::<usize>().saturating_mul(self.dtype.size())
    }

    /// Shares the chunks between threads: by ranges along the first axis that has more than one
    /// item, each of which is one run of the output.
    fn bands(
        &self,
        bounds: &[Range<usize>],
        extent: &[usize],
        out: &mut [u8],
    ) -> Result<()> {
        let inner = self.meta.inner();
        let Some(axis) =
            extent.iter().position(|&n| n > 1).or(extent.len().checked_sub(1))
        else {
            return self.piece(&[], &[], out, &mut Worker::default());
        };
        let limit = if out.len() < SMALL { 1 } else { threads() };
        let step = extent.iter().skip(axis + 1).product::<usize>() * self.dtype.size();
        let mut bands = Vec::new();
        let (mut rest, mut at) = (out, bounds[axis].start);
        while at < bounds[axis].end {
            let end = ((at / inner[axis] + 1) * inner[axis]).min(bounds[axis].end);
            let (head, tail) = rest.split_at_mut((end - at) * step);
            bands.push(Band { range: at..end, out: head });
            (rest, at) = (tail, end);
        }
        for_each(OP, limit, bands, Worker::default, |worker, band| {
            let mut bounds = bounds.to_vec();
            bounds[axis] = band.range;
            self.band(&bounds, band.out, worker)
        })
    }

    /// Reads the chunks of a box whose items fill `out`.
    fn band(
        &self,
        bounds: &[Range<usize>],
        out: &mut [u8],
        worker: &mut Worker,
    ) -> Result<()> {
        let inner = self.meta.inner();
        let mut at: Vec<usize> =
            bounds.iter().zip(inner).map(|(b, c)| b.start / c).collect();
        loop {
            self.piece(&at, bounds, out, worker)?;
            let mut axis = at.len();
            loop {
                let Some(next) = axis.checked_sub(1) else { return Ok(()) };
                axis = next;
                at[axis] += 1;
                if at[axis] * inner[axis] < bounds[axis].end {
                    break;
                }
                at[axis] = bounds[axis].start / inner[axis];
            }
        }
    }

    /// Reads the part of a chunk that is in a box.
    fn piece(
        &self,
        at: &[usize],
        bounds: &[Range<usize>],
        out: &mut [u8],
        worker: &mut Worker,
    ) -> Result<()> {
        let inner = self.meta.inner();
        let all = counts(&self.meta.shape, inner);
        let number = at.iter().zip(&all).fold(0, |n, (&i, &c)| n * c + i);
        let Some(place) = self.places.get(number).filter(|p| p.len > 0) else {
            return Ok(());
        };
        let (mut start, mut extent, mut to) = (Vec::new(), Vec::new(), Vec::new());
        for ((&i, &c), bound) in at.iter().zip(inner).zip(bounds) {
            let (first, end) = (bound.start.max(i * c), bound.end.min((i + 1) * c));
            start.push(first - i * c);
            extent.push(end - first);
            to.push(first - bound.start);
        }
        let shape: Vec<usize> = bounds.iter().map(ExactSizeIterator::len).collect();
        let named = |e: Error| e.with("chunk", list(at)).with("offset", place.offset);
        let data = self.bytes(*place).map_err(named)?;
        let item = self.dtype.size();
        let kind = (inner, item, self.dtype.swap_size());
        let target = Corner { shape: &shape, start: &to };
        if extent == inner && is_run(&extent, &shape) {
            let first = target.first() * item;
            let out = out.get_mut(first..first + self.chunk_bytes()).unwrap_or_default();
            return self.chain.decode(&data, kind, out, worker).map_err(named);
        }
        let mut chunk = std::mem::take(&mut worker.chunk);
        chunk.resize(self.chunk_bytes(), 0);
        let decoded = self.chain.decode(&data, kind, &mut chunk, worker).map_err(named);
        let source = Corner { shape: inner, start: &start };
        copy((&chunk, source), (out, target), &extent, item);
        worker.chunk = chunk;
        decoded
    }

    fn bytes(&self, place: Place) -> Result<Bytes> {
        let pieces = self.source.read(&[place.range()])?;
        Ok(pieces.into_iter().next().unwrap_or_default())
    }
}
