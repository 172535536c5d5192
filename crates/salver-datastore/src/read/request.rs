//! What is asked of a dataset.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use salver_core::Result;
use salver_model::PartRow;
use salver_tree::{BoxSelect, Map, Source};

use super::SkyBox;

/// What is asked of a dataset. The default is all of it, loaded.
#[derive(Debug, Clone, Default)]
pub struct ReadRequest {
    /// A component: one that is stored by itself, a part of the whole, or a derived one.
    pub component: Option<String>,
    /// Gen3's read parameters: those that the storage class lists.
    ///
    /// `columns` (a name or a list of names and patterns), `filters` (an OR of ANDs of
    /// `[column, operator, value]`, or one AND), `strip_astropy_meta_yaml`, `bbox` (a map
    /// `{x0, y0, x1, y1}` of pixel indexes, both ends inside, as Gen3's `Box2I`), `origin`
    /// (`PARENT` or `LOCAL`).
    pub parameters: Map,
    /// A box in grid coordinates, 0-based, half-open, slowest axis first.
    pub region: Option<BoxSelect>,
    /// A part of an image by its place on the sky; it stands in for `region`.
    pub sky: Option<SkyBox>,
    /// Leave arrays and tables in their artifact until they are used.
    pub lazy: bool,
    /// Where to count the bytes that are moved.
    pub moved: Option<Arc<Moved>>,
    /// What our own tables say of the dataset's parts; nothing where its records say all.
    pub parts: Vec<PartRow>,
    /// Several components, in place of one: the answer is a map of them.
    pub components: Option<Vec<String>>,
}

/// How many bytes a read moved, of how many; lazy nodes count on when they are used.
#[derive(Debug, Default)]
pub struct Moved {
    bytes: AtomicU64,
    reads: AtomicU64,
    total: AtomicU64,
}

impl Moved {
    /// Bytes read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Ranges read.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Bytes of the artifacts that were opened.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

/// A source whose reads are counted.
#[derive(Debug)]
pub(super) struct Counted {
    source: Arc<dyn Source>,
    moved: Arc<Moved>,
}

impl Counted {
    pub(super) fn new(source: Arc<dyn Source>, moved: Arc<Moved>) -> Self {
        moved.total.fetch_add(source.len(), Ordering::Relaxed);
        Self { source, moved }
    }

    fn count(&self, bytes: u64, reads: usize) {
        self.moved.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.moved.reads.fetch_add(reads as u64, Ordering::Relaxed);
    }
}

impl Source for Counted {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let pieces = self.source.read(ranges)?;
        self.count(pieces.iter().map(|p| p.len() as u64).sum(), ranges.len());
        Ok(pieces)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.source.read_into(offset, buffer)?;
        self.count(buffer.len() as u64, 1);
        Ok(())
    }

    fn name(&self) -> String {
        self.source.name()
    }
}
