//! Decodes one tile to stored pixels in native order.

use salver_core::{Error, ErrorKind, Op, Result};

use super::codec::{gzip, hcompress, plio, rice};
use super::image::Image;
use super::pixel::{Pixel, Stored, to_native};
use super::tiled::{Codec, TileKind, Tiled};
use super::untile::Piece;

/// Pixels of a tile as they are stored, in native order, up to the last that is wanted.
#[derive(Debug)]
pub(crate) enum Pixels<'a> {
    U8(&'a [u8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

/// Decodes tiles; keeps its buffers.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    u8: Vec<u8>,
    i16: Vec<i16>,
    i32: Vec<i32>,
    i64: Vec<i64>,
    f32: Vec<f32>,
    f64: Vec<f64>,
    gunzip: gzip::Gunzip,
    planes: Vec<u8>,
}

impl Decoder {
    /// Decodes a tile's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where they are damaged or of another length than the tile.
    pub(crate) fn decode<'a>(
        &'a mut self,
        image: &Image,
        tiled: &Tiled,
        piece: &Piece,
        bytes: &[u8],
    ) -> Result<Pixels<'a>> {
        let quantised = tiled.quantised.is_some();
        let integers = if quantised { Stored::I32 } else { image.stored };
        let codec = match tiled.kind(piece.tile) {
            TileKind::Main => tiled.codec,
            TileKind::Gzip => return self.gzip(bytes, piece, image.stored, false),
            TileKind::Raw => return self.raw(bytes, piece, image.stored),
        };
        match codec {
            Codec::Rice { block, bytes: size } => self.rice(bytes, piece, block, size),
            Codec::Gzip1 => self.gzip(bytes, piece, integers, false),
            Codec::Gzip2 => self.gzip(bytes, piece, integers, true),
            Codec::None => self.raw(bytes, piece, integers),
            Codec::Plio => {
                self.i32.resize(piece.needed(), 0);
                plio::decode(bytes, &mut self.i32)?;
                Ok(Pixels::I32(&self.i32))
            }
            Codec::Hcompress { smooth } => {
                let columns = piece.shape.last().copied().unwrap_or(1);
                let rows = piece.len() / columns.max(1);
                self.i64 = hcompress::decode(bytes, rows, columns, smooth)?;
                Ok(Pixels::I64(&self.i64))
            }
        }
    }

    fn rice(
        &mut self,
        bytes: &[u8],
        piece: &Piece,
        block: usize,
        size: usize,
    ) -> Result<Pixels<'_>> {
        let n = piece.needed();
        Ok(match size {
            1 => {
                self.u8.resize(n, 0);
                rice::decode(bytes, block, &mut self.u8)?;
                Pixels::U8(&self.u8)
            }
            2 => {
                self.i16.resize(n, 0);
                rice::decode(bytes, block, &mut self.i16)?;
                Pixels::I16(&self.i16)
            }
            _ => {
                self.i32.resize(n, 0);
                rice::decode(bytes, block, &mut self.i32)?;
                Pixels::I32(&self.i32)
            }
        })
    }

    /// Pixels as they are in the file.
    fn raw(&mut self, bytes: &[u8], piece: &Piece, stored: Stored) -> Result<Pixels<'_>> {
        if bytes.len() != piece.len() * stored.size() {
            return Err(length("a tile of another length than its pixels", bytes.len()));
        }
        self.filled(stored, piece.needed(), |out| {
            for (to, from) in out.iter_mut().zip(bytes) {
                *to = *from;
            }
            Ok(())
        })?;
        Ok(self.pixels(stored))
    }

    /// One gzip member; its length tells the size of a pixel, as writers differ for integers.
    fn gzip(
        &mut self,
        bytes: &[u8],
        piece: &Piece,
        stored: Stored,
        shuffled: bool,
    ) -> Result<Pixels<'_>> {
        let len = gzip::length(bytes).unwrap_or(0);
        let n = piece.len() as u64;
        let stored = match (len.checked_div(n), stored.is_float()) {
            (_, true) => stored,
            (Some(1), _) => Stored::U8,
            (Some(2), _) => Stored::I16,
            (Some(4), _) => Stored::I32,
            _ => Stored::I64,
        };
        let size = stored.size();
        if n * size as u64 != len {
            return Err(length("a gzip tile of another length than its pixels", len));
        }
        let mut gunzip = std::mem::take(&mut self.gunzip);
        let mut planes = std::mem::take(&mut self.planes);
        let all = piece.len();
        let wanted = if shuffled { all } else { piece.needed() };
        let done = self.filled(stored, wanted, |out| {
            if !shuffled || size == 1 {
                return gunzip.decode(bytes, out);
            }
            planes.resize(all * size, 0);
            gunzip.decode(bytes, &mut planes)?;
            gzip::unshuffle(&planes, size, out);
            Ok(())
        });
        self.gunzip = gunzip;
        self.planes = planes;
        done.map(|()| self.pixels(stored))
    }

    /// Fills `n` pixels of the stored type with big-endian bytes and turns them.
    fn filled(
        &mut self,
        stored: Stored,
        n: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        match stored {
            Stored::U8 => native(&mut self.u8, n, fill),
            Stored::I16 => native(&mut self.i16, n, fill),
            Stored::I32 => native(&mut self.i32, n, fill),
            Stored::I64 => native(&mut self.i64, n, fill),
            Stored::F32 => native(&mut self.f32, n, fill),
            Stored::F64 => native(&mut self.f64, n, fill),
        }
    }

    fn pixels(&self, stored: Stored) -> Pixels<'_> {
        match stored {
            Stored::U8 => Pixels::U8(&self.u8),
            Stored::I16 => Pixels::I16(&self.i16),
            Stored::I32 => Pixels::I32(&self.i32),
            Stored::I64 => Pixels::I64(&self.i64),
            Stored::F32 => Pixels::F32(&self.f32),
            Stored::F64 => Pixels::F64(&self.f64),
        }
    }
}

fn native<T: Pixel>(
    to: &mut Vec<T>,
    n: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<()>,
) -> Result<()> {
    to.resize(n, T::zeroed());
    fill(bytemuck::cast_slice_mut(to))?;
    to_native(to);
    Ok(())
}

fn length(message: &str, len: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, Op("fits.tile"), message).with("bytes", len)
}
