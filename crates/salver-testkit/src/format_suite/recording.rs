//! A source that keeps what is asked of it.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use salver_core::Result;
use salver_tree::{MemorySource, Source};

/// An artifact in memory, and the ranges that were read of it.
#[derive(Debug)]
pub struct Recording {
    inner: MemorySource,
    read: Mutex<Vec<Range<u64>>>,
}

impl Recording {
    /// A source of these bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Arc<Self> {
        Arc::new(Self { inner: MemorySource::new(bytes), read: Mutex::default() })
    }

    /// The ranges read since the last call, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Range<u64>> {
        std::mem::take(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, ranges: &[Range<u64>]) {
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(ranges);
    }
}

impl Source for Recording {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.note(ranges);
        self.inner.read(ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset + buffer.len() as u64;
        self.note(std::slice::from_ref(&(offset..end)));
        self.inner.read_into(offset, buffer)
    }
}
