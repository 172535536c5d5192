//! [`Zarr`].

use std::sync::Arc;

use salver_core::Result;
use salver_tree::{
    Capabilities, EncodeOptions, Format, PartIndex, Select, Sink, Source, Tree,
};

use super::{decode, encode, layout};
use crate::document;

/// Zarr 3 in a zip archive: groups for maps, sharded arrays, tables as groups of columns.
///
/// Any store of version 2 or 3 is a tree; see `docs/spec/zarr.md`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Zarr;

impl Format for Zarr {
    fn name(&self) -> &'static str {
        "zarr"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            range_reads: true,
            compressions: &["none", "zstd", "gzip"],
            ..document::CAPABILITIES
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        encode::encode(tree, options, sink)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        layout::of_source(&**source).map_err(|e| e.with("source", source.name()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        decode::decode(index, select, source).map_err(|e| e.with("source", source.name()))
    }
}
