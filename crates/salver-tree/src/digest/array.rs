//! Arrays, in blocks of 1 MiB.

use std::borrow::Cow;

use salver_core::{Result, interrupt};
use sha2::{Digest as _, Sha256};

use super::node::{count, optional, sized};
use crate::{Array, ArrayData, BoxSelect, Chunks, Lazy, PartKind};

/// Bytes of a block; the last one of an array may be shorter.
const BLOCK: usize = 1 << 20;

/// A lazy array is read in pieces of about this many bytes.
const PIECE: usize = 16 << 20;

/// Clause 5: dtype, unit, origin, shape, and the digest of each block.
pub(super) fn update(hash: &mut Sha256, array: &Array) -> Result<()> {
    sized(hash, array.dtype().to_string().as_bytes());
    optional(hash, array.unit());
    count(hash, array.shape().len());
    for origin in array.origin() {
        hash.update(origin.to_le_bytes());
    }
    for &axis in array.shape() {
        count(hash, axis);
    }
    let mut blocks = Blocks { out: hash, block: Sha256::new(), filled: 0 };
    match array.data() {
        ArrayData::Lazy(lazy) if in_pieces(array, lazy) => {
            let whole = array.shape().iter().zip(array.origin());
            let whole = whole.map(|(&n, &o)| o..o.saturating_add_unsigned(n as u64));
            pieces(array, lazy, &mut whole.collect(), 0, &mut blocks)?;
        }
        _ => blocks.items(array, &array.buffer()?),
    }
    blocks.finish();
    Ok(())
}

struct Blocks<'a> {
    out: &'a mut Sha256,
    block: Sha256,
    filled: usize,
}

impl Blocks<'_> {
    fn items(&mut self, array: &Array, native: &[u8]) {
        self.bytes(&little_endian(native, array.dtype().swap_size()));
    }

    fn bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.block.update(piece);
            self.filled += piece.len();
            if self.filled == BLOCK {
                self.end();
            }
            bytes = rest;
        }
    }

    fn end(&mut self) {
        self.out.update(self.block.finalize_reset());
        self.filled = 0;
    }

    fn finish(mut self) {
        if self.filled > 0 {
            self.end();
        }
    }
}

/// Native units as little-endian ones.
pub(super) fn little_endian(bytes: &[u8], unit: usize) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") || unit < 2 {
        return Cow::Borrowed(bytes);
    }
    let mut swapped = bytes.to_vec();
    swapped.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
    Cow::Owned(swapped)
}

/// Whether a lazy array is large, and its format reads a box without the rest.
fn in_pieces(array: &Array, lazy: &Lazy) -> bool {
    let able = lazy.format.capabilities().range_reads;
    let whole = match lazy.index.parts.get(&*lazy.node) {
        Some(PartKind::Array(part)) => matches!(part.chunks, Chunks::Whole(_)),
        _ => false,
    };
    let bytes = array.len().saturating_mul(array.dtype().size());
    able && !whole && !array.is_empty() && !array.shape().is_empty() && bytes > PIECE
}

/// Length of a chunk along an axis: pieces end where chunks do, so that none is decoded twice.
fn chunk_len(lazy: &Lazy, axis: usize) -> usize {
    let Some(PartKind::Array(part)) = lazy.index.parts.get(&*lazy.node) else { return 1 };
    let Chunks::Grid { shape, .. } = &part.chunks else { return 1 };
    shape.get(axis).and_then(|&n| usize::try_from(n).ok()).unwrap_or(1).max(1)
}

/// Reads a box in C order, cut along `axis` into pieces.
fn pieces(
    array: &Array,
    lazy: &Lazy,
    region: &mut Vec<std::ops::Range<i64>>,
    axis: usize,
    blocks: &mut Blocks<'_>,
) -> Result<()> {
    let lengths = array.shape().iter().skip(axis + 1);
    let row = lengths.product::<usize>().saturating_mul(array.dtype().size()).max(1);
    let Some(whole) = region.get(axis).cloned() else { return Ok(()) };
    let chunk = chunk_len(lazy, axis);
    // pieces of a box must follow each other in C order: deeper axes are cut in single rows
    let deeper = row.saturating_mul(chunk) > 4 * PIECE && axis + 1 < region.len();
    let step = match deeper {
        true => 1,
        false => (PIECE / row).max(1).next_multiple_of(chunk),
    };
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let mut start = whole.start;
    while start < whole.end {
        interrupt::check(salver_core::Op("tree.digest"))?;
        let end = start.saturating_add(step).min(whole.end);
        if let Some(range) = region.get_mut(axis) {
            *range = start..end;
        }
        if deeper {
            pieces(array, lazy, region, axis + 1, blocks)?;
        } else {
            let piece = array.cut(&BoxSelect(region.clone()))?;
            blocks.items(array, &piece.buffer()?);
        }
        start = end;
    }
    if let Some(range) = region.get_mut(axis) {
        *range = whole;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow_buffer::Buffer;

    use crate::{Array, DType, Tree};

    #[test]
    fn unit_origin_shape_and_type_count() {
        let array = |dtype: DType, shape: &[usize]| {
            let data = Buffer::from_vec(vec![0_u8; 24]);
            Array::new(dtype, shape.to_vec(), data).unwrap()
        };
        let plain = array(DType::I16, &[3, 4]);
        let all = [
            plain.clone(),
            array(DType::I16, &[4, 3]),
            array(DType::U16, &[3, 4]),
            plain.clone().with_unit(Some("adu".into())),
            plain.clone().with_unit(Some(String::new())),
            plain.clone().with_origin(vec![1, 0]),
        ];
        let all = all.map(|a| Tree::Array(a).digest().unwrap());
        for (i, digest) in all.iter().enumerate() {
            assert!(!all[..i].contains(digest), "{i}");
        }
        let named = plain.clone().with_grid(Some("g".into()));
        assert_eq!(Tree::Array(named).digest().unwrap(), all[0]);
    }
}
