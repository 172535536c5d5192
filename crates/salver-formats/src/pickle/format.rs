//! Pickles as a format.

use std::sync::Arc;

use salver_core::{Op, Result};
use salver_tree::{
    Capabilities, EncodeOptions, Format, Kind, PartIndex, PartKind, Select, Sink, Source,
    Tree,
};

use super::build::{Builder, root_run};
use super::machine::run;
use super::write;
use crate::document;
use crate::numpy::{checked_part, read_part};

/// The format `pickle`; see the module's docs for what it reads, refuses and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pickle;

const KINDS: &[Kind] = &[
    Kind::Null,
    Kind::Bool,
    Kind::Int,
    Kind::Float,
    Kind::Str,
    Kind::Bytes,
    Kind::List,
    Kind::Map,
    Kind::Array,
];

impl Format for Pickle {
    fn name(&self) -> &'static str {
        "pickle"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kinds: KINDS,
            roots: KINDS,
            dtypes: None,
            nesting: true,
            range_reads: true,
            compressions: &[],
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        let op = Op("pickle.encode");
        self.capabilities().check(op, tree)?;
        document::refuse_compression(op, options)?;
        document::refuse_extra(op, options)?;
        let before = sink.written();
        let place = write::write(tree, sink)?;
        let length = sink.written() - before;
        let (Tree::Array(array), Some(place)) = (tree, place) else {
            return Ok(document::index("pickle", length));
        };
        let mut index = PartIndex::new("pickle", length);
        let part = checked_part(&crate::npy::run_of(array, place), length)?;
        index.parts.insert(String::new(), PartKind::Array(part));
        Ok(index)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        let named = |e: salver_core::Error| e.with("source", source.name());
        let (values, root) = run(source).map_err(named)?;
        let Some(found) = root_run(&values, root).map_err(named)? else {
            return Ok(document::index("pickle", source.len()));
        };
        let mut index = PartIndex::new("pickle", source.len());
        let part = checked_part(&found, source.len()).map_err(named)?;
        index.parts.insert(String::new(), PartKind::Array(part));
        Ok(index)
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        let named = |e: salver_core::Error| e.with("source", source.name());
        index.admit(Op("pickle.decode"), select).map_err(named)?;
        if let Some(PartKind::Array(part)) = index.parts.get("") {
            document::root_only(Op("pickle.decode"), select)?;
            let array = read_part((index, ""), part, select, source, Arc::new(*self));
            return Ok(Tree::Array(array.map_err(named)?));
        }
        let (values, root) = run(source).map_err(named)?;
        let tree = Builder::new(&values, source).tree(root).map_err(named)?;
        document::select(tree, select)
    }
}
