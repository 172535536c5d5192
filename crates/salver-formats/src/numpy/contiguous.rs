//! Arrays stored as one run of bytes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _, interrupt};
use salver_tree::{
    Array, ArrayPart, Chunks, DType, Format, Lazy, PartIndex, Place, Select, Source,
};

use super::types::{Stored, typestr};
use crate::buffer::{filled, swap};

const OP: Op = Op("array.read");
/// Rows with at most so many bytes between them are read together.
const GAP: u64 = 4096;
/// Rows read together take at most so many bytes, where a single row takes less.
const BATCH: u64 = 1 << 20;

/// An array of a file as one run of bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) stored: Stored,
    pub(crate) shape: Vec<u64>,
    /// First axis fastest.
    pub(crate) fortran: bool,
    pub(crate) place: Place,
}

impl Run {
    /// Checks the run against the length of its artifact.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where shape and bytes disagree, or the bytes are not there.
    pub(crate) fn check(&self, length: u64) -> Result<()> {
        let item = self.stored.dtype.size() as u64;
        let wanted = self.shape.iter().try_fold(item, |n, &axis| n.checked_mul(axis));
        let end = self.place.offset.checked_add(self.place.len);
        if wanted == Some(self.place.len) && end.is_some_and(|end| end <= length) {
            return Ok(());
        }
        let message = "the array has another length than its shape says";
        Err(Error::new(ErrorKind::Corrupt, OP, message)
            .with("shape", shape_text(&self.shape))
            .with("dtype", self.stored.dtype)
            .with("bytes", self.place.len)
            .with("artifact", length))
    }
}

fn shape_text(shape: &[u64]) -> String {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("({})", axes.join(", "))
}

/// The neutral part of a run that [`Run::check`] accepted.
pub(crate) fn checked_part(run: &Run, length: u64) -> Result<ArrayPart> {
    run.check(length)?;
    let mut codec = BTreeMap::new();
    // with at most one axis longer than one, both orders are the same
    let fortran = run.fortran && run.shape.iter().filter(|&&n| n != 1).count() > 1;
    if fortran {
        codec.insert("order".to_owned(), "fortran".to_owned());
    }
    let native = typestr(run.stored.dtype);
    let stored = run.stored.name();
    Ok(ArrayPart {
        dtype: run.stored.dtype.to_string(),
        stored: (stored != native).then_some(stored),
        shape: run.shape.clone(),
        codec,
        grid: None,
        origin: Vec::new(),
        chunks: if fortran {
            Chunks::Whole(run.place)
        } else {
            Chunks::Contiguous(run.place)
        },
    })
}

/// Reads a part that [`checked_part`] made, or leaves it lazy where the selection asks so.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the index does not fit the artifact; [`ErrorKind::InvalidInput`]
/// where the box does not fit the array; as the source's.
pub(crate) fn read_part(
    (index, node): (&Arc<PartIndex>, &str),
    part: &ArrayPart,
    select: &Select,
    source: &Arc<dyn Source>,
    format: Arc<dyn Format>,
) -> Result<Array> {
    let run = run_of(part)?;
    run.check(source.len())?;
    let shape = part.shape_usize()?;
    let origin = vec![0_i64; shape.len()];
    let bounds = select.region.as_ref().map(|region| region.clip(&shape, &origin));
    let bounds = bounds.transpose()?;
    if select.lazy {
        let select = Arc::new(Select { part: None, lazy: false, ..select.clone() });
        let (index, source) = (Arc::clone(index), Arc::clone(source));
        let lazy = Lazy { index, node: node.into(), source, format, select };
        let bounds = bounds.unwrap_or_else(|| shape.iter().map(|&n| 0..n).collect());
        let cut = bounds.iter().map(Range::len).collect();
        return Ok(Array::lazy(run.stored.dtype, cut, lazy).with_origin(starts(&bounds)));
    }
    let dtype = run.stored.dtype;
    if let Some(bounds) = bounds.as_ref().filter(|_| !run.fortran) {
        let cut = bounds.iter().map(Range::len).collect();
        let buffer = read_box(&run, &shape, bounds, source)?;
        return Ok(Array::new(dtype, cut, buffer)?.with_origin(starts(bounds)));
    }
    let array = read_run(&run, source)?;
    if let Some(region) = &select.region { array.cut(region) } else { Ok(array) }
}

/// Reads all of a run that [`Run::check`] accepted.
///
/// # Errors
/// As the source's.
pub(crate) fn read_run(run: &Run, source: &Arc<dyn Source>) -> Result<Array> {
    let axes = run.shape.iter().map(|&n| usize::try_from(n));
    let shape = axes.collect::<Result<Vec<_>, _>>();
    let shape = shape.op(ErrorKind::Limit, OP, "an axis longer than memory can be")?;
    let buffer = read_whole(run, &shape, source)?;
    Array::new(run.stored.dtype, shape, buffer)
}

fn starts(bounds: &[Range<usize>]) -> Vec<i64> {
    bounds.iter().map(|r| i64::try_from(r.start).unwrap_or(i64::MAX)).collect()
}

/// The run that a part of the index describes.
fn run_of(part: &ArrayPart) -> Result<Run> {
    let message = "the index does not describe an array in one run";
    let stored = if let Some(name) = &part.stored {
        Stored::parse(name)?
    } else {
        let dtype = part.dtype.parse().op(ErrorKind::Corrupt, OP, message)?;
        Stored { dtype, swapped: false }
    };
    let (Chunks::Contiguous(place) | Chunks::Whole(place)) = part.chunks else {
        return Err(Error::new(ErrorKind::Corrupt, OP, message));
    };
    let fortran = part.codec.get("order").is_some_and(|order| order == "fortran");
    Ok(Run { stored, shape: part.shape.clone(), fortran, place })
}

fn read_whole(run: &Run, shape: &[usize], source: &Arc<dyn Source>) -> Result<Buffer> {
    let dtype = run.stored.dtype;
    let bytes = usize::try_from(run.place.len).op(
        ErrorKind::Limit,
        OP,
        "an array larger than memory can be",
    )?;
    if !run.fortran {
        return filled(dtype, bytes, |out| {
            source.read_into(run.place.offset, out)?;
            to_native(out, run.stored);
            Ok(())
        });
    }
    let mut raw = vec![0_u8; bytes];
    source.read_into(run.place.offset, &mut raw)?;
    filled(dtype, bytes, |out| {
        transpose(&raw, out, dtype.size(), shape);
        to_native(out, run.stored);
        Ok(())
    })
}

/// Native order; and booleans of 0 and 1 only, whatever the file says.
pub(crate) fn to_native(bytes: &mut [u8], stored: Stored) {
    if stored.swapped {
        swap(bytes, stored.dtype.swap_size());
    }
    if stored.dtype == DType::Bool {
        for b in bytes.iter_mut() {
            *b = u8::from(*b != 0);
        }
    }
}

/// The bytes of a box of a run that [`Run::check`] accepted, or of all of it, in native order.
///
/// # Errors
/// As the source's.
pub(crate) fn read_bounds(
    run: &Run,
    bounds: Option<&[Range<usize>]>,
    source: &Arc<dyn Source>,
) -> Result<Buffer> {
    let axes = run.shape.iter().map(|&n| usize::try_from(n));
    let shape = axes.collect::<Result<Vec<_>, _>>();
    let shape = shape.op(ErrorKind::Limit, OP, "an axis longer than memory can be")?;
    match bounds {
        Some(bounds) => read_box(run, &shape, bounds, source),
        None => read_whole(run, &shape, source),
    }
}

/// Reads a box row by row; rows that are near each other come in one read.
fn read_box(
    run: &Run,
    shape: &[usize],
    bounds: &[Range<usize>],
    source: &Arc<dyn Source>,
) -> Result<Buffer> {
    let count: usize = bounds.iter().map(Range::len).product();
    let rows = rows_of(run, shape, bounds);
    filled(run.stored.dtype, count * run.stored.dtype.size(), |out| {
        read_rows(&rows, source, out)?;
        to_native(out, run.stored);
        Ok(())
    })
}

fn read_rows(
    rows: &[Range<u64>],
    source: &Arc<dyn Source>,
    out: &mut [u8],
) -> Result<()> {
    let mut scratch = Vec::new();
    let mut rest = out;
    for group in groups(rows) {
        interrupt::check(OP)?;
        let bytes = group.iter().map(length).sum::<usize>().min(rest.len());
        let (head, tail) = rest.split_at_mut(bytes);
        rest = tail;
        match group {
            [] => {}
            [row] => source.read_into(row.start, head)?,
            [first, .., last] => {
                scratch.resize(length(&(first.start..last.end)), 0);
                source.read_into(first.start, &mut scratch)?;
                let pieces = head.chunks_exact_mut(length(first).max(1));
                for (row, out) in group.iter().zip(pieces) {
                    let at = length(&(first.start..row.start));
                    if let Some(piece) = scratch.get(at..at + out.len()) {
                        out.copy_from_slice(piece);
                    }
                }
            }
        }
    }
    Ok(())
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
}

/// The bytes of each row of a box, in order.
fn rows_of(run: &Run, shape: &[usize], bounds: &[Range<usize>]) -> Vec<Range<u64>> {
    let item = run.stored.dtype.size() as u64;
    let Some((last, outer)) = bounds.split_last() else {
        return vec![run.place.range()];
    };
    let width = shape.last().map_or(1, |&n| n as u64);
    let mut starts = vec![0_u64];
    for (range, &axis) in outer.iter().zip(shape) {
        let next = |at: u64| range.clone().map(move |i| at * axis as u64 + i as u64);
        starts = starts.into_iter().flat_map(next).collect();
    }
    let row = |start: u64| {
        let at = |i: usize| run.place.offset + (start * width + i as u64) * item;
        at(last.start)..at(last.end)
    };
    starts.into_iter().map(row).collect()
}

/// Rows that are read together.
fn groups(rows: &[Range<u64>]) -> impl Iterator<Item = &[Range<u64>]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let near = |pair: &[Range<u64>]| {
            let [a, b] = pair else { return false };
            b.start.saturating_sub(a.end) <= GAP && b.end - first.start <= BATCH
        };
        let n = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
        let (group, tail) = rest.split_at(n);
        rest = tail;
        Some(group)
    })
}

/// Copies items from Fortran order to C order.
pub(crate) fn transpose(from: &[u8], to: &mut [u8], item: usize, shape: &[usize]) {
    // Fortran order is C order with the axes turned around
    let turned: Vec<usize> = shape.iter().rev().copied().collect();
    let axes: Vec<usize> = (0..shape.len()).rev().collect();
    permute(from, to, item, (&turned, &axes));
}

/// Copies an array in C order so that its axes come in another order: `axes` says which axis of
/// `from` each axis of `to` is.
pub(crate) fn permute(
    from: &[u8],
    to: &mut [u8],
    item: usize,
    (shape, axes): (&[usize], &[usize]),
) {
    let mut strides = vec![item; shape.len()];
    for k in (1..shape.len()).rev() {
        strides[k - 1] = strides[k].saturating_mul(shape[k]);
    }
    let pick = |all: &[usize]| -> Vec<usize> {
        axes.iter().map(|&axis| all.get(axis).copied().unwrap_or(0)).collect()
    };
    let (lengths, strides) = (pick(shape), pick(&strides));
    let (Some((&row, outer)), Some(&step)) = (lengths.split_last(), strides.last())
    else {
        to.copy_from_slice(from);
        return;
    };
    let mut at = vec![0_usize; outer.len()];
    for out in to.chunks_exact_mut((row * item).max(1)) {
        let base: usize = at.iter().zip(&strides).map(|(i, s)| i * s).sum();
        for (i, piece) in out.chunks_exact_mut(item.max(1)).enumerate() {
            let start = base + i * step;
            if let Some(value) = from.get(start..start + item) {
                piece.copy_from_slice(value);
            }
        }
        for (i, &length) in at.iter_mut().zip(outer).rev() {
            *i += 1;
            if *i < length {
                break;
            }
            *i = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_becomes_c_order() {
        let mut out = [0; 6];
        transpose(&[1, 4, 2, 5, 3, 6], &mut out, 1, &[2, 3]);
        assert_eq!(out, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn axes_are_permuted() {
        // [i][j][k] to [k][i][j]
        let from: Vec<u8> = (0..12).collect();
        let mut out = [0; 12];
        permute(&from, &mut out, 1, (&[2, 3, 2], &[2, 0, 1]));
        assert_eq!(out, [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    }

    #[test]
    fn near_rows_are_read_together() {
        let rows = [0..10, 20..30, 10_000..10_010, 10_010..10_020];
        let lengths: Vec<usize> = groups(&rows).map(<[_]>::len).collect();
        assert_eq!(lengths, [2, 2]);
    }
}
