//! Items of any length: text and bytes. Source: zarr-python's codecs `vlen-utf8` and `vlen-bytes`:
//! the number of items, then the length and the bytes of each, numbers of 32 bits, little-endian.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Place, Source};

use super::array::backed;
use super::block::{Corner, copy};
use super::codec::Chain;
use super::item::corrupt;
use super::meta::{ArrayMeta, at_node, counts, list};

/// Longest chunk once it is decompressed, where what is stored does not back more.
const FREE: u64 = 64 << 20;

/// Writes items as a chunk.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for items longer than 4 GiB.
pub(crate) fn encode<'a>(
    items: impl ExactSizeIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>> {
    let long = |n: usize| {
        u32::try_from(n).map(u32::to_le_bytes).map_err(|e| {
            let message = "text or bytes longer than 4 GiB";
            Error::new(ErrorKind::Unsupported, Op("zarr.encode"), message).caused_by(e)
        })
    };
    let mut out = long(items.len())?.to_vec();
    for item in items {
        out.extend(long(item.len())?);
        out.extend(item);
    }
    Ok(out)
}

/// Splits a chunk of `count` items; ranges of its bytes.
fn split(data: &[u8], count: usize) -> Result<Vec<std::ops::Range<usize>>> {
    let short = || corrupt("a chunk of text ends early");
    let number = |at: usize| {
        let bytes =
            data.get(at..).and_then(|d| d.first_chunk::<4>()).ok_or_else(short)?;
        usize::try_from(u32::from_le_bytes(*bytes)).map_err(|_e| short())
    };
    if number(0)? != count || count > data.len() / 4 {
        return Err(corrupt("a chunk of text of another number of items")
            .with("items", number(0)?)
            .with("expected", count));
    }
    let (mut out, mut at) = (Vec::with_capacity(count), 4);
    for _ in 0..count {
        let end = number(at)?.checked_add(at + 4).filter(|&e| e <= data.len());
        let end = end.ok_or_else(short)?;
        out.push(at + 4..end);
        at = end;
    }
    Ok(out)
}

/// Reads all items, in C order, and gives each to `take`.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for damaged chunks, [`ErrorKind::Limit`] for far more items than the
/// artifact backs; as the source's.
pub(crate) fn read(
    meta: &ArrayMeta,
    (chain, places): (&Chain, &[Place]),
    source: &dyn Source,
    path: &str,
) -> Result<Vec<Vec<u8>>> {
    let n: usize = meta.shape.iter().product();
    let stored: u64 = places.iter().map(|p| p.len).fold(0, u64::saturating_add);
    backed(
        n.saturating_mul(size_of::<Vec<u8>>() + meta.fill.len()),
        stored.min(source.len()),
    )?;
    let mut out = vec![meta.fill.clone(); n];
    let (inner, all) = (meta.inner(), counts(&meta.shape, meta.inner()));
    let chunk: usize = inner.iter().product();
    let ranges: Vec<_> = places.iter().map(|p| p.range()).collect();
    for (i, place) in places.iter().enumerate().filter(|(_, p)| p.len > 0) {
        let at = position(i, &all);
        let named = |e: Error| {
            at_node(e, path).with("chunk", list(&at)).with("offset", place.offset)
        };
        let bytes = source.read(ranges.get(i..=i).unwrap_or_default())?;
        let bytes = bytes.first().map(|b| &b[..]).unwrap_or_default();
        let limit = place.len.saturating_mul(1024).saturating_add(FREE);
        let data = chain.decode_any(bytes, limit).map_err(named)?;
        let items = split(&data, chunk).map_err(named)?;
        let numbers: Vec<u8> = (0..chunk).flat_map(usize::to_ne_bytes).collect();
        let mut wanted = vec![0; n.min(chunk) * 8];
        place_items(meta, &at, &numbers, &mut wanted, |to, from| {
            if let (Some(to), Some(range)) = (out.get_mut(to), items.get(from)) {
                *to = data.get(range.clone()).unwrap_or_default().to_vec();
            }
        });
    }
    Ok(out)
}

/// Items of one axis behind each other: where each begins, and where the last ends; their bytes.
///
/// # Errors
/// As [`read`].
pub(crate) fn column(
    meta: &ArrayMeta,
    (chain, places): (&Chain, &[Place]),
    source: &dyn Source,
    path: &str,
) -> Result<(Vec<usize>, Vec<u8>)> {
    let (n, chunk) = match (meta.shape.as_slice(), meta.inner()) {
        ([n], [chunk]) => (*n, *chunk),
        _ => return Err(at_node(corrupt("a column of more than one axis"), path)),
    };
    let stored: u64 = places.iter().map(|p| p.len).fold(0, u64::saturating_add);
    backed(
        n.saturating_mul(size_of::<usize>() + meta.fill.len()),
        stored.min(source.len()),
    )?;
    let (mut offsets, mut values) = (Vec::with_capacity(n + 1), Vec::new());
    offsets.push(0);
    for i in 0..n.div_ceil(chunk) {
        let rows = chunk.min(n - i * chunk);
        let Some(place) = places.get(i).filter(|p| p.len > 0) else {
            for _ in 0..rows {
                values.extend_from_slice(&meta.fill);
                offsets.push(values.len());
            }
            continue;
        };
        let named =
            |e: Error| at_node(e, path).with("chunk", i).with("offset", place.offset);
        let bytes = source.read(&[place.range()])?;
        let bytes = bytes.first().map(|b| &b[..]).unwrap_or_default();
        let limit = place.len.saturating_mul(1024).saturating_add(FREE);
        let data = chain.decode_any(bytes, limit).map_err(named)?;
        for range in split(&data, chunk).map_err(named)?.into_iter().take(rows) {
            values.extend_from_slice(data.get(range).unwrap_or_default());
            offsets.push(values.len());
        }
    }
    Ok((offsets, values))
}

/// The position of a chunk in the grid.
fn position(i: usize, all: &[usize]) -> Vec<usize> {
    let mut rest = i;
    let mut at = vec![0; all.len()];
    for (at, n) in at.iter_mut().zip(all).rev() {
        *at = rest % n.max(&1);
        rest /= n.max(&1);
    }
    at
}

/// Calls `take` with the place in the array and the place in the chunk of each item of a chunk.
fn place_items(
    meta: &ArrayMeta,
    at: &[usize],
    numbers: &[u8],
    wanted: &mut [u8],
    mut take: impl FnMut(usize, usize),
) {
    let inner = meta.inner();
    let start: Vec<usize> = at.iter().zip(inner).map(|(i, c)| i * c).collect();
    let extent: Vec<usize> = start
        .iter()
        .zip(inner)
        .zip(&meta.shape)
        .map(|((s, c), n)| (*c).min(n - s))
        .collect();
    let zeros = vec![0; at.len()];
    let from = Corner { shape: inner, start: &zeros };
    let to = Corner { shape: &extent, start: &zeros };
    copy((numbers, from), (wanted, to), &extent, 8);
    let count: usize = extent.iter().product();
    for (k, number) in wanted.as_chunks::<8>().0.iter().take(count).enumerate() {
        let inside = position(k, &extent);
        let place = inside.iter().zip(&start).zip(&meta.shape);
        let place = place.fold(0, |n, ((&i, &s), &len)| n * len + s + i);
        take(place, usize::from_ne_bytes(*number));
    }
}
