//! deflate and zlib streams made by several threads: pieces that each end at a byte, one after the other.
//! Source: RFC 1950, RFC 1951.

use std::sync::{Mutex, PoisonError};

use flate2::{Compress, Compression, FlushCompress, Status};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use crate::fits::parallel::{for_each, threads};

const OP: Op = Op("deflate");
/// Bytes of a piece: far more than the 32 KiB that deflate looks back.
const PIECE: usize = 1 << 20;
const BASE: u32 = 65_521;

/// Compresses bytes as one zlib stream.
///
/// # Errors
/// `Interrupted`; [`ErrorKind::Internal`] where the compressor fails.
pub(crate) fn zlib(bytes: &[u8], level: u32) -> Result<Vec<u8>> {
    // deflate with a window of 32 KiB, default level, no dictionary
    let mut out = vec![0x78, 0x9c];
    let mut sum = 1;
    for (piece, own, length) in pieces(bytes, level)? {
        out.extend_from_slice(&piece);
        sum = combine(sum, own, length);
    }
    out.extend_from_slice(&sum.to_be_bytes());
    Ok(out)
}

/// Compresses bytes as one raw deflate stream, behind a beginning that is compressed by itself.
///
/// # Errors
/// As [`zlib`].
pub(crate) fn raw(begin: &[u8], bytes: &[u8], level: u32) -> Result<Vec<u8>> {
    let mut out = deflate(begin, level, false)?;
    for (piece, _, _) in pieces(bytes, level)? {
        out.extend_from_slice(&piece);
    }
    Ok(out)
}

/// A piece of a stream, the checksum and the number of the bytes in it.
type Piece = (Vec<u8>, u32, usize);

fn pieces(bytes: &[u8], level: u32) -> Result<Vec<Piece>> {
    let mut work: Vec<(usize, &[u8])> = bytes.chunks(PIECE).enumerate().collect();
    if work.is_empty() {
        work.push((0, bytes));
    }
    let count = work.len();
    let made: Mutex<Vec<Piece>> = Mutex::new(vec![(Vec::new(), 1, 0); count]);
    for_each(
        OP,
        threads(),
        work,
        || (),
        |(), (i, piece)| {
            let one =
                (deflate(piece, level, i + 1 == count)?, adler32(piece), piece.len());
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = made.get_mut(i) {
                *place = one;
            }
            Ok(())
        },
    )?;
    Ok(made.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn deflate(piece: &[u8], level: u32, last: bool) -> Result<Vec<u8>> {
    let mut state = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(piece.len() / 2 + 1024);
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        let read = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
        let rest = piece.get(read..).unwrap_or_default();
        let status = state.compress_vec(rest, &mut out, flush);
        let status = status.op(ErrorKind::Internal, OP, "the compressor failed")?;
        let all = state.total_in() == piece.len() as u64;
        let room = out.len() < out.capacity();
        match status {
            Status::StreamEnd => return Ok(out),
            _ if !last && all && room => return Ok(out),
            Status::Ok | Status::BufError
                if out.capacity() > piece.len() * 2 + (1 << 20) =>
            {
                return Err(Error::new(
                    ErrorKind::Internal,
                    OP,
                    "the compressor has no end",
                ));
            }
            _ => out.reserve(piece.len() / 2 + 1024),
        }
    }
}

/// The checksum of a zlib stream.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    // the most bytes after which the sums still fit
    for piece in bytes.chunks(5552) {
        for &byte in piece {
            a += u32::from(byte);
            b += a;
        }
        a %= BASE;
        b %= BASE;
    }
    b << 16 | a
}

/// The checksum of two runs of bytes, the second of `length`, from those of each.
fn combine(first: u32, second: u32, length: usize) -> u32 {
    let base = u64::from(BASE);
    let (a1, b1) = (u64::from(first & 0xffff), u64::from(first >> 16));
    let (a2, b2) = (u64::from(second & 0xffff), u64::from(second >> 16));
    let length = length as u64 % base;
    let a = (a1 + a2 + base - 1) % base;
    let b = (b1 + b2 + length * (a1 + base - 1)) % base;
    u32::try_from(b << 16 | a).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_put_together() {
        let bytes: Vec<u8> =
            (0..100_000_u32).map(|n| n.wrapping_mul(77).to_le_bytes()[1]).collect();
        let (left, right) = bytes.split_at(33_333);
        let both = combine(adler32(left), adler32(right), right.len());
        assert_eq!(both, adler32(&bytes));
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
