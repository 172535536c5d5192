//! Parquet as a format.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Capabilities, EncodeOptions, Format, Kind, Lazy, PartIndex, Select, Sink, Source,
    Table, Tree,
};

use super::footer::{Footer, index_of};
use super::gen3::{Flavour, dress};
use super::{read, write};
use crate::document;

/// The format `parquet`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parquet;

const KINDS: &[Kind] = &[Kind::Table];

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
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
        let op = Op("parquet.encode");
        self.capabilities().check(op, tree)?;
        let unknown =
            options.extra.iter().find(|(key, _)| key.as_str() != "gen3_flavour");
        if let Some((key, value)) = unknown {
            return Err(document::unknown_option(op, key, value));
        }
        let Tree::Table(table) = tree else {
            return Err(Error::new(ErrorKind::Unsupported, op, "not a table"));
        };
        let flavour = Flavour::of(options.extra.get("gen3_flavour").map(String::as_str));
        let written = write::write(&dress(table, flavour)?, options, sink)?;
        index_of(&written.metadata, written.footer, written.length)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        let footer = Footer::read(source, None);
        let index = footer.and_then(|footer| footer.index(source.len()));
        index.map_err(|e| e.with("source", source.name()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        document::root_only(Op("parquet.decode"), select)?;
        index.admit(Op("parquet.decode"), select)?;
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

impl Parquet {
    fn lazy(
        self,
        footer: &Footer,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Table> {
        let op = Op("parquet.decode");
        let schema = footer.arrow.schema();
        let wanted = read::wanted_columns(schema, select)?;
        let schema = schema.project(&wanted).op(ErrorKind::Internal, op, "columns")?;
        let groups = footer.arrow.metadata().row_groups().iter();
        let rows = groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0));
        let rows = rows.fold(0, u64::saturating_add);
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
