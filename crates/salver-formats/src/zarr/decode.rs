//! Bytes to trees.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{
    Array, ArrayPart, Budget, Chunks, DType, Lazy, Map, PartIndex, PartKind, Select,
    Source, Table, Tagged, Tree,
};

use super::array;
use super::format::Zarr;
use super::item::{Item, corrupt};
use super::layout::{Private, origin, step};
use super::meta::{ArrayMeta, all_of, at_node};
use super::store::{Store, text};
use super::table;
use super::text as strings;
use super::view::{Entry, OURS, TableView, View, view};

const OP: Op = Op("zarr.decode");

/// What a call decodes from.
pub(crate) struct Job<'a> {
    pub(crate) index: &'a Arc<PartIndex>,
    pub(crate) select: &'a Select,
    pub(crate) source: &'a Arc<dyn Source>,
    store: Store,
    hidden: BTreeMap<String, ArrayPart>,
    budget: RefCell<Budget>,
}

/// Reads what is selected.
///
/// # Errors
/// As [`salver_tree::Format::decode`].
pub(crate) fn decode(
    index: &Arc<PartIndex>,
    select: &Select,
    source: &Arc<dyn Source>,
) -> Result<Tree> {
    let Private { docs, hidden } = Private::of(index)?;
    let store = Store::parse(&docs, &text(&**source, &docs)?)?;
    let budget = RefCell::new(Budget::new(select.limits));
    let job = Job { index, select, source, store, hidden, budget };
    job.part(select.part.as_deref().unwrap_or(""))
}

/// A path of these steps.
fn pointer<'a>(steps: impl Iterator<Item = &'a str>) -> String {
    steps.fold(String::new(), |path, step| path + "/" + step)
}

fn missing(path: &str, at: &str) -> Error {
    Error::new(ErrorKind::NotFound, OP, "no such part")
        .with("part", path)
        .with("step", at)
}

impl Job<'_> {
    /// The node at a path of the tree.
    fn part(&self, path: &str) -> Result<Tree> {
        if !path.is_empty() && !path.starts_with('/') {
            let error = Error::new(ErrorKind::InvalidInput, OP, "a path begins with `/`");
            return Err(error.with("path", path));
        }
        let (mut entry, mut at) = (Entry::Node(String::new()), String::new());
        let mut steps = path.split('/').skip(1);
        while let Some(step) = steps.next() {
            let key = step.replace("~1", "/").replace("~0", "~");
            let Entry::Node(node) = &entry else { return Err(missing(path, &key)) };
            let (_, view) = view(&self.store, node)?;
            let found = match view {
                View::Map(entries) => {
                    entries.into_iter().find(|(k, _)| *k == key).map(|e| e.1)
                }
                View::List(items) => {
                    let place = key.parse::<usize>().ok();
                    place.and_then(|i| items.into_iter().nth(i))
                }
                View::Value(tree) => {
                    let rest = pointer([step].into_iter().chain(steps));
                    return tree.at(&rest)?.clone().cut(self.select);
                }
                _ => None,
            };
            entry = found.ok_or_else(|| missing(path, &key))?;
            at = format!("{at}/{step}");
            if let Entry::Inline(tree) = &entry {
                let rest = pointer(steps);
                return tree.at(&rest)?.clone().cut(self.select);
            }
        }
        self.entry(entry, &at)
    }

    fn entry(&self, entry: Entry, at: &str) -> Result<Tree> {
        match entry {
            Entry::Inline(tree) => tree.cut(self.select),
            Entry::Bare(node) => self.array(&node, at),
            Entry::Node(node) => self.node(&node, at),
        }
    }

    fn node(&self, node: &str, at: &str) -> Result<Tree> {
        let (tags, view) = view(&self.store, node)?;
        let tree = match view {
            View::Map(entries) => {
                let mut map = Map::new();
                for (key, entry) in entries {
                    let below = format!("{at}{}", step(&key));
                    map.insert(key, self.entry(entry, &below)?);
                }
                Tree::Map(map)
            }
            View::List(items) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(i, item)| self.entry(item, &format!("{at}/{i}")));
                Tree::List(items.collect::<Result<_>>()?)
            }
            View::Value(tree) => tree.cut(self.select)?,
            View::Array => self.array(node, at)?,
            View::Bytes => self.bytes(node)?,
            View::Table(view) => self.table(&view, node, at)?,
        };
        Ok(tags.into_iter().rev().fold(tree, |tree, (name, version)| {
            Tree::Tagged(Box::new(Tagged { name, version, tree }))
        }))
    }

    fn lazy(&self, at: &str) -> Lazy {
        Lazy {
            index: Arc::clone(self.index),
            node: at.into(),
            source: Arc::clone(self.source),
            format: Arc::new(Zarr),
            select: Arc::new(Select { part: None, lazy: false, ..self.select.clone() }),
        }
    }

    fn array(&self, node: &str, at: &str) -> Result<Tree> {
        let meta = self.store.at(node)?.meta(node)?;
        let damaged = || at_node(corrupt("an index of another artifact"), node);
        match self.index.parts.get(at) {
            Some(PartKind::Array(part)) => {
                let dtype = meta.item.dtype().ok_or_else(damaged)?;
                self.items(node, at, &meta, part, dtype)
            }
            Some(PartKind::Table(_)) if meta.item.dtype().is_none() => {
                let leaves = self.words(node, &meta)?;
                let leaf = |bytes: Vec<u8>| match meta.item {
                    Item::Text => String::from_utf8(bytes).map(Tree::Str).map_err(|e| {
                        at_node(corrupt("text that is not UTF-8").caused_by(e), node)
                    }),
                    _ => Ok(Tree::Bytes(bytes.into())),
                };
                let leaves = leaves.into_iter().map(leaf).collect::<Result<Vec<_>>>()?;
                Ok(nested(leaves, &meta.shape))
            }
            _ => Err(damaged()),
        }
    }

    fn items(
        &self,
        node: &str,
        at: &str,
        meta: &ArrayMeta,
        part: &ArrayPart,
        dtype: DType,
    ) -> Result<Tree> {
        let attributes = &self.store.at(node)?.attributes;
        let ours = attributes.get(OURS).and_then(Tree::as_map);
        let mut origin = origin(ours, meta.shape.len());
        let bounds = match &self.select.region {
            None => all_of(&meta.shape),
            Some(region) => {
                region.clip(&meta.shape, &origin).map_err(|e| at_node(e, at))?
            }
        };
        for (origin, bound) in origin.iter_mut().zip(&bounds) {
            *origin = origin.saturating_add_unsigned(bound.start as u64);
        }
        let array = if self.select.lazy {
            let shape = bounds.iter().map(ExactSizeIterator::len).collect();
            Array::lazy(dtype, shape, self.lazy(at))
        } else {
            self.take(at, bounds.iter().map(ExactSizeIterator::len), dtype)?;
            let buffer = array::read(meta, part, &bounds, &**self.source);
            let shape = bounds.iter().map(ExactSizeIterator::len).collect();
            Array::new(dtype, shape, buffer.map_err(|e| at_node(e, at))?)?
        };
        let text =
            |key: &str| attributes.get(key).and_then(Tree::as_str).map(str::to_owned);
        let unit = text("units").or_else(|| text("unit")).or_else(|| meta.unit.clone());
        let grid = ours.and_then(|o| o.get("grid")?.as_str()).map(str::to_owned);
        Ok(Tree::Array(array.with_unit(unit).with_grid(grid).with_origin(origin)))
    }

    /// Takes the memory of an array from what the call may use.
    fn take(
        &self,
        node: &str,
        shape: impl Iterator<Item = usize>,
        dtype: DType,
    ) -> Result<()> {
        let bytes =
            shape.fold(dtype.size() as u64, |n, axis| n.saturating_mul(axis as u64));
        self.budget.borrow_mut().take(OP, node, bytes)
    }

    /// The chunks of an array that is no part of its own.
    fn hidden(&self, node: &str) -> Result<&ArrayPart> {
        let damaged = || at_node(corrupt("an index of another artifact"), node);
        self.hidden.get(node).ok_or_else(damaged)
    }

    /// All items of an array that is no part of its own, and its metadata.
    pub(crate) fn column(&self, node: &str) -> Result<(ArrayMeta, Buffer)> {
        let meta = self.store.at(node)?.meta(node)?;
        let part = self.hidden(node)?;
        let dtype = meta.item.dtype().unwrap_or(DType::U8);
        self.take(node, meta.shape.iter().copied(), dtype)?;
        let buffer = array::read(&meta, part, &all_of(&meta.shape), &**self.source);
        Ok((meta, buffer.map_err(|e| at_node(e, node))?))
    }

    /// Whether a column is kept as an Arrow IPC stream.
    pub(crate) fn is_ipc(&self, node: &str) -> Result<bool> {
        let ours = self.store.at(node)?.attributes.get(OURS).and_then(Tree::as_map);
        let kind = ours.and_then(|o| o.get("kind")?.as_str());
        Ok(kind == Some("arrow-ipc"))
    }

    /// All items of an array of text or bytes.
    fn words(&self, node: &str, meta: &ArrayMeta) -> Result<Vec<Vec<u8>>> {
        let part = self.hidden(node)?;
        self.take(node, meta.shape.iter().copied(), DType::Bytes(32))?;
        let Chunks::Grid { places, .. } = &part.chunks else {
            return Err(at_node(corrupt("an index of another artifact"), node));
        };
        strings::read(meta, (&array::chain(meta, part), places), &**self.source, node)
    }

    /// All items of a column of text or bytes, behind each other.
    pub(crate) fn text_column(&self, node: &str) -> Result<(Vec<usize>, Vec<u8>)> {
        let meta = self.store.at(node)?.meta(node)?;
        let part = self.hidden(node)?;
        let damaged = || corrupt("a column of another type than its table's");
        let Chunks::Grid { places, .. } = &part.chunks else {
            return Err(at_node(damaged(), node));
        };
        if meta.item.dtype().is_some() {
            return Err(at_node(damaged(), node));
        }
        self.take(node, meta.shape.iter().copied(), DType::U64)?;
        strings::column(&meta, (&array::chain(&meta, part), places), &**self.source, node)
    }

    fn bytes(&self, node: &str) -> Result<Tree> {
        let (_, buffer) = self.column(node)?;
        Ok(Tree::Bytes(buffer.as_slice().to_vec().into()))
    }

    fn table(&self, view: &TableView, node: &str, at: &str) -> Result<Tree> {
        let wanted = table::wanted(view, self.select)?;
        // how many rows pass a filter shows only in reading them
        if self.select.lazy && self.select.filters.is_empty() {
            let schema = table::project(&view.schema, &wanted)?;
            return Ok(Tree::Table(Table::lazy(schema, view.rows, self.lazy(at))));
        }
        table::read(self, view, &wanted).map(Tree::Table).map_err(|e| at_node(e, node))
    }
}

/// Leaves in C order as lists of lists; those without axes are one leaf.
fn nested(leaves: Vec<Tree>, shape: &[usize]) -> Tree {
    let Some((_, inner)) = shape.split_first() else {
        return leaves.into_iter().next().unwrap_or(Tree::Null);
    };
    if inner.is_empty() {
        return Tree::List(leaves);
    }
    let each = inner.iter().product::<usize>().max(1);
    let mut leaves = leaves.into_iter();
    let mut out = Vec::new();
    loop {
        let row: Vec<Tree> = leaves.by_ref().take(each).collect();
        if row.is_empty() {
            return Tree::List(out);
        }
        out.push(nested(row, inner));
    }
}
