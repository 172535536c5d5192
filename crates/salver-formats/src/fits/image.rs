//! What an image HDU holds, and reading one that is not compressed. Source: FITS 4.0 §7.1.

use std::ops::Range;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, BoxSelect, DType, Place, Source};

use super::parallel::{for_each, threads};
use super::pixel::{
    Pixel, Stored, Transform, apply_offset, convert, into_buffer, to_native, transform,
    with_pixel, zeroed,
};
use super::scan::{Hdu, axes};
use super::tiled::Tiled;
use super::untile;

const OP: Op = Op("fits.image");
/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// An image: its items, and how they are stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    pub dtype: DType,
    pub stored: Stored,
    pub transform: Transform,
    /// Slowest axis first.
    pub shape: Vec<usize>,
    pub data: ImageData,
}

/// Where the pixels are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ImageData {
    Plain(Place),
    Tiled(Tiled),
}

impl Image {
    /// The image of an HDU that is not compressed; `None` where it has no pixels or is a table.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a header that the standard does not allow.
    pub(crate) fn plain(hdu: &Hdu) -> Result<Option<Self>> {
        let axes = axes(&hdu.header, "")?;
        if axes.is_empty() {
            return Ok(None);
        }
        let stored = Stored::from_bitpix(hdu.header.need_int("BITPIX")?)?;
        let (dtype, transform) = transform(&hdu.header, stored)?;
        let shape = shape(&axes)?;
        let len = n_pixels(&shape, stored.size())? as u64 * stored.size() as u64;
        if len > hdu.data.len {
            return Err(Error::new(
                ErrorKind::Corrupt,
                OP,
                "an image beyond its data unit",
            ));
        }
        let data = ImageData::Plain(Place { offset: hdu.data.offset, len });
        Ok(Some(Self { dtype, stored, transform, shape, data }))
    }

    /// Checks what an index from elsewhere says, so that reading need not.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where shape, tiles and places do not fit together.
    pub(crate) fn check(&self) -> Result<()> {
        let pixels = n_pixels(&self.shape, self.stored.size())?;
        let fine = match &self.data {
            ImageData::Plain(place) => {
                pixels as u64 * self.stored.size() as u64 <= place.len
            }
            ImageData::Tiled(tiled) => {
                let axes = || self.shape.iter().zip(&tiled.tile);
                !self.shape.is_empty()
                    && tiled.tile.len() == self.shape.len()
                    && axes().all(|(n, t)| (1..=(*n).max(1)).contains(t))
                    && axes().map(|(n, t)| n.div_ceil(*t)).product::<usize>()
                        == tiled.places.len()
            }
        };
        if fine {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Corrupt, OP, "an index that contradicts itself"))
    }

    /// Reads the image, or the box of it in grid coordinates; `origin` are those of its first pixel,
    /// and empty where they are zero.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a box that misses it, [`ErrorKind::Corrupt`] for damaged
    /// bytes; as the source's.
    pub(crate) fn read(
        &self,
        source: &dyn Source,
        region: Option<&BoxSelect>,
        origin: &[i64],
    ) -> Result<Array> {
        let bounds = match region {
            Some(region) => region.clip(&self.shape, origin)?,
            None => self.shape.iter().map(|&n| 0..n).collect(),
        };
        let shape: Vec<usize> = bounds.iter().map(ExactSizeIterator::len).collect();
        let buffer = with_pixel!(self.dtype, T => self.pixels::<T>(source, &bounds).map(into_buffer))?;
        let origin = moved(&bounds, origin);
        Ok(Array::new(self.dtype, shape, buffer)?.with_origin(origin))
    }

    fn pixels<T: Pixel>(
        &self,
        source: &dyn Source,
        bounds: &[Range<usize>],
    ) -> Result<Vec<T>> {
        let place = match &self.data {
            ImageData::Tiled(tiled) => return untile::read(self, tiled, source, bounds),
            ImageData::Plain(place) => *place,
        };
        match self.stored {
            Stored::U8 => self.plain_pixels::<u8, T>(source, place, bounds),
            Stored::I16 => self.plain_pixels::<i16, T>(source, place, bounds),
            Stored::I32 => self.plain_pixels::<i32, T>(source, place, bounds),
            Stored::I64 => self.plain_pixels::<i64, T>(source, place, bounds),
            Stored::F32 => self.plain_pixels::<f32, T>(source, place, bounds),
            Stored::F64 => self.plain_pixels::<f64, T>(source, place, bounds),
        }
    }

    fn plain_pixels<S: Pixel, T: Pixel>(
        &self,
        source: &dyn Source,
        place: Place,
        bounds: &[Range<usize>],
    ) -> Result<Vec<T>> {
        let n = bounds.iter().map(ExactSizeIterator::len).product();
        let mut out = zeroed::<T>(n)?;
        let (run, starts) = runs(&self.shape, bounds);
        if n == 0 {
            return Ok(out);
        }
        let mut pieces = Vec::new();
        let step = PIECE / size_of::<S>();
        for (start, to) in starts.into_iter().zip(out.chunks_mut(run)) {
            let pieces_of = to.chunks_mut(step).enumerate();
            pieces.extend(pieces_of.map(|(i, to)| (start + i * step, to)));
        }
        let limit = if n * size_of::<S>() > PIECE { threads() } else { 1 };
        let in_place =
            S::FLOAT == T::FLOAT && !matches!(self.transform, Transform::Scale { .. });
        for_each(OP, limit, pieces, Vec::<S>::new, |scratch, (start, to)| {
            let offset = place.offset + (start * size_of::<S>()) as u64;
            if in_place && size_of::<S>() == size_of::<T>() {
                source.read_into(offset, bytemuck::cast_slice_mut(to))?;
                to_native(to);
                if let Transform::Offset(offset) = self.transform {
                    apply_offset(to, offset);
                }
                return Ok(());
            }
            scratch.resize(to.len(), S::zeroed());
            source.read_into(offset, bytemuck::cast_slice_mut(scratch))?;
            to_native(scratch);
            convert(scratch, to, self.transform);
            Ok(())
        })?;
        Ok(out)
    }
}

/// The origin of a box of an array.
pub(crate) fn moved(bounds: &[Range<usize>], origin: &[i64]) -> Vec<i64> {
    let before = origin.iter().copied().chain(std::iter::repeat(0));
    bounds
        .iter()
        .zip(before)
        .map(|(r, o)| o.saturating_add_unsigned(r.start as u64))
        .collect()
}

/// The shape in C order.
pub(crate) fn shape(axes: &[u64]) -> Result<Vec<usize>> {
    let shape: Result<Vec<usize>, _> =
        axes.iter().rev().map(|&n| usize::try_from(n)).collect();
    shape.map_err(|e| {
        Error::new(ErrorKind::Corrupt, OP, "an axis longer than memory").caused_by(e)
    })
}

/// Pixels of a shape, checked so that also their bytes can be counted.
pub(crate) fn n_pixels(shape: &[usize], item: usize) -> Result<usize> {
    let n = shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    n.filter(|&n| n.checked_mul(item.max(8)).is_some_and(|b| isize::try_from(b).is_ok()))
        .ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, OP, "an image larger than memory can be")
        })
}

/// Length of the contiguous runs of a box, and where each begins, in pixels.
fn runs(shape: &[usize], bounds: &[Range<usize>]) -> (usize, Vec<usize>) {
    let mut run = 1;
    let mut stride = 1;
    let mut inner = shape.len();
    let mut offset = 0;
    // take in axes from the fastest on, while everything inside of them is whole
    while inner > 0 && run == stride {
        inner -= 1;
        offset += bounds[inner].start * stride;
        run *= bounds[inner].len();
        stride *= shape[inner];
    }
    let mut starts = vec![offset];
    for k in (0..inner).rev() {
        let axis = bounds[k].clone().map(|i| i * stride);
        starts = axis.flat_map(|a| starts.iter().map(move |s| a + s)).collect();
        stride *= shape[k];
    }
    (run.max(1), starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_as_long_as_the_box_allows() {
        assert_eq!(runs(&[4, 5], &[0..4, 0..5]), (20, vec![0]));
        assert_eq!(runs(&[4, 5], &[1..3, 0..5]), (10, vec![5]));
        assert_eq!(runs(&[4, 5], &[1..3, 2..4]), (2, vec![7, 12]));
        assert_eq!(runs(&[2, 3, 4], &[0..2, 1..3, 0..4]), (8, vec![4, 16]));
        assert_eq!(runs(&[2, 3, 4], &[0..2, 1..3, 1..2]), (1, vec![5, 9, 17, 21]));
    }
}
