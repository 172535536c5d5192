//! From a chunk's bytes to its items and back.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result};

use super::squeeze::{Codec, Tools};
use crate::buffer::swap;

/// What a worker keeps from chunk to chunk.
#[derive(Default)]
pub(crate) struct Worker {
    tools: Tools,
    turned: Vec<u8>,
    /// A chunk of which a box is wanted.
    pub(crate) chunk: Vec<u8>,
}

/// The codecs of a chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Axis `i` of what is stored is this axis of the chunk.
    pub(crate) transpose: Option<Vec<usize>>,
    /// Whether numbers are big-endian.
    pub(crate) big_endian: bool,
    /// From items to stored bytes.
    pub(crate) outer: Vec<Codec>,
}

impl Chain {
    /// Whether what is stored are the items themselves, in C order and little-endian.
    pub(crate) fn is_plain(&self) -> bool {
        self.transpose.is_none() && !self.big_endian && self.outer.is_empty()
    }

    /// Names of the codecs, for the index.
    pub(crate) fn names(&self) -> String {
        let transpose = self.transpose.iter().map(|_| "transpose");
        let names = transpose.chain(["bytes"]);
        names.chain(self.outer.iter().map(|c| c.name())).collect::<Vec<_>>().join(",")
    }

    /// Decodes a chunk of items of `unit`-byte numbers into native ones in C order.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the bytes are damaged or of another length than the chunk's.
    pub(crate) fn decode(
        &self,
        data: &[u8],
        (shape, item, unit): (&[usize], usize, usize),
        out: &mut [u8],
        worker: &mut Worker,
    ) -> Result<()> {
        if let Some(order) = &self.transpose {
            let mut turned = std::mem::take(&mut worker.turned);
            turned.resize(out.len(), 0);
            let plain = Self { transpose: None, ..self.clone() };
            let decoded = plain.decode(data, (shape, item, unit), &mut turned, worker);
            turn(&turned, out, (shape, order, item));
            worker.turned = turned;
            return decoded;
        }
        self.unsqueeze(data, out, &mut worker.tools)?;
        if self.big_endian != cfg!(target_endian = "big") {
            swap(out, unit);
        }
        Ok(())
    }

    fn unsqueeze(&self, data: &[u8], out: &mut [u8], tools: &mut Tools) -> Result<()> {
        let Some((first, rest)) = self.outer.split_first() else {
            if data.len() != out.len() {
                let message = "a chunk of another length than its shape";
                return Err(Error::new(ErrorKind::Corrupt, Op("zarr.codec"), message)
                    .with("bytes", data.len())
                    .with("expected", out.len()));
            }
            out.copy_from_slice(data);
            return Ok(());
        };
        // what goes into a codec may be a little longer than what came out of the items
        let limit = (out.len() as u64).saturating_mul(2).saturating_add(1 << 16);
        let data = Self::peel(rest, data, limit)?;
        first.decode_into(&data, out, tools)
    }

    fn peel<'a>(codecs: &[Codec], data: &'a [u8], limit: u64) -> Result<Cow<'a, [u8]>> {
        let mut data = Cow::Borrowed(data);
        for codec in codecs.iter().rev() {
            data = Cow::Owned(codec.decode(&data, limit)?);
        }
        Ok(data)
    }

    /// Decodes a chunk whose items are of any length: all of its bytes, up to `limit`.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub(crate) fn decode_any<'a>(
        &self,
        data: &'a [u8],
        limit: u64,
    ) -> Result<Cow<'a, [u8]>> {
        Self::peel(&self.outer, data, limit)
    }

    /// Encodes native items in C order.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a codec that is only read.
    pub(crate) fn encode<'a>(
        &self,
        mut data: Cow<'a, [u8]>,
        unit: usize,
        worker: &mut Worker,
    ) -> Result<Cow<'a, [u8]>> {
        if cfg!(target_endian = "big") && unit > 1 {
            swap(data.to_mut(), unit);
        }
        for codec in &self.outer {
            data = Cow::Owned(codec.encode(&data, &mut worker.tools)?);
        }
        Ok(data)
    }
}

/// Puts a chunk whose axes are in another order into C order.
fn turn(from: &[u8], to: &mut [u8], (shape, order, item): (&[usize], &[usize], usize)) {
    // distance in `from` of two items that are neighbours along each axis of the chunk
    let mut steps = vec![0; shape.len()];
    let mut step = 1;
    for &axis in order.iter().rev() {
        if let (Some(to), Some(n)) = (steps.get_mut(axis), shape.get(axis)) {
            *to = step;
            step *= n;
        }
    }
    let mut at = vec![0; shape.len()];
    let mut place = 0;
    for out in to.chunks_exact_mut(item.max(1)) {
        if let Some(bytes) = from.get(place * item..(place + 1) * item) {
            out.copy_from_slice(bytes);
        }
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            place += steps[axis];
            if at[axis] < shape[axis] {
                break;
            }
            place -= steps[axis] * shape[axis];
            at[axis] = 0;
        }
    }
}
