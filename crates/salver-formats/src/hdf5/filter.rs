//! The filters of chunks. Source: VI ("Filter Pipeline"), registered filter 32000 (LZF).

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};
use salver_core::{Error, ErrorKind, Op, Result};

use super::low::checksum::fletcher32;
use super::low::messages::Filter;

const OP: Op = Op("hdf5.decode");

pub(crate) const DEFLATE: u16 = 1;
pub(crate) const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const LZF: u16 = 32000;

/// The name of a filter, and whether it is read.
pub(crate) fn name(id: u16) -> (String, bool) {
    let (name, read) = match id {
        DEFLATE => ("deflate", true),
        SHUFFLE => ("shuffle", true),
        FLETCHER32 => ("fletcher32", true),
        LZF => ("lzf", true),
        4 => ("szip", false),
        5 => ("nbit", false),
        6 => ("scaleoffset", false),
        307 => ("bzip2", false),
        32001 => ("blosc", false),
        32004 => ("lz4", false),
        32008 => ("bitshuffle", false),
        32013 => ("zfp", false),
        32015 => ("zstd", false),
        32026 => ("blosc2", false),
        _ => return (format!("filter {id}"), false),
    };
    (name.to_owned(), read)
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Undoes the filters of a chunk, last applied first; `mask` names those that were left out.
///
/// # Errors
/// `Corrupt` where the chunk is not what it should be, `Unsupported` for a filter that is not read.
pub(crate) fn undo<'a>(
    stored: &'a [u8],
    filters: &[Filter],
    mask: u32,
    wanted: usize,
) -> Result<Cow<'a, [u8]>> {
    let mut bytes = Cow::Borrowed(stored);
    for (number, filter) in filters.iter().enumerate().rev() {
        if mask >> number.min(31) & 1 == 1 {
            continue;
        }
        // a checksum inside of the compression is 4 bytes more
        let most = wanted.saturating_add(4 * filters.len());
        bytes = match filter.id {
            DEFLATE => Cow::Owned(inflate(&bytes, most)?),
            SHUFFLE => {
                let size = filter.values.first().copied().unwrap_or(1);
                Cow::Owned(unshuffle(&bytes, usize::try_from(size).unwrap_or(1)))
            }
            FLETCHER32 => sum_checked(bytes)?,
            LZF => Cow::Owned(unlzf(&bytes, most)?),
            other => {
                let (name, _) = name(other);
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    OP,
                    "a filter that is not read",
                )
                .with("filter", name));
            }
        };
    }
    if bytes.len() == wanted {
        return Ok(bytes);
    }
    Err(corrupt("a chunk of another length than its shape")
        .with("bytes", bytes.len())
        .with("expected", wanted))
}

/// Grows with what comes out, so a lie about the length takes no memory.
fn inflate(bytes: &[u8], most: usize) -> Result<Vec<u8>> {
    let mut state = Decompress::new(true);
    let mut out = Vec::with_capacity(most.min(bytes.len().saturating_mul(1100)));
    loop {
        let at = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
        let (input, before) = (bytes.get(at..).unwrap_or_default(), out.len());
        let status = state.decompress_vec(input, &mut out, FlushDecompress::None);
        let status =
            status.map_err(|e| corrupt("a damaged deflated chunk").caused_by(e))?;
        if status == Status::StreamEnd {
            return Ok(out);
        }
        if out.len() > most {
            return Err(corrupt("a chunk that inflates to more than its shape"));
        }
        let moved = state.total_in() > at as u64 || out.len() > before;
        if out.len() < out.capacity() && !moved {
            return Err(corrupt("a deflated chunk that is cut off"));
        }
        if out.len() == out.capacity() {
            out.reserve(out.len().clamp(64, 1 << 20));
        }
    }
}

/// Puts the bytes of each item together again.
fn unshuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    let count = bytes.len().checked_div(size).unwrap_or(0);
    if size < 2 || count == 0 {
        return bytes.to_vec();
    }
    let mut out = vec![0; bytes.len()];
    let (body, tail) = bytes.split_at(count * size);
    match size {
        2 => weave::<2>(body, &mut out),
        4 => weave::<4>(body, &mut out),
        8 => weave::<8>(body, &mut out),
        16 => weave::<16>(body, &mut out),
        _ => {
            for (k, lane) in body.chunks_exact(count).enumerate() {
                for (item, &byte) in out.chunks_exact_mut(size).zip(lane) {
                    if let Some(place) = item.get_mut(k) {
                        *place = byte;
                    }
                }
            }
        }
    }
    if let Some(end) = out.get_mut(count * size..) {
        end.copy_from_slice(tail);
    }
    out
}

fn weave<const N: usize>(body: &[u8], out: &mut [u8]) {
    let count = body.len() / N;
    let lanes: [&[u8]; N] =
        std::array::from_fn(|k| body.get(k * count..(k + 1) * count).unwrap_or_default());
    let (items, _) = out.as_chunks_mut::<N>();
    for (i, item) in items.iter_mut().enumerate() {
        for (place, lane) in item.iter_mut().zip(lanes) {
            *place = lane.get(i).copied().unwrap_or(0);
        }
    }
}

/// Puts the first bytes of all items together, then the second ones, ….
pub(crate) fn shuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    let count = bytes.len().checked_div(size).unwrap_or(0);
    if size < 2 || count == 0 {
        return bytes.to_vec();
    }
    let mut out = Vec::with_capacity(bytes.len());
    for k in 0..size {
        let lane = bytes.chunks_exact(size).map(|item| item.get(k).copied().unwrap_or(0));
        out.extend(lane);
    }
    out.extend_from_slice(bytes.get(count * size..).unwrap_or_default());
    out
}

fn sum_checked(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>> {
    let end = bytes.len().checked_sub(4);
    let end = end.ok_or_else(|| corrupt("a chunk too short for its checksum"))?;
    let stored = bytes.get(end..).and_then(|b| b.first_chunk().copied());
    let sum = fletcher32(bytes.get(..end).unwrap_or_default());
    let stored = stored.map_or(0, u32::from_le_bytes);
    // old libraries on little-endian machines swapped the bytes of each half
    let swapped = sum.swap_bytes().rotate_left(16);
    if stored != sum && stored != swapped {
        return Err(corrupt("a chunk whose checksum is wrong"));
    }
    Ok(match bytes {
        Cow::Borrowed(b) => Cow::Borrowed(b.get(..end).unwrap_or_default()),
        Cow::Owned(mut b) => {
            b.truncate(end);
            Cow::Owned(b)
        }
    })
}

/// LZF: runs of bytes, and copies of what came before.
fn unlzf(bytes: &[u8], most: usize) -> Result<Vec<u8>> {
    let cut = || corrupt("a damaged LZF chunk");
    let mut out = Vec::with_capacity(most.min(bytes.len().saturating_mul(90)));
    let mut input = bytes.iter();
    let mut next = || input.next().copied().map(usize::from).ok_or_else(cut);
    let mut left = bytes.len();
    while left > 0 {
        let control = next()?;
        left -= 1;
        if control < 32 {
            left = left.checked_sub(control + 1).ok_or_else(cut)?;
            for _ in 0..=control {
                out.push(u8::try_from(next()?).unwrap_or(0));
            }
        } else {
            let mut length = control >> 5;
            if length == 7 {
                length += next()?;
                left = left.checked_sub(1).ok_or_else(cut)?;
            }
            let back = ((control & 31) << 8 | next()?) + 1;
            left = left.checked_sub(1).ok_or_else(cut)?;
            let from = out.len().checked_sub(back).ok_or_else(cut)?;
            for at in from..from + length + 2 {
                out.push(out.get(at).copied().unwrap_or(0));
            }
        }
        if out.len() > most {
            return Err(corrupt("an LZF chunk that holds more than its shape"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_comes_back_for_any_size() {
        let bytes: Vec<u8> = (0..101).collect();
        for size in [1, 2, 3, 4, 8, 16, 200] {
            assert_eq!(unshuffle(&shuffle(&bytes, size), size), bytes, "{size}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_shape() {
        let mut deflate =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(9));
        std::io::Write::write_all(&mut deflate, &vec![0; 10_000_000]).unwrap();
        let bytes = deflate.finish().unwrap();
        let error = inflate(&bytes, 1000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn lzf_copies_what_came_before() {
        // 3 literals, then a copy of 5 from 3 back
        assert_eq!(
            unlzf(&[2, 1, 2, 3, 3 << 5, 2], 100).unwrap(),
            [1, 2, 3, 1, 2, 3, 1, 2]
        );
        assert!(unlzf(&[3 << 5, 2], 100).is_err());
    }
}
