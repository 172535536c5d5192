//! Bytes that were read ahead for several parts at once.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use salver_core::Result;
use salver_tree::{Source, coalesce};

/// Gaps of up to this many bytes are read along: a request costs more.
const GAP: u64 = 16 << 10;

/// A source of which some ranges are in memory; others are read when they are asked for.
#[derive(Debug)]
pub(super) struct Gathered {
    source: Arc<dyn Source>,
    pieces: Vec<(u64, Bytes)>,
}

impl Gathered {
    /// Reads ranges in one call, those near to each other as one.
    pub(super) fn new(source: Arc<dyn Source>, ranges: Vec<Range<u64>>) -> Result<Self> {
        let ranges = coalesce(ranges, GAP);
        let pieces = source.read(&ranges)?;
        let starts = ranges.iter().map(|r| r.start);
        let pieces = starts.zip(pieces).collect();
        Ok(Self { source, pieces })
    }

    fn piece(&self, range: &Range<u64>) -> Option<Bytes> {
        let at = self.pieces.partition_point(|(start, _)| *start <= range.start);
        let (start, bytes) = self.pieces.get(at.checked_sub(1)?)?;
        let from = usize::try_from(range.start - start).ok()?;
        let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
        (from <= to && to <= bytes.len()).then(|| bytes.slice(from..to))
    }
}

impl Source for Gathered {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            match self.piece(range) {
                Some(bytes) => out.push(bytes),
                None => out.extend(self.source.read(std::slice::from_ref(range))?),
            }
        }
        Ok(out)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        match self.piece(&(offset..end)) {
            Some(bytes) => {
                buffer.copy_from_slice(&bytes);
                Ok(())
            }
            None => self.source.read_into(offset, buffer),
        }
    }

    fn name(&self) -> String {
        self.source.name()
    }
}

#[cfg(test)]
mod tests {
    use salver_tree::MemorySource;

    use super::*;

    #[test]
    fn what_was_not_read_ahead_is_read_when_it_is_asked_for() {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.clone()));
        let ranges = vec![90_000..90_010, 10..20, 30..40];
        let gathered = Gathered::new(source, ranges).unwrap();
        assert_eq!(gathered.pieces.len(), 2, "near ranges are one");
        for range in [10..20, 15..35, 0..5, 90_005..90_010, 90_005..90_020, 20..20] {
            let expected = &bytes[range.start..range.end];
            let asked = range.start as u64..range.end as u64;
            assert_eq!(gathered.read(&[asked]).unwrap().concat(), expected, "{range:?}");
            let mut buffer = vec![0; expected.len()];
            gathered.read_into(range.start as u64, &mut buffer).unwrap();
            assert_eq!(buffer, expected);
        }
    }
}
