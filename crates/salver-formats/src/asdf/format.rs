//! ASDF as a format.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_schema::Schema;
use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Array, ArrayData, Budget, Capabilities, EncodeOptions, Format, Lazy, MemorySource,
    PartIndex, PartKind, Place, Select, Sink, Source, Table, TableData, Tagged, Tree,
    match_columns,
};

use super::blocks::{self, Block};
use super::load::Blocks;
use super::ndarray::View;
use super::raise::{Kept, Raised, raise};
use super::table::{ColumnSource, Columns, Data};
use super::{codec, header, table, write};
use crate::document;
use crate::npy::{Records, records};

const OP: Op = Op("asdf.decode");

/// The format `asdf`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asdf;

impl Format for Asdf {
    fn name(&self) -> &'static str {
        "asdf"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            range_reads: true,
            compressions: codec::NAMES,
            ..document::CAPABILITIES
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        let written = write::write(tree, options, sink)?;
        let nowhere: Arc<dyn Source> = Arc::new(MemorySource::new(Bytes::new()));
        let text = written.text.as_bytes();
        let place = Place { offset: 0, len: text.len() as u64 };
        index_of(text, place, &written.blocks, (&nowhere, written.length))
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        let read = || {
            let place = header::find(source)?;
            let text = source.read(&[place.range()])?;
            let text = text.first().map(AsRef::as_ref).unwrap_or_default();
            let blocks = blocks::find(source, place.range().end)?;
            index_of(text, place, &blocks, (source, source.len()))
        };
        read().map_err(|e| e.with("source", source.name()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        selected(index, select, source).map_err(|e| e.with("source", source.name()))
    }
}

fn lazy_node(index: &Arc<PartIndex>, source: &Arc<dyn Source>, path: &str) -> Lazy {
    Lazy {
        index: Arc::clone(index),
        node: path.into(),
        source: Arc::clone(source),
        format: Arc::new(Asdf),
        select: Arc::new(Select::default()),
    }
}

/// The index of a file with this text and these blocks.
fn index_of(
    text: &[u8],
    place: Place,
    blocks: &[Block],
    (source, length): (&Arc<dyn Source>, u64),
) -> Result<PartIndex> {
    let mut index = PartIndex::new("asdf", length);
    let empty = Arc::new(PartIndex::new("asdf", length));
    let lazy = |path: &str| lazy_node(&empty, source, path);
    let raised = raise(header::parse(text)?, blocks, &lazy)?;
    index.always.push(place);
    index.parts.insert(String::new(), PartKind::Tree(place));
    for (path, kept) in raised.kept {
        let part = match kept {
            Kept::Array { view, grid, origin } => {
                let moved = origin.iter().any(|&o| o != 0);
                let mut part = view.part(blocks);
                part.grid = grid;
                part.origin = if moved { origin } else { Vec::new() };
                PartKind::Array(part)
            }
            Kept::Columns(columns) => PartKind::Table(table::part(&columns, blocks)),
            Kept::Records(records, view) => {
                PartKind::Table(table::records_part(&records, view.place(blocks)))
            }
        };
        index.parts.insert(path, part);
    }
    index.private = blocks::to_json(blocks)?;
    Ok(index)
}

/// What a selection asks for.
fn selected(
    index: &Arc<PartIndex>,
    select: &Select,
    source: &Arc<dyn Source>,
) -> Result<Tree> {
    let place = index.always.first().copied();
    let place = place.ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, OP, "the index is not that of an ASDF file")
    })?;
    let text = source.read(&[place.range()])?;
    let text = text.first().map(AsRef::as_ref).unwrap_or_default();
    let blocks = blocks::from_json(&index.private)?;
    let lazy = |path: &str| lazy_node(index, source, path);
    let Raised { tree, kept } = raise(header::parse(text)?, &blocks, &lazy)?;
    let part = match select.part.as_deref() {
        None | Some("") => tree,
        Some(path) => tree.at(path)?.clone(),
    };
    let budget = RefCell::new(Budget::new(select.limits));
    let reading =
        Reading { blocks: Blocks { blocks: &blocks, source }, kept, select, budget };
    reading.node(part)
}

/// A tree with lazy nodes on its way into memory.
struct Reading<'a> {
    blocks: Blocks<'a>,
    kept: BTreeMap<String, Kept>,
    select: &'a Select,
    budget: RefCell<Budget>,
}

impl Reading<'_> {
    fn node(&self, tree: Tree) -> Result<Tree> {
        Ok(match tree {
            Tree::Array(array) => Tree::Array(self.array(&array)?),
            Tree::Table(table) => Tree::Table(self.table(&table)?),
            Tree::List(items) => {
                let items = items.into_iter().map(|item| self.node(item));
                Tree::List(items.collect::<Result<_>>()?)
            }
            Tree::Map(map) => {
                let entries = map.into_iter().map(|(k, v)| Ok((k, self.node(v)?)));
                Tree::Map(entries.collect::<Result<_>>()?)
            }
            Tree::Tagged(tagged) => {
                let Tagged { name, version, tree } = *tagged;
                Tree::Tagged(Box::new(Tagged { name, version, tree: self.node(tree)? }))
            }
            other => other,
        })
    }

    /// Takes the memory of so many items, and of a block that is decoded as a whole.
    fn take(&self, lazy: &Lazy, view: &View, items: u64) -> Result<()> {
        view.check(self.blocks.blocks).map_err(|e| placed(e, lazy))?;
        let bytes = items.saturating_mul(view.stored.dtype.size() as u64);
        let block = self.blocks.blocks.get(view.block).filter(|b| !b.codec.is_empty());
        let bytes = bytes.max(block.map_or(0, |block| block.size));
        self.budget.borrow_mut().take(OP, &lazy.node, bytes)
    }

    fn take_columns(
        &self,
        lazy: &Lazy,
        columns: &Columns,
        wanted: &[usize],
    ) -> Result<()> {
        for place in wanted.iter().filter_map(|&i| columns.places.get(i)) {
            let both = match place {
                ColumnSource::Packed(view) => [Some(view), None],
                ColumnSource::Shown(shown) => {
                    [shown.data.view(), shown.mask.as_ref().and_then(Data::view)]
                }
            };
            for view in both.into_iter().flatten() {
                let items = view.shape.iter().fold(1, |n: u64, &m| n.saturating_mul(m));
                self.take(lazy, view, items)?;
            }
        }
        Ok(())
    }

    /// What is lazy is loaded once it is used.
    fn later(&self, lazy: &Lazy) -> Lazy {
        let select = Select { part: None, lazy: false, ..self.select.clone() };
        Lazy { select: Arc::new(select), ..lazy.clone() }
    }

    fn array(&self, array: &Array) -> Result<Array> {
        let ArrayData::Lazy(lazy) = array.data() else {
            let region = self.select.region.as_ref();
            return region.map_or(Ok(array.clone()), |region| array.cut(region));
        };
        let region = self.select.region.as_ref();
        let bounds = region.map(|r| r.clip(array.shape(), array.origin())).transpose()?;
        let shape = match &bounds {
            Some(bounds) => bounds.iter().map(Range::len).collect(),
            None => array.shape().to_vec(),
        };
        let made = if self.select.lazy {
            Array::lazy(array.dtype(), shape, self.later(lazy))
        } else {
            let Some(Kept::Array { view, .. }) = self.kept.get(&*lazy.node) else {
                return Err(lost(lazy));
            };
            let items = shape.iter().map(|&n| n as u64);
            self.take(lazy, view, items.product::<u64>())?;
            let buffer = self.blocks.load(view, bounds.as_deref());
            let buffer = buffer.map_err(|e| placed(e, lazy))?;
            Array::new(array.dtype(), shape, buffer).op(
                ErrorKind::Corrupt,
                OP,
                "the array does not fit its shape",
            )?
        };
        let origin = match bounds {
            Some(bounds) => array
                .origin()
                .iter()
                .zip(&bounds)
                .map(|(o, r)| o.saturating_add_unsigned(r.start as u64))
                .collect(),
            None => array.origin().to_vec(),
        };
        let (unit, grid) =
            (array.unit().map(str::to_owned), array.grid().map(str::to_owned));
        Ok(made.with_unit(unit).with_grid(grid).with_origin(origin))
    }

    fn table(&self, table: &Table) -> Result<Table> {
        let TableData::Lazy(lazy) = table.data() else {
            return table.select(self.select);
        };
        let schema = table.schema();
        // how many rows pass a filter shows only in reading them
        if self.select.lazy && self.select.filters.is_empty() {
            let shown = match self.select.columns.as_deref() {
                None => Schema::clone(schema),
                some => {
                    let wanted = match_columns(&names(schema), some)?;
                    schema.project(&wanted).op(ErrorKind::Internal, OP, "columns")?
                }
            };
            return Ok(Table::lazy(Arc::new(shown), table.n_rows(), self.later(lazy)));
        }
        let loaded = match self.kept.get(&*lazy.node) {
            Some(Kept::Columns(columns)) => {
                let wanted = self.wanted(schema)?;
                self.take_columns(lazy, columns, &wanted)?;
                columns.load(self.blocks, &wanted)
            }
            Some(Kept::Records(found, view)) => {
                self.take(lazy, view, view.span.len)?;
                self.records(found, view)
            }
            _ => return Err(lost(lazy)),
        };
        loaded.map_err(|e| placed(e, lazy))?.select(self.select)
    }

    /// The columns that a selection needs, those of its filters too.
    fn wanted(&self, schema: &Schema) -> Result<Vec<usize>> {
        let names = names(schema);
        let Some(columns) = self.select.columns.as_deref() else {
            return Ok((0..names.len()).collect());
        };
        let mut wanted = match_columns(&names, Some(columns))?;
        for filter in self.select.filters.iter().flatten() {
            let at = names.iter().position(|name| **name == filter.column);
            wanted.extend(at.filter(|at| !wanted.contains(at)));
        }
        wanted.sort_unstable();
        Ok(wanted)
    }

    fn records(&self, found: &Records, view: &View) -> Result<Table> {
        let bytes = self.blocks.raw(view)?;
        let len = bytes.len() as u64;
        let packed: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let place = Place { offset: 0, len };
        let (fields, header) = (found.fields.clone(), found.header);
        let (rows, width) = (found.rows, found.width);
        records::read(&Records { fields, rows, width, place, header }, &packed)
    }
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.fields().iter().map(|f| f.name().as_str()).collect()
}

fn lost(lazy: &Lazy) -> Error {
    let message = "the index does not fit the file";
    Error::new(ErrorKind::Corrupt, OP, message).with("node", &lazy.node)
}

fn placed(error: Error, lazy: &Lazy) -> Error {
    let node = if lazy.node.is_empty() { "(root)" } else { &lazy.node };
    error.with("node", node)
}
