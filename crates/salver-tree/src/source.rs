//! Random access to one artifact.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};

/// Random access to the bytes of one artifact.
///
/// # Contract
/// 1. `len` never changes while the source lives.
/// 2. `read_into` fills the whole buffer or fails; it never reads past `len`.
/// 3. `read` gives one piece per range, in the order asked, each of exactly the range's length.
/// 4. A range outside of `0..len` is [`ErrorKind::Corrupt`]: an index promised bytes that are not there.
pub trait Source: fmt::Debug + Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// The bytes of each range.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a range outside of the artifact, [`ErrorKind::Io`] where reading fails.
    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>>;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Whether the artifact has no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A name for messages: the URI where there is one.
    fn name(&self) -> String {
        "memory".to_owned()
    }
}

/// An artifact in memory.
#[derive(Debug, Clone)]
pub struct MemorySource(Bytes);

impl MemorySource {
    /// A source of these bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    fn piece(&self, range: &Range<u64>) -> Result<Bytes> {
        let bounds =
            usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        match bounds {
            Some((start, end)) if start <= end && end <= self.0.len() => {
                Ok(self.0.slice(start..end))
            }
            _ => Err(outside(range, self.len(), "memory")),
        }
    }
}

/// The error of clause 4 of [`Source`]'s contract.
pub(crate) fn outside(range: &Range<u64>, len: u64, name: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        Op("source.read"),
        "the artifact is shorter than its index says",
    )
    .with("source", name)
    .with("range", format_args!("{}..{}", range.start, range.end))
    .with("length", len)
}

impl Source for MemorySource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        ranges.iter().map(|r| self.piece(r)).collect()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        buffer.copy_from_slice(&self.piece(&(offset..end))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_outside_is_corrupt() {
        let source = MemorySource::new(vec![1, 2, 3]);
        assert_eq!(source.read(&[1..3, 0..1]).unwrap(), [&[2_u8, 3][..], &[1][..]]);
        let error = source.read(&[2..4]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
