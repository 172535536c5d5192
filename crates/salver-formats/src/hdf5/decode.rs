//! From the index to trees.

use std::cell::RefCell;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Array, ArrayPart, Budget, DType, Lazy, Map, PartIndex, PartKind, Select, Source,
    Table, Tagged, Tree, match_columns,
};
use serde::Deserialize as _;

use super::array::{self, Stored};
use super::format::Hdf5;
use super::low::heap::Heap;
use super::name::step;
use super::node::{self, How, Node, Piece, Skeleton};
use super::table::{self, Columns};
use super::value::{Values, listed};
use crate::Json;

const OP: Op = Op("hdf5.decode");

fn damaged() -> Error {
    Error::new(ErrorKind::Corrupt, OP, "the index is not of this format")
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
    let message = "the index is not of this format";
    let skeleton = Skeleton::deserialize(&index.private);
    let skeleton = skeleton.op(ErrorKind::Corrupt, OP, message)?;
    let budget = RefCell::new(Budget::new(select.limits));
    let job = Job { index, select, source, skeleton, budget };
    let root = job.skeleton.root().ok_or_else(damaged)?;
    let path = select.part.as_deref().unwrap_or("");
    job.find(root, path)
}

struct Job<'a> {
    index: &'a Arc<PartIndex>,
    select: &'a Select,
    source: &'a Arc<dyn Source>,
    skeleton: Skeleton,
    /// Memory that all nodes of the call share.
    budget: RefCell<Budget>,
}

impl Job<'_> {
    /// The node at a path below a node.
    fn find(&self, root: usize, path: &str) -> Result<Tree> {
        let mut number = root;
        let mut before = root + 1;
        let mut at = String::new();
        let mut steps = path.split('/').skip(1);
        loop {
            while let Node::Tagged { node, .. } = self.skeleton.node(number, before)? {
                // the tags of the node itself belong to it
                if at == path {
                    break;
                }
                (before, number) = (number, *node);
            }
            if at == path {
                return self.tree(number, before, &mut at, 0);
            }
            let Some(spelled) = steps.next() else { break };
            let key = spelled.replace("~1", "/").replace("~0", "~");
            let next = match self.skeleton.node(number, before)? {
                Node::Map(items) => {
                    items.iter().find(|(k, _)| *k == key).map(|(_, n)| *n)
                }
                Node::List(items) => {
                    key.parse::<usize>().ok().and_then(|i| items.get(i).copied())
                }
                Node::Piece(_) | Node::Ref(_) => {
                    let whole = self.tree(number, before, &mut at.clone(), 0)?;
                    let rest = path.get(at.len()..).unwrap_or_default();
                    return whole.at(rest).cloned();
                }
                _ => None,
            };
            let next = next.ok_or_else(|| self.missing(path, &key, number))?;
            (before, number) = (number, next);
            at.push('/');
            at.push_str(spelled);
        }
        Err(self.missing(path, "", number))
    }

    fn missing(&self, path: &str, key: &str, number: usize) -> Error {
        let there: Vec<&str> = match self.skeleton.nodes.get(number) {
            Some(Node::Map(items)) => {
                items.iter().take(20).map(|(k, _)| k.as_str()).collect()
            }
            _ => Vec::new(),
        };
        Error::new(ErrorKind::NotFound, OP, "no such node")
            .with("part", path)
            .with("step", key)
            .with("there", there.join(", "))
    }

    /// The tree of a node.
    fn tree(
        &self,
        number: usize,
        before: usize,
        path: &mut String,
        depth: usize,
    ) -> Result<Tree> {
        if depth > 4 * crate::document::MAX_DEPTH {
            return Err(crate::document::too_deep(ErrorKind::Limit, OP));
        }
        Ok(match self.skeleton.node(number, before)? {
            Node::Null => Tree::Null,
            Node::Bool(b) => Tree::Bool(*b),
            Node::Int(i) => Tree::int(*i)?,
            Node::Float(bits) => Tree::Float(f64::from_bits(*bits)),
            Node::Str(s) => Tree::Str(s.clone()),
            Node::Bytes(data) => Tree::Bytes(node::bytes(data)?.into()),
            Node::Time(t) => Tree::Time(*t),
            Node::Ref(text) => Json::parse(text)?,
            Node::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, &item) in items.iter().enumerate() {
                    let length = path.len();
                    path.push('/');
                    path.push_str(&i.to_string());
                    out.push(self.tree(item, number, path, depth + 1)?);
                    path.truncate(length);
                }
                Tree::List(out)
            }
            Node::Map(items) => {
                let mut out = Map::new();
                for (key, item) in items {
                    let length = path.len();
                    path.push_str(&step(key));
                    out.insert(key.as_str(), self.tree(*item, number, path, depth + 1)?);
                    path.truncate(length);
                }
                Tree::Map(out)
            }
            Node::Tagged { name, version, node } => {
                let tree = self.tree(*node, number, path, depth + 1)?;
                Tree::Tagged(Box::new(Tagged {
                    name: name.clone(),
                    version: *version,
                    tree,
                }))
            }
            Node::Inline { dtype, shape, data } => {
                node::inline(dtype, shape, data)?.cut(self.select)?
            }
            Node::Array { stored, unit } => {
                let array = self.array(path, stored)?;
                Tree::Array(array.with_unit(unit.clone()))
            }
            Node::Table(columns) => Tree::Table(self.table(path, columns)?),
            Node::Piece(one) => {
                self.admit(path, one.part.shape.iter().copied(), one.stored.size)?;
                let widths = self.skeleton.widths;
                let budget = self.source.len().saturating_mul(64).saturating_add(1 << 20);
                let heap = Heap::new(&**self.source, widths);
                let mut values = Values { heap, offsets: widths.offsets, budget };
                let tree = piece(one, &**self.source, &mut values);
                tree.map_err(|e| e.with("node", &*path))?.cut(self.select)?
            }
        })
    }

    fn array(&self, path: &str, stored: &Stored) -> Result<Array> {
        let Some(PartKind::Array(part)) = self.index.parts.get(path) else {
            return Err(damaged());
        };
        let named = |e: Error| e.with("node", path).with("source", self.source.name());
        let region = self.select.region.as_ref();
        let dtype: DType = part.dtype.parse()?;
        let grid = part.grid.clone();
        if self.select.lazy {
            let (shape, origin) = bounds(part, self.select).map_err(named)?;
            let array = Array::lazy(dtype, shape, self.lazy(path));
            return Ok(array.with_grid(grid).with_origin(origin));
        }
        let (shape, _) = bounds(part, self.select).map_err(named)?;
        self.admit(path, shape.iter().map(|&n| n as u64), dtype.size())?;
        let read = array::read(&**self.source, part, stored, region).map_err(named)?;
        let array = Array::new(dtype, read.shape, read.buffer).map_err(named)?;
        Ok(array.with_grid(grid).with_origin(read.origin))
    }

    /// Takes the memory of items of some shape.
    fn admit(
        &self,
        path: &str,
        shape: impl Iterator<Item = u64>,
        item: usize,
    ) -> Result<()> {
        let bytes = shape.fold(item as u64, u64::saturating_mul);
        self.budget.borrow_mut().take(OP, path, bytes)
    }

    fn lazy(&self, path: &str) -> Lazy {
        Lazy {
            index: Arc::clone(self.index),
            node: path.into(),
            source: Arc::clone(self.source),
            format: Arc::new(Hdf5),
            select: Arc::new(Select { part: None, lazy: false, ..self.select.clone() }),
        }
    }

    fn table(&self, path: &str, columns: &Columns) -> Result<Table> {
        let named = |e: Error| e.with("node", path);
        if self.select.lazy && self.select.filters.is_empty() {
            let (mut schema, rows) = columns.schema().map_err(named)?;
            if self.select.columns.is_some() {
                let names: Vec<&str> =
                    schema.fields().iter().map(|f| f.name().as_str()).collect();
                let wanted = match_columns(&names, self.select.columns.as_deref())?;
                let narrow = schema.project(&wanted);
                schema = Arc::new(narrow.op(ErrorKind::Internal, OP, "columns")?);
            }
            return Ok(Table::lazy(schema, rows, self.lazy(path)));
        }
        self.budget.borrow_mut().take(OP, path, columns.memory())?;
        table::read(columns, self.select, &**self.source, self.skeleton.widths)
            .map_err(named)
    }
}

/// Shape and origin of what is selected.
fn bounds(part: &ArrayPart, select: &Select) -> Result<(Vec<usize>, Vec<i64>)> {
    let shape = part.shape_usize()?;
    let Some(region) = &select.region else { return Ok((shape, part.origin.clone())) };
    let bounds = region.clip(&shape, &part.origin)?;
    let first = part.origin.iter().copied().chain(std::iter::repeat(0));
    let origin = bounds.iter().zip(first);
    let origin = origin.map(|(r, o)| o.saturating_add_unsigned(r.start as u64)).collect();
    Ok((bounds.iter().map(std::ops::Range::len).collect(), origin))
}

/// The value of a dataset that is read as one piece.
///
/// # Errors
/// `Corrupt`, `Limit`; as the source's.
pub(crate) fn piece(
    piece: &Piece,
    source: &dyn Source,
    values: &mut Values<'_>,
) -> Result<Tree> {
    let shape = piece.part.shape_usize()?;
    let bounds: Vec<_> = shape.iter().map(|&n| 0..n).collect();
    let mut bytes = array::raw(source, &piece.part, &piece.stored, &bounds)?;
    let dims = &piece.part.shape;
    match piece.how {
        How::Value => values.all(&piece.datatype, dims, &bytes),
        How::Bytes => Ok(Tree::Bytes(bytes.into())),
        How::Str => {
            let text = String::from_utf8(bytes);
            Ok(Tree::Str(text.op(ErrorKind::Corrupt, OP, "text that is no UTF-8")?))
        }
        How::List => {
            let simple = super::item::Simple::of(&piece.datatype).ok_or_else(damaged)?;
            super::item::settle(simple.item, simple.dtype, &mut bytes);
            listed(simple.dtype, &bytes)
        }
    }
}
