//! Arrays cut into chunks, each through the filters, on several threads.

use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};

use super::plan::{Chunk, Items};
use super::recipe::Recipe;
use crate::fits::parallel;
use crate::hdf5::filter::shuffle;

const OP: Op = Op("hdf5.encode");

/// The chunks of an array in C order: the first item of each, and what is stored of it.
///
/// # Errors
/// `Interrupted`; `Internal` where compression fails.
pub(super) fn chunks(
    bytes: &[u8],
    items: &Items<'_>,
    chunk: &[usize],
    recipe: &Recipe,
) -> Result<Vec<Chunk>> {
    let counts: Vec<usize> =
        items.shape.iter().zip(chunk).map(|(&n, &c)| n.div_ceil(c.max(1))).collect();
    let total: usize = counts.iter().product();
    let done: Mutex<Vec<Option<Vec<u8>>>> = Mutex::new(vec![None; total]);
    let first = |number: usize| {
        let mut rest = number;
        let mut at = vec![0; counts.len()];
        for ((i, &count), &c) in at.iter_mut().zip(&counts).zip(chunk).rev() {
            *i = rest % count * c;
            rest /= count;
        }
        at
    };
    let limit = if bytes.len() > 1 << 18 { parallel::threads() } else { 1 };
    parallel::for_each(
        OP,
        limit,
        (0..total).collect(),
        Vec::new,
        |raw: &mut Vec<u8>, number| {
            cut(bytes, items, chunk, &first(number), raw);
            let stored = filtered(raw, items, recipe)?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = done.get_mut(number) {
                *place = Some(stored);
            }
            Ok(())
        },
    )?;
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let each = done.into_iter().enumerate().map(|(number, stored)| {
        let first = first(number).into_iter().map(|i| i as u64).collect();
        Chunk { first, bytes: stored.unwrap_or_default() }
    });
    Ok(each.collect())
}

/// Copies a chunk out of an array; what is over the edge is zeros.
fn cut(
    bytes: &[u8],
    items: &Items<'_>,
    chunk: &[usize],
    first: &[usize],
    out: &mut Vec<u8>,
) {
    let size = items.size;
    let length = chunk.iter().product::<usize>() * size;
    out.clear();
    out.resize(length, 0);
    let Some((&width, outer)) = chunk.split_last() else { return };
    let whole = items.shape.last().copied().unwrap_or(1);
    let start = first.last().copied().unwrap_or(0);
    let taken = width.min(whole - start) * size;
    for (row, place) in out.chunks_exact_mut((width * size).max(1)).enumerate() {
        let mut rest = row;
        let mut at = first.to_vec();
        let mut inside = true;
        let axes = at.iter_mut().zip(outer).zip(items.shape).rev();
        for ((i, &c), &n) in axes {
            *i += rest % c;
            rest /= c;
            inside &= *i < n;
        }
        if !inside {
            continue;
        }
        let from = at.iter().zip(items.shape).fold(0, |sum, (&i, &n)| sum * n + i) * size;
        if let (Some(place), Some(piece)) =
            (place.get_mut(..taken), bytes.get(from..from + taken))
        {
            place.copy_from_slice(piece);
        }
    }
}

fn filtered(raw: &[u8], items: &Items<'_>, recipe: &Recipe) -> Result<Vec<u8>> {
    let unit = items.dtype.swap_size().max(1);
    let unit = if unit == 1 { items.size } else { unit };
    let shuffled = if recipe.shuffle { shuffle(raw, unit) } else { raw.to_vec() };
    let Some(level) = recipe.deflate else { return Ok(shuffled) };
    let message = "a chunk that cannot be compressed";
    let mut deflate =
        ZlibEncoder::new(Vec::with_capacity(raw.len() / 2), Compression::new(level));
    std::io::Write::write_all(&mut deflate, &shuffled).op(
        ErrorKind::Internal,
        OP,
        message,
    )?;
    deflate.finish().op(ErrorKind::Internal, OP, message)
}
