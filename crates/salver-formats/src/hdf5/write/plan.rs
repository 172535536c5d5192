//! From the tree to objects: groups, datasets, attributes.

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, DType, Map, Tagged, Tree};

use super::message::{self, NOWHERE};
use super::recipe::Recipe;
use super::space::utf8;
use crate::Json;
use crate::document::{MAX_DEPTH, too_deep};
use crate::hdf5::low::header::kind;
use crate::hdf5::marks;
use crate::hdf5::name::{escape, step};

const OP: Op = Op("hdf5.encode");
/// Values of at most this many bytes lie in the object header.
const COMPACT: usize = 4096;
/// Names and values of attributes of at most this many bytes.
const LONGEST: usize = 60_000;

/// A message of an object.
pub(super) enum Body {
    Bytes(Vec<u8>),
    /// A link: all but the address of the object of this number.
    Link(Vec<u8>, usize),
    /// An attribute: all but the places of its texts in the heap.
    Text(Vec<u8>, Vec<String>),
    /// The layout of the data of this number.
    Layout(usize),
}

/// An object: its messages by kind.
pub(super) type Object = Vec<(u16, Body)>;

/// Items that lie outside of their object.
pub(crate) enum Data {
    Bytes(Bytes),
    /// An array that is loaded when it is written.
    Array(Array),
    Chunks {
        /// In C order.
        chunks: Vec<Chunk>,
        chunk: Vec<usize>,
        item: usize,
    },
}

/// A chunk as it is stored.
pub(crate) struct Chunk {
    /// Its first item.
    pub first: Vec<u64>,
    pub bytes: Vec<u8>,
}

/// All objects of a file; the root group has number 0.
pub(crate) struct Plan<'a> {
    pub(super) objects: Vec<Object>,
    pub(super) data: Vec<Data>,
    recipe: &'a Recipe,
    depth: usize,
}

/// Attributes of an object that is being made.
pub(crate) type Attributes = Vec<(String, Value)>;

/// The value of an attribute.
pub(crate) enum Value {
    Text(String),
    Texts(Vec<String>),
    Int(i64),
    Ints(Vec<i64>),
    /// Items with their messages of type and extent.
    Items {
        datatype: Vec<u8>,
        space: Vec<u8>,
        bytes: Vec<u8>,
    },
}

/// Items of a dataset.
pub(crate) struct Items<'a> {
    pub dtype: DType,
    /// Bytes of a stored item.
    pub size: usize,
    pub shape: &'a [usize],
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn kinded(kind: &str) -> (String, Value) {
    (marks::KIND.to_owned(), text(kind))
}

pub(crate) fn refused(message: &str, path: &str) -> Error {
    let path = if path.is_empty() { "(root)" } else { path };
    Error::new(ErrorKind::Unsupported, OP, message).with("node", path)
}

impl<'a> Plan<'a> {
    pub(crate) fn new(recipe: &'a Recipe) -> Self {
        Self { objects: Vec::new(), data: Vec::new(), recipe, depth: 0 }
    }

    /// Plans the tree: a map is the root group itself, any other node its only member.
    pub(crate) fn root(&mut self, tree: &Tree) -> Result<()> {
        let version = (marks::VERSION.to_owned(), Value::Int(1));
        // the place of the root group
        self.objects.push(Vec::new());
        let (node, tags) = untag(tree)?;
        let object = if let Tree::Map(map) = node {
            let mut attributes = vec![version];
            attributes.extend(tags);
            self.map(map, "", attributes)?
        } else {
            let member = self.node(tree, "")?;
            self.group(&[("tree".to_owned(), member)], vec![version, kinded("root")], "")?
        };
        let object = self.objects.pop().filter(|_| object == self.objects.len());
        if let (Some(object), Some(root)) = (object, self.objects.first_mut()) {
            *root = object;
        }
        Ok(())
    }

    /// Plans a node, and gives the number of its object.
    pub(crate) fn node(&mut self, tree: &Tree, path: &str) -> Result<usize> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(ErrorKind::Unsupported, OP).with("node", path));
        }
        let (node, attributes) = untag(tree)?;
        let made = self.untagged(node, path, attributes);
        self.depth -= 1;
        made
    }

    fn untagged(
        &mut self,
        node: &Tree,
        path: &str,
        mut attributes: Attributes,
    ) -> Result<usize> {
        match node {
            Tree::Null | Tree::Tagged(_) => {
                let space = message::nothing();
                let body = Body::Bytes(message::contiguous(NOWHERE, 0));
                self.object(&message::int(1, true), space, body, attributes, path)
            }
            Tree::Bool(b) => self.scalar(DType::Bool, &[u8::from(*b)], attributes, path),
            Tree::Int(i) => match (i64::try_from(*i), u64::try_from(*i)) {
                (Ok(i), _) => self.scalar(DType::I64, &i.to_ne_bytes(), attributes, path),
                (_, Ok(u)) => self.scalar(DType::U64, &u.to_ne_bytes(), attributes, path),
                _ => Err(refused("a whole number of more than 64 bits", path)),
            },
            Tree::Float(x) => self.scalar(DType::F64, &x.to_ne_bytes(), attributes, path),
            Tree::Str(s) => self.text(s, attributes, path),
            Tree::Bytes(b) => {
                attributes.push(kinded("bytes"));
                self.bytes(b.clone(), attributes, path)
            }
            Tree::Time(ns) => {
                attributes.push(kinded("time"));
                let unit = "ns since 1970-01-01T00:00:00 TAI";
                attributes.push((marks::UNITS.to_owned(), text(unit)));
                self.scalar(DType::I64, &ns.to_ne_bytes(), attributes, path)
            }
            Tree::Ref(_) => {
                attributes.push(kinded("ref"));
                self.text(&Json::render_compact(node)?, attributes, path)
            }
            Tree::List(items) => self.list(items, path, attributes),
            Tree::Map(map) => self.map(map, path, attributes),
            Tree::Array(array) => self.array(array, path, attributes),
            Tree::Table(table) => self.table(table, path, attributes),
            _ => Err(refused("a node of an unknown kind", path)),
        }
    }

    fn map(
        &mut self,
        map: &Map,
        path: &str,
        mut attributes: Attributes,
    ) -> Result<usize> {
        let mut members = Vec::with_capacity(map.len());
        let mut entries = map.iter().peekable();
        if let Some(own) = super::attributes::of_group(map) {
            attributes.extend(own);
            entries.next();
        }
        while let Some((key, node)) = entries.next() {
            let at = format!("{path}{}", step(key));
            let own = super::attributes::of_dataset(key, node, entries.peek().copied());
            let member = if let Some(own) = own {
                entries.next();
                self.untagged(node, &at, own)?
            } else {
                self.node(node, &at)?
            };
            members.push((escape(key), member));
        }
        self.group(&members, attributes, path)
    }

    fn list(
        &mut self,
        items: &[Tree],
        path: &str,
        mut attributes: Attributes,
    ) -> Result<usize> {
        attributes.push(kinded("list"));
        if let Some((dtype, size, bytes)) = super::space::homogeneous(items) {
            let shape = [items.len()];
            let items = Items { dtype, size, shape: &shape };
            return self.dataset(&items, Data::Bytes(bytes.into()), attributes, path);
        }
        let mut members = Vec::with_capacity(items.len());
        for (i, node) in items.iter().enumerate() {
            members.push((i.to_string(), self.node(node, &format!("{path}/{i}"))?));
        }
        self.group(&members, attributes, path)
    }

    /// A group of members.
    pub(crate) fn group(
        &mut self,
        members: &[(String, usize)],
        attributes: Attributes,
        path: &str,
    ) -> Result<usize> {
        let mut object: Object = vec![
            (kind::LINK_INFO, Body::Bytes(message::link_info(members.len()))),
            (kind::GROUP_INFO, Body::Bytes(message::group_info())),
        ];
        attach(&mut object, attributes, path)?;
        for (order, (name, member)) in members.iter().enumerate() {
            if name.len() > LONGEST {
                return Err(
                    refused("a key too long for a link", path).with("bytes", name.len())
                );
            }
            object.push((kind::LINK, Body::Link(message::link(name, order), *member)));
        }
        self.objects.push(object);
        Ok(self.objects.len() - 1)
    }

    fn scalar(
        &mut self,
        dtype: DType,
        bytes: &[u8],
        attributes: Attributes,
        path: &str,
    ) -> Result<usize> {
        let items = Items { dtype, size: bytes.len(), shape: &[] };
        self.dataset(&items, Data::Bytes(bytes.to_vec().into()), attributes, path)
    }

    /// Text; with a NUL at its end, which padding would hide, as bytes.
    fn text(
        &mut self,
        value: &str,
        mut attributes: Attributes,
        path: &str,
    ) -> Result<usize> {
        if value.ends_with('\0') {
            attributes.push(kinded("str"));
            return self.bytes(value.as_bytes().to_vec().into(), attributes, path);
        }
        let bytes = if value.is_empty() { vec![0] } else { value.as_bytes().to_vec() };
        let items = Items { dtype: DType::Text(1), size: bytes.len(), shape: &[] };
        self.dataset(&items, Data::Bytes(bytes.into()), attributes, path)
    }

    /// Bytes, one item each.
    pub(crate) fn bytes(
        &mut self,
        bytes: Bytes,
        attributes: Attributes,
        path: &str,
    ) -> Result<usize> {
        let shape = [bytes.len()];
        let items = Items { dtype: DType::U8, size: 1, shape: &shape };
        self.dataset(&items, Data::Bytes(bytes), attributes, path)
    }

    fn array(
        &mut self,
        array: &Array,
        path: &str,
        mut attributes: Attributes,
    ) -> Result<usize> {
        if array.shape().len() > 32 {
            return Err(refused("an array of more than 32 axes", path));
        }
        if array.shape().is_empty() {
            attributes.push(kinded("array"));
        }
        if let Some(unit) = array.unit() {
            attributes.push((marks::UNITS.to_owned(), text(unit)));
        }
        if let Some(grid) = array.grid() {
            attributes.push((marks::GRID.to_owned(), text(grid)));
        }
        if array.origin().iter().any(|&o| o != 0) {
            attributes
                .push((marks::ORIGIN.to_owned(), Value::Ints(array.origin().to_vec())));
        }
        let dtype = array.dtype();
        let (size, data) = match dtype {
            DType::Text(chars) => {
                attributes.push((marks::DTYPE.to_owned(), text(&dtype.to_string())));
                let buffer = array.buffer().map_err(|e| e.with("node", path))?;
                let (size, bytes) = utf8(buffer.as_slice(), chars, array.len())
                    .ok_or_else(|| refused("text that is no Unicode", path))?;
                (size, Data::Bytes(bytes.into()))
            }
            DType::Bytes(0) => {
                attributes.push((marks::DTYPE.to_owned(), text("S0")));
                (1, Data::Bytes(vec![0; array.len()].into()))
            }
            dtype => (dtype.size(), Data::Array(array.clone())),
        };
        let items = Items { dtype, size, shape: array.shape() };
        self.dataset(&items, data, attributes, path)
    }

    /// A dataset of items.
    pub(crate) fn dataset(
        &mut self,
        items: &Items<'_>,
        data: Data,
        attributes: Attributes,
        path: &str,
    ) -> Result<usize> {
        let datatype = message::datatype(items.dtype, items.size);
        let space = message::dataspace(items.shape);
        let named = |e: Error| e.with("node", path);
        let bytes = items.shape.iter().try_fold(items.size, |n, &d| n.checked_mul(d));
        let bytes = bytes.ok_or_else(|| refused("an array of too many bytes", path))?;
        let chunk = self.recipe.chunk(items.shape, items.size).map_err(named)?;
        let body = if bytes == 0 {
            Body::Bytes(message::contiguous(NOWHERE, 0))
        } else if let Some(chunk) = chunk {
            let whole = loaded(&data).map_err(named)?;
            let chunks = super::compress::chunks(&whole, items, &chunk, self.recipe)?;
            self.data.push(Data::Chunks { chunks, chunk, item: items.size });
            Body::Layout(self.data.len() - 1)
        } else if bytes <= COMPACT {
            Body::Bytes(message::compact(&loaded(&data).map_err(named)?))
        } else {
            self.data.push(data);
            Body::Layout(self.data.len() - 1)
        };
        let unit = items.dtype.swap_size().max(1);
        let unit = if unit == 1 { items.size } else { unit };
        let chunked = matches!(&body, Body::Layout(n) if matches!(self.data.get(*n), Some(Data::Chunks { .. })));
        let number = self.object(&datatype, space, body, attributes, path)?;
        if chunked && self.recipe.filtered() {
            let shuffle = self.recipe.shuffle.then_some(unit);
            let filters = message::filters(shuffle, self.recipe.deflate);
            if let Some(object) = self.objects.get_mut(number) {
                object.push((kind::FILTERS, Body::Bytes(filters)));
            }
        }
        Ok(number)
    }

    fn object(
        &mut self,
        datatype: &[u8],
        space: Vec<u8>,
        layout: Body,
        attributes: Attributes,
        path: &str,
    ) -> Result<usize> {
        let when = match &layout {
            Body::Layout(n) if matches!(self.data.get(*n), Some(Data::Chunks { .. })) => {
                3
            }
            Body::Bytes(bytes) if bytes.get(1) == Some(&0) => 1,
            _ => 2,
        };
        let mut object: Object = vec![
            (kind::DATASPACE, Body::Bytes(space)),
            (kind::DATATYPE, Body::Bytes(datatype.to_vec())),
            (kind::FILL, Body::Bytes(message::fill(when))),
            (kind::LAYOUT, layout),
        ];
        attach(&mut object, attributes, path)?;
        self.objects.push(object);
        Ok(self.objects.len() - 1)
    }

    fn table(
        &mut self,
        table: &salver_tree::Table,
        path: &str,
        mut attributes: Attributes,
    ) -> Result<usize> {
        attributes.push(kinded("table"));
        crate::hdf5::table::write::plan(self, table, path, attributes)
    }
}

/// The bytes of data that are not chunks.
fn loaded(data: &Data) -> Result<Bytes> {
    Ok(match data {
        Data::Bytes(bytes) => bytes.clone(),
        Data::Array(array) => Bytes::from_owner(Owned(array.buffer()?)),
        Data::Chunks { .. } => Bytes::new(),
    })
}

/// Bytes of a buffer without a copy.
struct Owned(arrow_buffer::Buffer);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// Adds attributes to an object.
fn attach(object: &mut Object, attributes: Attributes, path: &str) -> Result<()> {
    for (name, value) in attributes {
        let body = match value {
            Value::Text(text) => {
                let scalar = message::dataspace(&[]);
                let head = message::attribute(&name, &message::heap_text(), &scalar);
                Body::Text(head, vec![text])
            }
            Value::Texts(texts) => {
                let space = message::dataspace(&[texts.len()]);
                let head = message::attribute(&name, &message::heap_text(), &space);
                Body::Text(head, texts)
            }
            Value::Items { datatype, space, bytes } => {
                let mut body = message::attribute(&name, &datatype, &space);
                body.extend(bytes);
                Body::Bytes(body)
            }
            Value::Int(n) => {
                let scalar = message::dataspace(&[]);
                let mut body = message::attribute(&name, &message::int(8, true), &scalar);
                body.extend(n.to_ne_bytes());
                Body::Bytes(body)
            }
            Value::Ints(all) => {
                let space = message::dataspace(&[all.len()]);
                let mut body = message::attribute(&name, &message::int(8, true), &space);
                body.extend(all.iter().flat_map(|n| n.to_ne_bytes()));
                Body::Bytes(body)
            }
        };
        if name.len() > LONGEST {
            return Err(refused("the name of an attribute is too long", path));
        }
        object.push((kind::ATTRIBUTE, body));
    }
    Ok(())
}

/// A node without its tags, and the attribute that holds them.
fn untag(tree: &Tree) -> Result<(&Tree, Attributes)> {
    let mut tags: Vec<(&str, u32)> = Vec::new();
    let mut node = tree;
    while let Tree::Tagged(tagged) = node {
        let Tagged { name, version, tree } = &**tagged;
        tags.push((name, *version));
        node = tree;
    }
    if tags.is_empty() {
        return Ok((node, Vec::new()));
    }
    let spelled = serde_json::to_string(&tags).map_err(|e| {
        Error::new(ErrorKind::Internal, OP, "tags that are no text").caused_by(e)
    });
    Ok((node, vec![(marks::TAGS.to_owned(), Value::Text(spelled?))]))
}
