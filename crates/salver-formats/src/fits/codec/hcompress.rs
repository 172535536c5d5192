//! `HCOMPRESS_1`: an H-transform (a two-dimensional Haar transform of integers) whose coefficients
//! are quadtree-coded bit plane by bit plane. Source: White, Postman & Lattanzi 1992 ("Digitized
//! Optical Sky Surveys", Kluwer, p. 167); FITS 4.0 §10.4.4.
//!
//! The stream: the bytes DD 99; rows, columns and scale as 32-bit numbers, the sum of all pixels
//! as a 64-bit one; three counts of bit planes (of the sums, of the two mixed quadrants, of the
//! diagonal one); the four quadrants; a nibble 0; from the next whole byte on, a sign bit for each
//! coefficient that is not zero.

use salver_core::{Error, ErrorKind, Op, Result};

use super::bits::BitReader;
use super::corrupt;

/// Decodes a tile of `rows` × `columns` pixels.
///
/// # Errors
/// `Corrupt` where the stream is damaged, ends early, or is of another shape; `Unsupported` where
/// the tile asks to be smoothed.
pub(crate) fn decode(
    data: &[u8],
    rows: usize,
    columns: usize,
    smooth: bool,
) -> Result<Vec<i64>> {
    let stream =
        Stream::open(data).ok_or_else(|| corrupt("a damaged HCOMPRESS_1 tile"))?;
    if (stream.rows, stream.columns) != (rows, columns) {
        return Err(corrupt("an HCOMPRESS_1 tile of another shape")
            .with("shape", format_args!("{} x {}", stream.rows, stream.columns))
            .with("expected", format_args!("{rows} x {columns}")));
    }
    if smooth && stream.scale > 1 {
        let message = "HCOMPRESS_1 with smoothing";
        return Err(Error::new(ErrorKind::Unsupported, Op("fits.tile"), message));
    }
    let scale = i64::from(stream.scale.max(1));
    let mut plane =
        stream.coefficients().ok_or_else(|| corrupt("an HCOMPRESS_1 tile ends early"))?;
    plane.values.iter_mut().for_each(|v| *v = v.wrapping_mul(scale));
    plane.invert();
    Ok(plane.values)
}

struct Stream<'a> {
    rows: usize,
    columns: usize,
    scale: i32,
    sum: i64,
    planes: [u32; 3],
    body: &'a [u8],
}

impl<'a> Stream<'a> {
    fn open(data: &'a [u8]) -> Option<Self> {
        let rest = data.strip_prefix(&[0xdd, 0x99])?;
        let (rows, rest) = rest.split_first_chunk::<4>()?;
        let (columns, rest) = rest.split_first_chunk::<4>()?;
        let (scale, rest) = rest.split_first_chunk::<4>()?;
        let (sum, rest) = rest.split_first_chunk::<8>()?;
        let (planes, body) = rest.split_first_chunk::<3>()?;
        let size = |b: &[u8; 4]| usize::try_from(i32::from_be_bytes(*b)).ok();
        let planes = planes.map(u32::from);
        (planes.iter().all(|&n| n < 63)).then_some(())?;
        Some(Self {
            rows: size(rows)?,
            columns: size(columns)?,
            scale: i32::from_be_bytes(*scale),
            sum: i64::from_be_bytes(*sum),
            planes,
            body,
        })
    }

    /// The coefficients with their signs; the first one is the sum of all pixels.
    fn coefficients(&self) -> Option<Plane> {
        let mut plane = Plane::new(self.rows, self.columns);
        let mut bits = BitReader::new(self.body);
        let (top, left) = (self.rows.div_ceil(2), self.columns.div_ceil(2));
        let quadrants = [
            (0..top, 0..left, self.planes[0]),
            (0..top, left..self.columns, self.planes[1]),
            (top..self.rows, 0..left, self.planes[1]),
            (top..self.rows, left..self.columns, self.planes[2]),
        ];
        for (rows, columns, n) in quadrants {
            let mut tree = Quadtree::new(rows.len(), columns.len());
            for bit in (0..n).rev() {
                tree.read(&mut bits)?;
                tree.for_each(|r, c| {
                    plane.set_bit(rows.start + r, columns.start + c, bit);
                });
            }
        }
        (bits.take(4)? == 0).then_some(())?;
        bits.skip(bits.n % 8);
        for v in plane.values.iter_mut().filter(|v| **v != 0) {
            if bits.take(1)? == 1 {
                *v = -*v;
            }
        }
        if let Some(first) = plane.values.first_mut() {
            *first = self.sum;
        }
        Some(plane)
    }
}

/// One bit plane of a quadrant, as codes of 2×2 bits each: 8 and 4 above, 2 and 1 below.
struct Quadtree {
    rows: usize,
    columns: usize,
    codes: Vec<u8>,
    next: Vec<u8>,
}

impl Quadtree {
    fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, codes: Vec::new(), next: Vec::new() }
    }

    /// Reads a plane: all codes of the finest level as nibbles (after a nibble 0), or from the root
    /// down where only those of blocks that are not empty follow (after a nibble 15).
    fn read(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        let (rows, columns) = (self.rows.div_ceil(2), self.columns.div_ceil(2));
        match bits.take(4)? {
            0 => {
                self.codes.clear();
                for _ in 0..rows * columns {
                    self.codes.push(u8::try_from(bits.take(4)?).ok()?);
                }
            }
            15 => {
                self.codes.clear();
                self.codes.push(code(bits)?);
                let levels =
                    self.rows.max(self.columns).max(1).next_power_of_two().ilog2();
                for level in (1..levels).rev() {
                    let block = 1 << level;
                    self.descend(
                        bits,
                        self.rows.div_ceil(block),
                        self.columns.div_ceil(block),
                    )?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Goes to the next level of `rows` × `columns` codes; they come from the last to the first.
    fn descend(
        &mut self,
        bits: &mut BitReader<'_>,
        rows: usize,
        columns: usize,
    ) -> Option<()> {
        let mut next = std::mem::take(&mut self.next);
        next.clear();
        next.resize(rows * columns, 0);
        spread(&self.codes, rows, columns, |r, c| next[r * columns + c] = 1);
        for v in next.iter_mut().rev().filter(|v| **v != 0) {
            *v = code(bits)?;
        }
        self.next = std::mem::replace(&mut self.codes, next);
        Some(())
    }

    /// Calls `f` for each bit that is set.
    fn for_each(&self, f: impl FnMut(usize, usize)) {
        spread(&self.codes, self.rows, self.columns, f);
    }
}

/// Calls `f` for each set bit of 2×2 codes that cover `rows` × `columns`.
fn spread(codes: &[u8], rows: usize, columns: usize, mut f: impl FnMut(usize, usize)) {
    let blocks = columns.div_ceil(2).max(1);
    for (i, &code) in codes.iter().enumerate().filter(|(_, c)| **c != 0) {
        let (r, c) = (i / blocks * 2, i % blocks * 2);
        for (bit, dr, dc) in [(8, 0, 0), (4, 0, 1), (2, 1, 0), (1, 1, 1)] {
            if code & bit != 0 && r + dr < rows && c + dc < columns {
                f(r + dr, c + dc);
            }
        }
    }
}

/// The next code of 2×2 bits; frequent ones are short.
fn code(bits: &mut BitReader<'_>) -> Option<u8> {
    const FOUR: [u8; 5] = [3, 5, 10, 12, 15];
    const FIVE: [u8; 5] = [6, 7, 9, 11, 13];
    let mut v = bits.take(3)? as usize;
    if v < 4 {
        return Some(1 << v);
    }
    v = v * 2 + bits.take(1)? as usize;
    if v < 13 {
        return FOUR.get(v - 8).copied();
    }
    v = v * 2 + bits.take(1)? as usize;
    if v < 31 {
        return FIVE.get(v - 26).copied();
    }
    Some(if bits.take(1)? == 0 { 0 } else { 14 })
}

struct Plane {
    rows: usize,
    columns: usize,
    values: Vec<i64>,
}

/// A value without the bits below `bit`, rounded to the nearest, halves away from zero.
fn rounded(v: i64, bit: i64) -> i64 {
    let half = bit >> 1;
    let up = if v >= 0 || bit == 1 { half } else { half - 1 };
    v.wrapping_add(up) & -bit
}

/// `v`, `by` nearer to zero: what was halfway had been rounded away from it.
fn nearer(v: i64, by: i64) -> i64 {
    if v >= 0 { v.wrapping_sub(by) } else { v.wrapping_add(by) }
}

/// Restores the bits that sum and differences of four pixels share, and so are stored only once:
/// bit `one` of all four is that of the diagonal, the next one makes their total even.
fn restored(sum: i64, dx: i64, dy: i64, diagonal: i64, one: i64) -> [i64; 4] {
    let two = one << 1;
    let diagonal = rounded(diagonal, one);
    let low = diagonal & one;
    let dx = nearer(rounded(dx, two), low);
    let dy = nearer(rounded(dy, two), low);
    let carry = (diagonal ^ dx ^ dy) & two;
    let by = if sum >= 0 || low != 0 { low - carry } else { carry };
    [sum.wrapping_add(by), dx, dy, diagonal]
}

impl Plane {
    fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0; rows * columns] }
    }

    fn set_bit(&mut self, row: usize, column: usize, bit: u32) {
        if let Some(v) = self.values.get_mut(row * self.columns + column) {
            *v |= 1 << bit;
        }
    }

    /// Undoes the H-transform, from the coarsest level to the pixels.
    fn invert(&mut self) {
        let levels = self.rows.max(self.columns).max(1).next_power_of_two().ilog2();
        if let Some(first) = self.values.first_mut() {
            *first = rounded(*first, 1 << (levels + 1));
        }
        let mut out = Vec::new();
        for level in (0..levels).rev() {
            let rows = self.rows.div_ceil(1 << level);
            let columns = self.columns.div_ceil(1 << level);
            out.clear();
            out.resize(rows * columns, 0);
            self.level(level, rows, columns, &mut out);
            for (to, from) in
                self.values.chunks_mut(self.columns).zip(out.chunks(columns))
            {
                to[..columns].copy_from_slice(from);
            }
        }
    }

    /// Makes the `rows` × `columns` sums of a level from the four quadrants in their place.
    fn level(&self, level: u32, rows: usize, columns: usize, out: &mut [i64]) {
        let one = 1_i64 << level;
        let shift = if level == 0 { 2 } else { 1 };
        let (top, left) = (rows.div_ceil(2), columns.div_ceil(2));
        let from = |r: usize, c: usize| self.values[r * self.columns + c];
        for r in 0..top {
            let below = 2 * r + 1 < rows;
            for c in 0..left {
                let right = 2 * c + 1 < columns;
                let sum = from(r, c);
                let at = 2 * r * columns + 2 * c;
                // a missing neighbour leaves a transform of two pixels, or one
                let [h0, hx, hy, hc] = match (below, right) {
                    (true, true) => {
                        let (dx, dy) = (from(top + r, c), from(r, left + c));
                        restored(sum, dx, dy, from(top + r, left + c), one)
                    }
                    (true, false) => {
                        let d = rounded(from(top + r, c), one << 1);
                        [nearer(sum, d & (one << 1)), d, 0, 0]
                    }
                    (false, true) => {
                        let d = rounded(from(r, left + c), one << 1);
                        [nearer(sum, d & (one << 1)), 0, d, 0]
                    }
                    (false, false) => [sum, 0, 0, 0],
                };
                let total = |x: i64, y: i64, d: i64| {
                    h0.wrapping_add(x).wrapping_add(y).wrapping_add(d) >> shift
                };
                out[at] = total(-hx, -hy, hc);
                if right {
                    out[at + 1] = total(-hx, hy, -hc);
                }
                if below {
                    out[at + columns] = total(hx, -hy, -hc);
                }
                if below && right {
                    out[at + columns + 1] = total(hx, hy, hc);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream(
        rows: i32,
        columns: i32,
        sum: i64,
        planes: [u8; 3],
        body: &[u8],
    ) -> Vec<u8> {
        let mut out = vec![0xdd, 0x99];
        out.extend(rows.to_be_bytes());
        out.extend(columns.to_be_bytes());
        out.extend(0_i32.to_be_bytes());
        out.extend(sum.to_be_bytes());
        out.extend(planes);
        out.extend(body);
        out
    }

    #[test]
    fn an_even_tile_is_its_sum() {
        let bytes = stream(4, 4, 16 * 8 / 2 * 4, [0; 3], &[0]);
        let even = decode(&bytes, 4, 4, false).unwrap();
        assert!(even.iter().all(|v| *v == even[0]), "{even:?}");
    }

    #[test]
    fn another_shape_is_corrupt() {
        let bytes = stream(4, 5, 0, [0; 3], &[0]);
        assert!(decode(&bytes, 5, 4, false).is_err());
        assert!(decode(&bytes[..20], 4, 5, false).is_err());
    }

    proptest! {
        #[test]
        fn any_bits_give_pixels_or_an_error(
            rows in 0_u8..9, columns in 0_u8..9, sum: i64, planes: [u8; 3], body: Vec<u8>,
        ) {
            let planes = planes.map(|n| n % 64);
            let bytes = stream(rows.into(), columns.into(), sum, planes, &body);
            drop(decode(&bytes, rows.into(), columns.into(), false));
        }
    }
}
