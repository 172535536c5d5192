//! The bytes of a pickle, in small reads that step over large values.

use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Place, Source};

use super::value::Blob;

/// Bytes of one read; a small pickle is one.
const WINDOW: u64 = 16 << 10;
/// Bytes values up to this length are kept where they are read.
const INLINE: u64 = 4 << 10;

/// A reader of a source that goes forward only.
pub(super) struct Stream<'a> {
    source: &'a Arc<dyn Source>,
    length: u64,
    /// Next byte.
    at: u64,
    /// What was read last.
    window: Bytes,
    /// Where the window begins.
    start: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(source: &'a Arc<dyn Source>) -> Self {
        let length = source.len();
        Self { source, length, at: 0, window: Bytes::new(), start: 0 }
    }

    pub(super) fn position(&self) -> u64 {
        self.at
    }

    pub(super) fn corrupt(&self, message: &str) -> Error {
        Error::new(ErrorKind::Corrupt, Op("pickle.decode"), message).with("byte", self.at)
    }

    /// Checks that so many bytes are left.
    fn check(&self, count: u64) -> Result<()> {
        if count > self.length - self.at {
            return Err(self.corrupt("the pickle is cut off").with("wanted", count));
        }
        Ok(())
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<Bytes> {
        self.check(count)?;
        let end = self.at + count;
        if self.at < self.start || end > self.start + self.window.len() as u64 {
            let until = self.length.min(self.at + count.max(WINDOW));
            let pieces = self.source.read(&[self.at..until])?;
            self.window = pieces.into_iter().next().unwrap_or_default();
            self.start = self.at;
        }
        let place = |n: u64| usize::try_from(n - self.start).unwrap_or(usize::MAX);
        let (from, to) = (place(self.at), place(end));
        if to > self.window.len() {
            return Err(self.corrupt("the source gave too few bytes"));
        }
        self.at = end;
        Ok(self.window.slice(from..to))
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N as u64)?;
        let array = <[u8; N]>::try_from(bytes.as_ref());
        array.map_err(|e| self.corrupt("the source gave too few bytes").caused_by(e))
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A value of bytes; a large one is not read but left in its place.
    pub(super) fn blob(&mut self, count: u64) -> Result<Blob> {
        let place = Place { offset: self.at, len: count };
        let bytes = if count <= INLINE {
            Some(self.take(count)?)
        } else {
            self.check(count)?;
            self.at += count;
            None
        };
        Ok(Blob { place: Some(place), bytes })
    }

    /// The next bytes as UTF-8.
    pub(super) fn text(&mut self, count: u64) -> Result<String> {
        let bytes = self.take(count)?;
        let text = std::str::from_utf8(&bytes).map(str::to_owned);
        text.map_err(|e| self.corrupt("text that is not UTF-8").caused_by(e))
    }

    /// The bytes up to the end of the line, which is taken too.
    pub(super) fn line(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            let left = self.start + self.window.len() as u64;
            let count = if (self.start..left).contains(&self.at) {
                left - self.at
            } else {
                WINDOW.min(self.length - self.at)
            };
            if count == 0 {
                return Err(self.corrupt("the pickle is cut off in a line"));
            }
            let piece = self.take(count)?;
            if let Some(end) = piece.iter().position(|&b| b == b'\n') {
                out.extend_from_slice(piece.get(..end).unwrap_or_default());
                self.at -= count - (end as u64 + 1);
                return Ok(out);
            }
            out.extend_from_slice(&piece);
        }
    }

    /// A line of ASCII.
    pub(super) fn ascii_line(&mut self) -> Result<String> {
        let line = self.line()?;
        match String::from_utf8(line) {
            Ok(text) if text.is_ascii() => Ok(text.trim_end_matches('\r').to_owned()),
            _ => Err(self.corrupt("a line that is not ASCII")),
        }
    }

    /// A line of ASCII that is a number.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        let line = self.ascii_line()?;
        let number = line.trim().parse().ok();
        number.ok_or_else(|| self.corrupt("not a number").with("text", line))
    }
}
