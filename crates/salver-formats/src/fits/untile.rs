//! Reads a tile-compressed image, or the tiles that a box touches. Source: FITS 4.0 §10.1.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use salver_core::{Op, Result};
use salver_tree::Source;

use super::image::Image;
use super::parallel::{for_each, threads};
use super::pixel::{Pixel, convert, zeroed};
use super::quantize::Dequantiser;
use super::tile::{Decoder, Pixels};
use super::tiled::{TileKind, Tiled};

const OP: Op = Op("fits.tiles");
/// Pixels of an item of work, where tiles are small.
const WORK: usize = 1 << 18;
/// Compressed bytes read at once.
const READ: u64 = 1 << 18;

/// The part of a tile that is wanted.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Number of the tile.
    pub tile: usize,
    /// Shape of the tile, cut off at the image's edge.
    pub shape: Vec<usize>,
    /// What is wanted of it, in its own coordinates.
    pub want: Vec<Range<usize>>,
    /// The first wanted pixel, relative to the box that is read.
    to: Vec<usize>,
}

impl Piece {
    /// Pixels of the tile.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Pixels up to the last wanted one.
    pub(crate) fn needed(&self) -> usize {
        let last = self.want.iter().zip(&self.shape);
        last.fold(0, |n, (w, len)| n * len + (w.end - 1)) + 1
    }

    /// Calls `f` for each wanted row: place in the tile, place in the output, length.
    fn rows(&self, out: &[usize], mut f: impl FnMut(usize, usize, usize)) {
        let Some((last, outer)) = self.want.split_last() else { return };
        let mut at: Vec<usize> = outer.iter().map(|r| r.start).collect();
        loop {
            let (mut from, mut to) = (0, 0);
            for (k, &i) in at.iter().enumerate() {
                from = from * self.shape[k] + i;
                to = to * out[k] + self.to[k] + i - outer[k].start;
            }
            let k = at.len();
            let from = from * self.shape[k] + last.start;
            f(from, to * out[k] + self.to[k], last.len());
            let Some(axis) = (0..k).rev().find(|&k| at[k] + 1 < outer[k].end) else {
                return;
            };
            at[axis] += 1;
            for k in axis + 1..k {
                at[k] = outer[k].start;
            }
        }
    }
}

/// Reads a box of an image.
pub(crate) fn read<T: Pixel>(
    image: &Image,
    tiled: &Tiled,
    source: &dyn Source,
    bounds: &[Range<usize>],
) -> Result<Vec<T>> {
    let shape: Vec<usize> = bounds.iter().map(ExactSizeIterator::len).collect();
    let n = shape.iter().product::<usize>();
    let mut out = zeroed::<T>(n)?;
    if n == 0 {
        return Ok(out);
    }
    let job = Job { image, tiled, source, bounds, shape };
    let limit = if n > WORK / 8 { threads() } else { 1 };
    let axis = job.shape.iter().position(|&n| n > 1).unwrap_or(0);
    let bands = bands(&bounds[axis], tiled.tile[axis]);
    let across: usize =
        (axis + 1..bounds.len()).map(|k| bands_of(&bounds[k], tiled.tile[k])).product();
    if across > 1 && bands.len() < 4 * limit {
        job.scattered(limit, &mut out)?;
    } else {
        job.banded(limit, axis, &bands, &mut out)?;
    }
    Ok(out)
}

/// Cuts a range at the edges of tiles.
fn bands(range: &Range<usize>, tile: usize) -> Vec<Range<usize>> {
    let first = range.start / tile;
    let cuts = first..range.end.div_ceil(tile);
    cuts.map(|t| range.start.max(t * tile)..range.end.min((t + 1) * tile)).collect()
}

fn bands_of(range: &Range<usize>, tile: usize) -> usize {
    range.end.div_ceil(tile) - range.start / tile
}

struct Job<'a> {
    image: &'a Image,
    tiled: &'a Tiled,
    source: &'a dyn Source,
    bounds: &'a [Range<usize>],
    /// Shape of the box.
    shape: Vec<usize>,
}

impl Job<'_> {
    /// The pieces of tiles that a box covers, in the order of the tiles.
    fn pieces(&self, bounds: &[Range<usize>]) -> Vec<Piece> {
        let mut out = vec![Piece { tile: 0, shape: vec![], want: vec![], to: vec![] }];
        for (k, range) in bounds.iter().enumerate() {
            let (tile, axis) = (self.tiled.tile[k], self.image.shape[k]);
            let count = axis.div_ceil(tile);
            let cuts = bands(range, tile);
            let grown = out.iter().flat_map(|piece| {
                cuts.iter().map(move |cut| {
                    let t = cut.start / tile;
                    let start = t * tile;
                    let mut shape = piece.shape.clone();
                    shape.push(tile.min(axis - start));
                    let mut want = piece.want.clone();
                    want.push(cut.start - start..cut.end - start);
                    let mut to = piece.to.clone();
                    to.push(cut.start - range.start);
                    Piece { tile: piece.tile * count + t, shape, want, to }
                })
            });
            out = grown.collect();
        }
        out
    }

    /// Bands of whole tiles along one axis: each is a run of the output.
    fn banded<T: Pixel>(
        &self,
        limit: usize,
        axis: usize,
        bands: &[Range<usize>],
        out: &mut [T],
    ) -> Result<()> {
        let row: usize = self.shape[axis + 1..].iter().product();
        let tile = self.tiled.tile[axis];
        let group =
            (WORK / (row * tile).max(1)).clamp(1, bands.len().div_ceil(4 * limit));
        let mut items = Vec::new();
        let mut rest = out;
        for group in bands.chunks(group) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else { break };
            let range = first.start..last.end;
            let (to, after) = rest.split_at_mut(range.len() * row);
            rest = after;
            items.push((range, to));
        }
        for_each(OP, limit, items, Reader::default, |reader, (range, to)| {
            let mut bounds = self.bounds.to_vec();
            let mut shape = self.shape.clone();
            shape[axis] = range.len();
            bounds[axis] = range;
            let pieces = self.pieces(&bounds);
            reader.each(self, &pieces, |piece, pixels| {
                self.place(piece, &pixels, &shape, to);
            })
        })
    }

    /// Tile by tile: the output is locked while a decoded one is put in its place.
    fn scattered<T: Pixel>(&self, limit: usize, out: &mut [T]) -> Result<()> {
        let pieces = self.pieces(self.bounds);
        let out = Mutex::new(out);
        for_each(OP, limit, pieces, Reader::default, |reader, piece| {
            reader.each(self, &[piece], |piece, pixels| {
                let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
                self.place(piece, &pixels, &self.shape, &mut out);
            })
        })
    }

    /// Puts the wanted pixels of a decoded tile where they belong.
    fn place<T: Pixel>(
        &self,
        piece: &Piece,
        pixels: &Pixels<'_>,
        shape: &[usize],
        out: &mut [T],
    ) {
        match pixels {
            Pixels::U8(p) => self.place_as(piece, p, shape, out),
            Pixels::I16(p) => self.place_as(piece, p, shape, out),
            Pixels::I32(p) => self.place_as(piece, p, shape, out),
            Pixels::I64(p) => self.place_as(piece, p, shape, out),
            Pixels::F32(p) => self.place_as(piece, p, shape, out),
            Pixels::F64(p) => self.place_as(piece, p, shape, out),
        }
    }

    fn place_as<S: Pixel, T: Pixel>(
        &self,
        piece: &Piece,
        pixels: &[S],
        shape: &[usize],
        out: &mut [T],
    ) {
        let quantised = self
            .tiled
            .quantised
            .as_ref()
            .filter(|_| !S::FLOAT && self.tiled.kind(piece.tile) == TileKind::Main);
        let mut values = quantised.map(|q| Dequantiser::new(q, piece.tile));
        let mut passed = 0;
        piece.rows(shape, |from, to, n| {
            let (Some(from_row), Some(to_row)) =
                (pixels.get(from..from + n), out.get_mut(to..to + n))
            else {
                return;
            };
            match &mut values {
                Some(values) => {
                    values.skip(from - passed);
                    values.run(from_row, to_row);
                    passed = from + n;
                }
                None => convert(from_row, to_row, self.image.transform),
            }
        });
    }
}

/// Reads and decodes tiles; keeps its buffers.
#[derive(Debug, Default)]
struct Reader {
    bytes: Vec<u8>,
    decoder: Decoder,
}

impl Reader {
    /// Calls `f` with each piece's decoded tile; tiles that are near in the file are read together.
    fn each(
        &mut self,
        job: &Job<'_>,
        pieces: &[Piece],
        mut f: impl FnMut(&Piece, Pixels<'_>),
    ) -> Result<()> {
        let place = |p: &Piece| job.tiled.places.get(p.tile).copied();
        let mut rest = pieces;
        while let Some(start) = rest.first().and_then(place) {
            let mut end = start.range().end;
            let more = rest.iter().skip(1).map_while(|p| {
                let next = place(p)?;
                let near = next.offset == end && next.range().end - start.offset <= READ;
                end = if near { next.range().end } else { end };
                near.then_some(())
            });
            let (now, later) = rest.split_at(1 + more.count());
            let len = usize::try_from(end - start.offset).unwrap_or(usize::MAX);
            self.bytes.resize(len, 0);
            job.source.read_into(start.offset, &mut self.bytes)?;
            let mut at = 0_usize;
            for piece in now {
                let len = place(piece).map_or(0, |p| p.len);
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                let bytes =
                    self.bytes.get(at..at.saturating_add(len)).unwrap_or_default();
                at = at.saturating_add(len);
                let pixels = self.decoder.decode(job.image, job.tiled, piece, bytes);
                f(piece, pixels.map_err(|e| e.with("tile", piece.tile))?);
            }
            rest = later;
        }
        Ok(())
    }
}
