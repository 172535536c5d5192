//! Arrow IPC as a format.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Capabilities, EncodeOptions, Format, Kind, Lazy, PartIndex, Select, Sink, Source,
    Table, Tree,
};

use super::footer::Footer;
use super::{read, write};
use crate::document;

/// The format `arrow`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct ArrowIpc;

const KINDS: &[Kind] = &[Kind::Table];

impl Format for ArrowIpc {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kinds: KINDS,
            roots: KINDS,
            dtypes: Some(&[]),
            nesting: false,
            range_reads: true,
            compressions: write::COMPRESSIONS,
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        let op = Op("arrow.encode");
        self.capabilities().check(op, tree)?;
        document::refuse_extra(op, options)?;
        let Tree::Table(table) = tree else {
            return Err(Error::new(ErrorKind::Unsupported, op, "not a table"));
        };
        let outline = write::write(table, options, sink)?;
        let length = outline.len();
        let source: Arc<dyn Source> = Arc::new(outline);
        Footer::read(&source, None)?.index(&source, length)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        let footer = Footer::read(source, None);
        let index = footer.and_then(|footer| footer.index(source, source.len()));
        index.map_err(|e| e.with("source", source.name()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        document::root_only(Op("arrow.decode"), select)?;
        let footer = Footer::read(source, index.always.first().copied());
        let table = footer.and_then(|footer| {
            // how many rows pass a filter shows only in reading them
            if select.lazy && select.filters.is_empty() {
                self.lazy(&footer, index, select, source)
            } else {
                read::read(&footer, select, source)
            }
        });
        Ok(Tree::Table(table.map_err(|e| e.with("source", source.name()))?))
    }
}

impl ArrowIpc {
    fn lazy(
        self,
        footer: &Footer,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Table> {
        let op = Op("arrow.decode");
        let wanted = read::shown(&footer.schema, select)?;
        let schema =
            footer.schema.project(&wanted).op(ErrorKind::Internal, op, "columns")?;
        let rows =
            footer.heads(source)?.iter().fold(0, |n: u64, b| n.saturating_add(b.rows));
        let rows = usize::try_from(rows).op(ErrorKind::Limit, op, "too many rows")?;
        let lazy = Lazy {
            index: Arc::clone(index),
            node: "".into(),
            source: Arc::clone(source),
            format: Arc::new(self),
            select: Arc::new(Select { part: None, lazy: false, ..select.clone() }),
        };
        Ok(Table::lazy(Arc::new(schema), rows, lazy))
    }
}
