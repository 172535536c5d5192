//! Little-endian fields out of bytes of a file.

use salver_core::{Error, ErrorKind, Op, Result};

/// The operation of all that reads structure.
pub(crate) const OP: Op = Op("hdf5.index");

/// Bytes that are not what they should be, with their place in the file.
pub(crate) fn corrupt(message: impl Into<String>, offset: u64) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message).with("offset", offset)
}

/// Bytes that mean something which is not read, with their place in the file.
pub(crate) fn unsupported(message: impl Into<String>, offset: u64) -> Error {
    Error::new(ErrorKind::Unsupported, OP, message).with("offset", offset)
}

/// A place in bytes that begin at `base` in the file.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    base: u64,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], base: u64) -> Self {
        Self { bytes, at: 0, base }
    }

    /// The place in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.bytes.len());
        let piece = end.and_then(|end| self.bytes.get(self.at..end));
        let piece = piece.ok_or_else(|| corrupt("a structure is cut off", self.offset()));
        self.at += piece.as_ref().map_or(0, |p| p.len());
        piece
    }

    /// The bytes that are left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len();
        rest
    }

    pub(crate) fn skip(&mut self, n: usize) -> Result<()> {
        self.take(n).map(drop)
    }

    /// Goes to the next multiple of 8 from the beginning, or to the end.
    pub(crate) fn align(&mut self) {
        self.at = self.at.next_multiple_of(8).min(self.bytes.len());
    }

    /// An unsigned number of `n` bytes, at most 8.
    pub(crate) fn uint(&mut self, n: usize) -> Result<u64> {
        let offset = self.offset();
        let piece = self.take(n)?;
        if n > 8 {
            return Err(unsupported("a number of more than 8 bytes", offset));
        }
        Ok(piece.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    /// An unsigned number that must fit in memory.
    pub(crate) fn size(&mut self, n: usize) -> Result<usize> {
        let offset = self.offset();
        let value = self.uint(n)?;
        usize::try_from(value)
            .map_err(|e| corrupt("a size too large", offset).caused_by(e))
    }

    /// An address of `n` bytes; all ones is none.
    pub(crate) fn address(&mut self, n: usize) -> Result<Option<u64>> {
        let value = self.uint(n)?;
        let none = if n >= 8 { u64::MAX } else { (1 << (8 * n)) - 1 };
        Ok((value != none).then_some(value))
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        let piece = self.take(1)?;
        Ok(piece.first().copied().unwrap_or(0))
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        let piece = self.take(2)?;
        Ok(piece.first_chunk().map_or(0, |b| u16::from_le_bytes(*b)))
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        let piece = self.take(4)?;
        Ok(piece.first_chunk().map_or(0, |b| u32::from_le_bytes(*b)))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.uint(8)
    }

    /// Checks the signature of a structure.
    pub(crate) fn signature(&mut self, wanted: &[u8]) -> Result<()> {
        let offset = self.offset();
        if self.take(wanted.len())? == wanted {
            return Ok(());
        }
        let wanted = String::from_utf8_lossy(wanted).into_owned();
        Err(corrupt("a structure without its signature", offset).with("expected", wanted))
    }

    /// Checks the version of a structure.
    pub(crate) fn version(&mut self, what: &str, wanted: u8) -> Result<()> {
        let offset = self.offset();
        let version = self.u8()?;
        if version == wanted {
            return Ok(());
        }
        let message = format!("a version of {what} that is not known");
        Err(unsupported(message, offset).with("version", version))
    }

    /// Text up to a NUL, which is taken too.
    pub(crate) fn text(&mut self) -> Result<String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&b| b == 0);
        let end = end.ok_or_else(|| corrupt("text without an end", self.offset()))?;
        let text = text_of(self.take(end)?);
        self.skip(1)?;
        Ok(text)
    }
}

/// Text of bytes: UTF-8, else ISO 8859-1.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}

/// Text of bytes up to the first NUL.
pub(crate) fn text_until_nul(bytes: &[u8]) -> String {
    text_of(bytes.split(|&b| b == 0).next().unwrap_or_default())
}
