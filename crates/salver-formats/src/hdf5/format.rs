//! [`Hdf5`].

use std::sync::Arc;

use salver_core::Result;
use salver_tree::{
    Capabilities, EncodeOptions, Format, Kind, PartIndex, Select, Sink, Source, Tree,
};

use super::{decode, walk, write};

/// HDF5: groups, datasets and attributes.
///
/// Any HDF5 file is a tree: groups are maps, datasets are arrays, tables and scalars; a tree of any
/// shape is an HDF5 file. See `docs/spec/hdf5.md`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hdf5;

impl Format for Hdf5 {
    fn name(&self) -> &'static str {
        "hdf5"
    }

    fn capabilities(&self) -> Capabilities {
        const KINDS: &[Kind] = crate::document::CAPABILITIES.kinds;
        Capabilities {
            kinds: KINDS,
            roots: KINDS,
            dtypes: None,
            nesting: true,
            range_reads: true,
            compressions: &["none", "gzip"],
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        write::encode(tree, options, sink)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        walk::index(source)
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        decode::decode(index, select, source)
    }
}
