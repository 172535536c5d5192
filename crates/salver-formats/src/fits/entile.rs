//! Compresses an image tile by tile. Source: FITS 4.0 §10.1, §10.2.

use std::sync::{Mutex, PoisonError};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::Array;

use super::codec::{gzip, rice};
use super::image::n_pixels;
use super::noise::quantise;
use super::parallel::{for_each, threads};
use super::pixel::{Pixel, Stored, Transform, to_native, with_pixel};
use super::recipe::{Compression, Recipe};
use super::tiled::{Codec, TileKind};

const OP: Op = Op("fits.encode");

/// One compressed tile.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    pub kind: TileKind,
    pub bytes: Vec<u8>,
    /// `ZSCALE` and `ZZERO`, where the tile was quantised.
    pub scale: Option<(f64, f64)>,
}

/// A compressed image.
#[derive(Debug)]
pub(crate) struct Compressed {
    pub codec: Codec,
    /// Slowest axis first.
    pub tile: Vec<usize>,
    pub quantised: bool,
    /// In C order.
    pub tiles: Vec<Packed>,
}

/// Pixels per block of `RICE_1`.
const BLOCK: usize = 32;

/// Compresses an array; 64-bit integers, which `RICE_1` does not hold, by `GZIP_2`.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for an item type that FITS does not have; as a lazy array's.
pub(crate) fn compress(array: &Array, recipe: &Recipe) -> Result<Compressed> {
    let (stored, transform) = Stored::of(array.dtype())
        .ok_or_else(|| super::pixel::no_such_image(array.dtype()))?;
    let quantised = stored.is_float() && recipe.level != 0.0;
    let codec = match recipe.compression {
        Compression::Gzip1 => Codec::Gzip1,
        Compression::Rice if quantised => Codec::Rice { block: BLOCK, bytes: 4 },
        Compression::Rice if !stored.is_float() && stored != Stored::I64 => {
            Codec::Rice { block: BLOCK, bytes: stored.size() }
        }
        Compression::Gzip2 | Compression::Rice | Compression::None => Codec::Gzip2,
    };
    let tile = recipe.tile(array.shape());
    let buffer = array.buffer()?;
    let tiles = with_pixel!(array.dtype(), T => {
        let pixels = bytemuck::try_cast_slice::<u8, T>(buffer.as_slice()).map_err(|_e| {
            Error::new(ErrorKind::Internal, OP, "an array that is not aligned")
        })?;
        let job = Job { pixels, shape: array.shape(), tile: &tile, codec, quantised, recipe, transform };
        job.run()
    })?;
    Ok(Compressed { codec, tile, quantised, tiles })
}

struct Job<'a, T> {
    pixels: &'a [T],
    shape: &'a [usize],
    tile: &'a [usize],
    codec: Codec,
    quantised: bool,
    recipe: &'a Recipe,
    transform: Transform,
}

impl<T: Pixel> Job<'_, T> {
    fn run(&self) -> Result<Vec<Packed>> {
        let counts: Vec<usize> =
            self.shape.iter().zip(self.tile).map(|(n, t)| n.div_ceil(*t)).collect();
        let n = n_pixels(&counts, 1)?;
        let out: Mutex<Vec<Option<Packed>>> = Mutex::new(vec![None; n]);
        let limit = if self.pixels.len() > 1 << 16 { threads() } else { 1 };
        let step = ((1 << 16) / n_pixels(self.tile, 1)?.max(1)).max(1);
        let items = (0..n).step_by(step).map(|first| first..(first + step).min(n));
        for_each(OP, limit, items.collect(), Vec::<T>::new, |scratch, range| {
            let mut done = Vec::with_capacity(range.len());
            for tile in range.clone() {
                let width = self.gather(tile, &counts, scratch);
                done.push(self.pack(tile, width, scratch)?);
            }
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            for (place, packed) in out[range].iter_mut().zip(done) {
                *place = Some(packed);
            }
            Ok(())
        })?;
        let out = out.into_inner().unwrap_or_else(PoisonError::into_inner);
        out.into_iter().collect::<Option<_>>().ok_or_else(|| {
            Error::new(ErrorKind::Internal, OP, "a tile was not compressed")
        })
    }

    /// Copies the pixels of a tile together; gives the length of its rows.
    fn gather(&self, tile: usize, counts: &[usize], to: &mut Vec<T>) -> usize {
        to.clear();
        let mut rest = tile;
        let mut ranges = vec![0..0; counts.len()];
        for k in (0..counts.len()).rev() {
            let start = rest % counts[k] * self.tile[k];
            ranges[k] = start..(start + self.tile[k]).min(self.shape[k]);
            rest /= counts[k];
        }
        let Some((last, outer)) = ranges.split_last() else { return 1 };
        let mut starts = vec![0];
        for (range, axis) in outer.iter().zip(self.shape) {
            let next =
                starts.iter().flat_map(|s| range.clone().map(move |i| s * axis + i));
            starts = next.collect();
        }
        let axis = self.shape.last().copied().unwrap_or(1);
        for start in starts {
            let row = self.pixels.get(start * axis + last.start..start * axis + last.end);
            to.extend_from_slice(row.unwrap_or_default());
        }
        last.len()
    }

    fn pack(&self, tile: usize, width: usize, pixels: &[T]) -> Result<Packed> {
        if self.quantised {
            let Some((integers, scale, zero)) =
                quantise(pixels, width, tile, self.recipe)
            else {
                let bytes = gzip::encode(&big_endian(pixels, 0))?;
                return Ok(Packed { kind: TileKind::Gzip, bytes, scale: None });
            };
            let bytes = match self.codec {
                Codec::Rice { block, .. } => rice::encode(&integers, block),
                Codec::Gzip1 => gzip::encode(&big_endian(&integers, 0))?,
                _ => gzip::encode(&gzip::shuffle(&big_endian(&integers, 0), 4))?,
            };
            return Ok(Packed {
                kind: TileKind::Main,
                bytes,
                scale: Some((scale, zero)),
            });
        }
        let offset = match self.transform {
            Transform::Offset(offset) => offset,
            _ => 0,
        };
        let bytes = match self.codec {
            Codec::Rice { block, bytes: 1 } => {
                rice::encode(&stored::<T, u8>(pixels, offset), block)
            }
            Codec::Rice { block, bytes: 2 } => {
                rice::encode(&stored::<T, i16>(pixels, offset), block)
            }
            Codec::Rice { block, .. } => {
                rice::encode(&stored::<T, i32>(pixels, offset), block)
            }
            Codec::Gzip1 => gzip::encode(&big_endian(pixels, offset))?,
            _ => {
                gzip::encode(&gzip::shuffle(&big_endian(pixels, offset), size_of::<T>()))?
            }
        };
        Ok(Packed { kind: TileKind::Main, bytes, scale: None })
    }
}

/// Integers as they are stored: without the offset of the unsigned convention.
fn stored<T: Pixel, S: Pixel>(pixels: &[T], offset: i64) -> Vec<S> {
    pixels.iter().map(|p| S::from_i64(p.whole().wrapping_sub(offset))).collect()
}

/// Pixels as they are stored, in big-endian bytes.
pub(crate) fn big_endian<T: Pixel>(pixels: &[T], offset: i64) -> Vec<u8> {
    let mut items = pixels.to_vec();
    if offset != 0 {
        for p in &mut items {
            *p = T::from_i64(p.whole().wrapping_sub(offset));
        }
    }
    // turning to native order turns from it too
    to_native(&mut items);
    bytemuck::cast_slice(&items).to_vec()
}
