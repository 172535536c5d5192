//! Reads version 1 of blosc's container: a header, the places of blocks, and blocks that are
//! shuffled and then compressed as one or as one stream a byte. Source: c-blosc `README_CHUNK_FORMAT`.

use salver_core::{Error, ErrorKind, Op, Result};

use super::squeeze::{Codec, Tools, corrupt, lz4_into};

const HEADER: usize = 16;

struct Header {
    flags: u8,
    item: usize,
    bytes: usize,
    block: usize,
}

fn number(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

fn header(data: &[u8], limit: u64) -> Result<Header> {
    let read = || {
        let [_, _, flags, item, ..] = *data.first_chunk::<HEADER>()?;
        let (bytes, block) = (number(data, 4)?, number(data, 8)?);
        Some(Header { flags, item: usize::from(item.max(1)), bytes, block })
    };
    let header = read().ok_or_else(|| corrupt("a blosc chunk without a header"))?;
    if header.bytes as u64 > limit || header.block == 0 && header.bytes > 0 {
        return Err(corrupt("a blosc chunk of an impossible length")
            .with("bytes", header.bytes)
            .with("limit", limit));
    }
    Ok(header)
}

/// Decodes a container of at most `limit` bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is damaged, [`ErrorKind::Unsupported`] for `blosclz` and `snappy`.
pub(super) fn decode(data: &[u8], limit: u64) -> Result<Vec<u8>> {
    let header = header(data, limit)?;
    if header.flags & 2 != 0 {
        let body = data.get(HEADER..HEADER + header.bytes);
        return body
            .map(<[u8]>::to_vec)
            .ok_or_else(|| corrupt("a blosc chunk ends early"));
    }
    let mut out = vec![0; header.bytes];
    let mut plain = vec![0; header.block.min(header.bytes)];
    let mut tools = Tools::default();
    for (i, block) in out.chunks_mut(header.block.max(1)).enumerate() {
        let start = number(data, HEADER + 4 * i);
        let from = start.and_then(|at| data.get(at..));
        let from = from.ok_or_else(|| corrupt("a blosc block outside of its chunk"))?;
        let plain = plain.get_mut(..block.len()).unwrap_or_default();
        unpack(&header, from, plain, &mut tools)?;
        match header.flags & 5 {
            1 if header.item > 1 => unshuffle(plain, block, header.item),
            4 => unshuffle_bits(plain, block, header.item),
            _ => block.copy_from_slice(plain),
        }
    }
    Ok(out)
}

/// Decompresses the streams of a block.
fn unpack(
    header: &Header,
    mut from: &[u8],
    out: &mut [u8],
    tools: &mut Tools,
) -> Result<()> {
    let whole = out.len() == header.block;
    let split =
        header.flags & 0x10 == 0 && whole && out.len().is_multiple_of(header.item);
    let streams = if split { header.item } else { 1 };
    let each = (out.len() / streams).max(1);
    for piece in out.chunks_mut(each) {
        let short = || corrupt("a blosc block ends early");
        let len = number(from, 0).ok_or_else(short)?;
        let body =
            from.get(4..).and_then(|b| b.split_at_checked(len)).ok_or_else(short)?;
        from = body.1;
        if len == piece.len() {
            piece.copy_from_slice(body.0);
            continue;
        }
        match header.flags >> 5 {
            1 => lz4_into(body.0, piece)?,
            3 => Codec::Zlib.decode_into(body.0, piece, tools)?,
            4 => Codec::Zstd(0, false).decode_into(body.0, piece, tools)?,
            other => {
                let name = if other == 0 { "blosclz" } else { "snappy" };
                let message = "a compressor of blosc that is not read";
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    Op("zarr.codec"),
                    message,
                )
                .with("compressor", name)
                .hint("lz4, lz4hc, zlib and zstd are"));
            }
        }
    }
    Ok(())
}

/// Undoes the sorting by the bytes of items; bytes behind the last whole item are as they were.
fn unshuffle(from: &[u8], to: &mut [u8], item: usize) {
    let n = from.len() / item;
    let (body, rest) = to.split_at_mut(n * item);
    for (k, row) in from.chunks_exact(n.max(1)).take(item).enumerate() {
        let places = body.iter_mut().skip(k).step_by(item);
        places.zip(row).for_each(|(to, from)| *to = *from);
    }
    rest.copy_from_slice(from.get(n * item..).unwrap_or_default());
}

/// Undoes the sorting by the bits of items, in the first multiple of eight items.
fn unshuffle_bits(from: &[u8], to: &mut [u8], item: usize) {
    let row = from.len() / item / 8;
    let done = row * 8 * item;
    to.fill(0);
    for (bit, bits) in
        from.chunks_exact(row.max(1)).take(8 * item * row.min(1)).enumerate()
    {
        let (byte, mask) = (bit / 8, bit % 8);
        for (eight, &packed) in bits.iter().enumerate() {
            for k in 0..8 {
                if let Some(to) = to.get_mut((eight * 8 + k) * item + byte) {
                    *to |= (packed >> k & 1) << mask;
                }
            }
        }
    }
    let rest = to.get_mut(done..).unwrap_or_default();
    rest.copy_from_slice(from.get(done..).unwrap_or_default());
}
