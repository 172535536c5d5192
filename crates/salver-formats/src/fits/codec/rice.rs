//! `RICE_1`: differences of neighbours, in blocks that share the number of bits kept as they are.
//!
//! The first pixel comes as it is. Each block begins with a code of 3, 4 or 5 bits (for pixels of
//! 1, 2, 4 bytes): 0 means that all differences are zero; the highest code that they are stored in
//! full; any other that each has `code − 1` low bits as they are, after the rest in unary (that
//! many zeros, and a one). A difference `d` is stored as `2d`, or `−2d − 1` where it is negative.
//! Source: FITS 4.0 §10.4.1; Rice, Yeh & Miller 1993.

use salver_core::Result;

use super::bits::{BitReader, BitWriter};
use super::corrupt;
use crate::fits::pixel::Pixel;

/// A pixel of 1, 2 or 4 bytes.
pub(crate) trait Word: Pixel {
    /// Bits of a pixel.
    const BITS: u32;
    /// Bits of a block's code.
    const CODE_BITS: u32;
    /// The code of a block of differences in full.
    const FULL: u32;
}

impl Word for u8 {
    const BITS: u32 = 8;
    const CODE_BITS: u32 = 3;
    const FULL: u32 = 7;
}

impl Word for i16 {
    const BITS: u32 = 16;
    const CODE_BITS: u32 = 4;
    const FULL: u32 = 15;
}

impl Word for i32 {
    const BITS: u32 = 32;
    const CODE_BITS: u32 = 5;
    const FULL: u32 = 26;
}

/// The pixel of these low bits.
#[inline]
fn from_low<T: Word>(bits: u32) -> T {
    T::from_i32(bits.cast_signed())
}

/// Decodes as many pixels as `out` holds.
///
/// # Errors
/// `Corrupt` where the data ends before.
pub(crate) fn decode<T: Word>(data: &[u8], block: usize, out: &mut [T]) -> Result<()> {
    let mut bits = BitReader::new(data);
    decode_blocks(&mut bits, block, out)
        .ok_or_else(|| corrupt("a RICE_1 tile ends early"))
}

fn decode_blocks<T: Word>(
    bits: &mut BitReader<'_>,
    block: usize,
    out: &mut [T],
) -> Option<()> {
    let mut last = bits.take(T::BITS)?;
    for block in out.chunks_mut(block.max(1)) {
        let code = bits.take(T::CODE_BITS)?;
        if code == 0 {
            block.fill(from_low(last));
        } else if code >= T::FULL {
            for pixel in block {
                last = last.wrapping_add(unfold(bits.take(T::BITS)?));
                *pixel = from_low(last);
            }
        } else {
            last = decode_block(bits, code - 1, last, block)?;
        }
    }
    Some(())
}

#[inline]
fn decode_block<T: Word>(
    bits: &mut BitReader<'_>,
    low: u32,
    mut last: u32,
    block: &mut [T],
) -> Option<u32> {
    for pixel in block {
        if bits.n < 32 {
            bits.fill();
        }
        let zeros = bits.ahead.leading_zeros();
        let used = zeros + 1 + low;
        let folded = if used <= bits.n {
            let rest = bits.ahead << zeros << 1;
            let value = rest >> 1 >> (63 - low);
            bits.ahead = rest << low;
            bits.n -= used;
            (zeros << low) | low_half(value)
        } else {
            let zeros = bits.zeros()?;
            let value = if low == 0 { 0 } else { bits.take(low)? };
            zeros.wrapping_shl(low) | value
        };
        last = last.wrapping_add(unfold(folded));
        *pixel = from_low(last);
    }
    Some(last)
}

#[expect(clippy::cast_possible_truncation, reason = "at most 25 bits are set")]
#[inline]
fn low_half(v: u64) -> u32 {
    v as u32
}

/// 0, 1, 2, 3, 4 … → 0, −1, 1, −2, 2 …
#[inline]
fn unfold(v: u32) -> u32 {
    (v >> 1) ^ (v & 1).wrapping_neg()
}

/// The folded difference of two pixels, of `T::BITS` bits.
#[inline]
fn fold<T: Word>(pixel: u32, last: u32) -> u32 {
    let unused = 32 - T::BITS;
    let d = pixel.wrapping_sub(last) << unused;
    let sign = (d >> 31).wrapping_neg();
    ((d << 1) ^ sign) >> unused
}

/// Encodes pixels in blocks of `block`.
pub(crate) fn encode<T: Word>(pixels: &[T], block: usize) -> Vec<u8> {
    let mut bits = BitWriter::default();
    let Some(first) = pixels.first() else { return Vec::new() };
    let mut last = first.low().cast_unsigned();
    bits.put(last, T::BITS);
    let mut folded = Vec::with_capacity(block);
    for block in pixels.chunks(block.max(1)) {
        folded.clear();
        let mut sum = 0_u64;
        for pixel in block {
            let pixel = pixel.low().cast_unsigned();
            let d = fold::<T>(pixel, last);
            last = pixel;
            sum += u64::from(d);
            folded.push(d);
        }
        encode_block::<T>(&mut bits, &folded, sum);
    }
    bits.finish()
}

fn encode_block<T: Word>(bits: &mut BitWriter, folded: &[u32], sum: u64) {
    if sum == 0 {
        return bits.put(0, T::CODE_BITS);
    }
    // low bits as they are cost one each, the rest of the mean a bit per unit
    let n = folded.len() as u64;
    let spare = sum.saturating_sub(n / 2 + 1) / n;
    let low = 64 - (spare >> 1).leading_zeros();
    if low + 1 >= T::FULL {
        bits.put(T::FULL, T::CODE_BITS);
        for &d in folded {
            bits.put(d, T::BITS);
        }
        return;
    }
    bits.put(low + 1, T::CODE_BITS);
    for &d in folded {
        let high = d >> low;
        if high + 1 + low <= 32 {
            let kept = d & !(u32::MAX << low);
            bits.put((1 << low) | kept, high + 1 + low);
        } else {
            bits.zeros(high);
            bits.put(d, low);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip<T: Word + PartialEq + std::fmt::Debug + Default>(pixels: &[T]) {
        let bytes = encode(pixels, 32);
        let mut out = vec![T::default(); pixels.len()];
        decode(&bytes, 32, &mut out).unwrap();
        assert_eq!(out, pixels);
    }

    #[test]
    fn extremes_survive() {
        round_trip(&[i32::MIN, i32::MAX, 0, -1, 1, i32::MIN]);
        round_trip(&[i16::MIN, i16::MAX, 0, -1, 1, i16::MIN]);
        round_trip(&[0_u8, 255, 0, 128, 127]);
        round_trip(&[7_i32; 100]);
        let mut lone = [0_i32; 64];
        lone[40] = 1 << 20;
        round_trip(&lone);
    }

    proptest! {
        #[test]
        fn any_pixels_survive(pixels: Vec<i32>, narrow in proptest::collection::vec(-9_i16..9, 0..200)) {
            if !pixels.is_empty() { round_trip(&pixels); }
            if !narrow.is_empty() { round_trip(&narrow); }
        }

        #[test]
        fn any_bytes_give_pixels_or_an_error(bytes: Vec<u8>, n in 0_usize..200) {
            let mut out = vec![0_i16; n];
            drop(decode(&bytes, 32, &mut out));
            let mut out = vec![0_i32; n];
            drop(decode(&bytes, 32, &mut out));
        }
    }
}
