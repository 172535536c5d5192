//! [`Fits`].

use std::sync::Arc;

use salver_core::Result;
use salver_tree::{
    Capabilities, EncodeOptions, Format, Kind, PartIndex, Select, Sink, Source, Tree,
};

use super::{decode, embedded, encode, layout};

/// FITS 4.0: headers, images, tile-compressed images and tables.
///
/// Any FITS file is a tree: a map with one entry per HDU, each a map of `header`, `cards` and
/// `data`; see `docs/spec/fits.md`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fits;

impl Format for Fits {
    fn name(&self) -> &'static str {
        "fits"
    }

    fn capabilities(&self) -> Capabilities {
        const KINDS: &[Kind] = &[
            Kind::Null,
            Kind::Bool,
            Kind::Int,
            Kind::Float,
            Kind::Str,
            Kind::Bytes,
            Kind::Time,
            Kind::List,
            Kind::Map,
            Kind::Array,
            Kind::Table,
            Kind::Ref,
            Kind::Tagged,
        ];
        Capabilities {
            kinds: KINDS,
            roots: KINDS,
            dtypes: None,
            nesting: true,
            range_reads: true,
            compressions: &["none", "rice", "gzip", "gzip2"],
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
        let all = layout::describe_all(&**source)?;
        let document = match all.last().and_then(layout::document_place) {
            Some(place) => Some(embedded::document(&decode::bytes(&**source, place)?)?),
            None => None,
        };
        layout::index(&all, source.len(), document.as_ref())
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
