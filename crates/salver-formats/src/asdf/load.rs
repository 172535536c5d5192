//! From blocks to arrays in memory.

use std::ops::Range;
use std::sync::Arc;

use arrow_buffer::Buffer;
use bytes::Bytes;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, BoxSelect, Place, Source};

use super::blocks::Block;
use super::codec::{Codec, decompress};
use super::ndarray::{View, corrupt};
use crate::buffer::filled;
use crate::numpy::{Run, read_bounds, to_native};

const OP: Op = Op("asdf.read");

/// An artifact and its blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    pub(super) blocks: &'a [Block],
    pub(super) source: &'a Arc<dyn Source>,
}

impl Blocks<'_> {
    /// The items of a view, or of a box of it in its own coordinates, native and in C order.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for damaged blocks, [`ErrorKind::Limit`] for items that repeat far too
    /// often, [`ErrorKind::Unsupported`] for an unknown compression; as the source's.
    pub(super) fn load(
        &self,
        view: &View,
        bounds: Option<&[Range<usize>]>,
    ) -> Result<Buffer> {
        let bytes = view.check(self.blocks)?;
        let bytes =
            usize::try_from(bytes).op(ErrorKind::Limit, OP, "an array too large")?;
        let place = view.place(self.blocks);
        let block = self.block(view)?;
        let codec = Codec::parse(&block.codec)?;
        if codec == Codec::None && view.strides.is_none() {
            let (stored, shape) = (view.stored, view.shape.clone());
            let run =
                Run { stored, shape, fortran: false, place: run_place(place, bytes) };
            run.check(self.source.len())?;
            return read_bounds(&run, bounds, self.source);
        }
        let buffer = if codec != Codec::None
            && view.strides.is_none()
            && view.span == (Place { offset: 0, len: block.size })
        {
            let packed = self.read(place)?;
            filled(view.stored.dtype, bytes, |out| {
                decompress(codec, &packed, out)?;
                to_native(out, view.stored);
                Ok(())
            })?
        } else {
            let span = self.span(view, block, codec, place)?;
            filled(view.stored.dtype, bytes, |out| {
                gather(view, &span, out);
                to_native(out, view.stored);
                Ok(())
            })?
        };
        match bounds {
            None => Ok(buffer),
            Some(bounds) => cut(view, buffer, bounds),
        }
    }

    /// The raw bytes of a view, decompressed.
    ///
    /// # Errors
    /// As [`Blocks::load`].
    pub(super) fn raw(&self, view: &View) -> Result<Bytes> {
        view.check(self.blocks)?;
        let block = self.block(view)?;
        self.span(view, block, Codec::parse(&block.codec)?, view.place(self.blocks))
    }

    fn block(&self, view: &View) -> Result<&Block> {
        let block = self.blocks.get(view.block);
        block.ok_or_else(|| {
            corrupt("the file has no such block").with("block", view.block)
        })
    }

    fn read(&self, place: Place) -> Result<Bytes> {
        if place.len == 0 {
            return Ok(Bytes::new());
        }
        let pieces = self.source.read(&[place.range()])?;
        Ok(pieces.into_iter().next().unwrap_or_default())
    }

    /// The bytes of a view's span.
    fn span(
        &self,
        view: &View,
        block: &Block,
        codec: Codec,
        place: Place,
    ) -> Result<Bytes> {
        let stored = self.read(place)?;
        if codec == Codec::None {
            return Ok(stored);
        }
        let limit =
            |n: u64| usize::try_from(n).op(ErrorKind::Limit, OP, "a block too large");
        let mut whole = vec![0; limit(block.size)?];
        decompress(codec, &stored, &mut whole)?;
        let start = limit(view.span.offset)?;
        let end = limit(view.span.range().end)?.min(whole.len());
        Ok(Bytes::from(whole).slice(start.min(end)..end))
    }
}

/// An array without items is nowhere.
fn run_place(place: Place, bytes: usize) -> Place {
    if bytes == 0 { Place { offset: 0, len: 0 } } else { place }
}

fn cut(view: &View, buffer: Buffer, bounds: &[Range<usize>]) -> Result<Buffer> {
    let shape = view.shape.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX));
    let array = Array::new(view.stored.dtype, shape.collect(), buffer).op(
        ErrorKind::Corrupt,
        OP,
        "the array does not fit its shape",
    )?;
    let edge = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let region = bounds.iter().map(|r| edge(r.start)..edge(r.end));
    array.cut(&BoxSelect(region.collect()))?.buffer()
}

/// Copies the items of a view out of the bytes of its span, in C order.
fn gather(view: &View, span: &[u8], out: &mut [u8]) {
    let Some(strides) = &view.strides else {
        let n = out.len().min(span.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), span.get(..n)) {
            to.copy_from_slice(from);
        }
        return;
    };
    let item = view.stored.dtype.size();
    let Some((&step, outer)) = strides.split_last() else { return };
    let Some((&row, lengths)) = view.shape.split_last() else { return };
    let row = usize::try_from(row).unwrap_or(usize::MAX);
    let start = i128::from(view.offset) - i128::from(view.span.offset);
    let mut at = vec![0_u64; lengths.len()];
    for out in out.chunks_exact_mut(row.saturating_mul(item).max(1)) {
        let mut base = start;
        for (&i, &stride) in at.iter().zip(outer) {
            base += i128::from(i) * i128::from(stride);
        }
        for piece in out.chunks_exact_mut(item.max(1)) {
            let from = usize::try_from(base).ok();
            if let Some(value) = from.and_then(|from| span.get(from..from + item)) {
                piece.copy_from_slice(value);
            }
            base += i128::from(step);
        }
        for (i, &length) in at.iter_mut().zip(lengths).rev() {
            *i += 1;
            if *i < length {
                break;
            }
            *i = 0;
        }
    }
}
