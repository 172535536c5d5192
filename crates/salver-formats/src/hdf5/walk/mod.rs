//! From the root group to the index: every object once.

mod dataset;
mod group;
mod restore;

use std::collections::BTreeMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Map, PartIndex, PartKind, Place, Source, Tree};

use super::low::datatype::{Class, Datatype};
use super::low::file::File;
use super::low::group::attributes;
use super::low::header::{Header, kind};
use super::low::heap::Heap;
use super::low::messages::{Attribute, Space};
use super::marks::VERSION;
use super::node::{Node, Skeleton, push};
use super::value::{Values, tag, tagged};

const OP: Op = Op("hdf5.index");
/// Groups inside of groups, at most.
const MAX_DEPTH: usize = crate::document::MAX_DEPTH + 8;

/// Finds the parts of a file.
///
/// # Errors
/// `Corrupt` where it is no sound HDF5 file; as the source's.
pub(crate) fn index(source: &Arc<dyn Source>) -> Result<PartIndex> {
    let (file, root) = File::open(source)?;
    let budget = file.len().saturating_mul(64).saturating_add(1 << 20);
    let mut walker = Walker {
        file: &file,
        source: &**source,
        ours: false,
        nodes: Vec::new(),
        parts: BTreeMap::new(),
        seen: BTreeMap::new(),
        budget,
    };
    let header = Header::read(&file, root.header)?;
    let attributes = walker.attributes(&header)?;
    walker.ours = attributes.iter().any(|(name, _)| name == VERSION);
    walker.read_object(root.header, "", 0).map_err(|e| at_node(e, ""))?;
    walker.name_references();
    let mut index = PartIndex::new("hdf5", source.len());
    let Walker { nodes, mut parts, .. } = walker;
    // what is small is in the index itself
    let nothing = Place { offset: 0, len: 0 };
    parts.entry(String::new()).or_insert(PartKind::Tree(nothing));
    index.parts = parts;
    let skeleton = Skeleton { widths: file.widths, nodes };
    let message = "the index cannot be kept";
    index.private =
        serde_json::to_value(skeleton).op(ErrorKind::Internal, OP, message)?;
    Ok(index)
}

struct Walker<'a> {
    file: &'a File,
    source: &'a dyn Source,
    /// Salver wrote the file.
    ours: bool,
    nodes: Vec<Node>,
    parts: BTreeMap<String, PartKind>,
    /// Objects by address, and where they were first found.
    seen: BTreeMap<u64, String>,
    /// Bytes of the heap that values may still take.
    budget: u64,
}

/// An object that was read, and its attributes where they are not in the node.
struct Object {
    node: usize,
    attributes: Vec<(String, Tree)>,
}

impl<'a> Walker<'a> {
    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn push_tree(&mut self, tree: &Tree) -> Result<usize> {
        push(&mut self.nodes, tree)
    }

    /// Reads an object; what is sound and not read is a node that says so.
    fn object(&mut self, address: u64, path: &str, depth: usize) -> Result<Object> {
        let place = self.file.offset(address);
        match self.read_object(address, path, depth) {
            Ok(object) => Ok(object),
            Err(error)
                if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit) =>
            {
                let node = self.push_tree(&unread(&error, place))?;
                Ok(Object { node, attributes: Vec::new() })
            }
            Err(error) => Err(at_node(error, path)),
        }
    }

    fn read_object(&mut self, address: u64, path: &str, depth: usize) -> Result<Object> {
        if depth > MAX_DEPTH {
            return Err(Error::new(ErrorKind::Limit, OP, "groups nested too deep"));
        }
        let header = Header::read(self.file, address)?;
        if header.has(kind::LAYOUT) {
            self.seen.entry(address).or_insert_with(|| path.to_owned());
            return self.dataset(&header, path);
        }
        let group = [kind::SYMBOL_TABLE, kind::LINK_INFO, kind::LINK, kind::GROUP_INFO];
        if group.iter().any(|&k| header.has(k)) {
            if let Some(first) = self.seen.get(&address) {
                let to = if first.is_empty() { "/" } else { first };
                let tree = tagged(tag::HARD, Tree::Str(to.to_owned()));
                let node = self.push_tree(&tree)?;
                return Ok(Object { node, attributes: Vec::new() });
            }
            self.seen.insert(address, path.to_owned());
            return self.group(&header, path, depth);
        }
        self.seen.entry(address).or_insert_with(|| path.to_owned());
        if let Some(message) = header.find(kind::DATATYPE) {
            let mut c = super::low::cursor::Cursor::new(&message.bytes, message.offset);
            let datatype = Datatype::parse(&mut c)?;
            let tree = tagged(tag::DATATYPE, Tree::Str(describe(&datatype)));
            let node = self.push_tree(&tree)?;
            let attributes = self.attributes(&header)?;
            return Ok(Object { node, attributes });
        }
        Err(super::low::cursor::unsupported(
            "an object of an unknown kind",
            header.offset,
        ))
    }

    /// A maker of values; what it took of the budget must be given back.
    fn values(&self) -> Values<'a> {
        let heap = Heap::new(self.source, self.file.widths);
        Values { heap, offsets: self.file.widths.offsets, budget: self.budget }
    }

    /// The attributes of an object, as values.
    fn attributes(&mut self, header: &Header) -> Result<Vec<(String, Tree)>> {
        let found = attributes(self.file, header)?;
        let mut values = self.values();
        let mut out = Vec::new();
        for attribute in found {
            let value = match value(&mut values, &attribute) {
                Err(e) if e.kind() == ErrorKind::Unsupported => {
                    unread(&e, attribute.offset)
                }
                other => other.map_err(|e| {
                    e.with("attribute", &attribute.name).with("offset", attribute.offset)
                })?,
            };
            out.push((attribute.name, value));
        }
        self.budget = values.budget;
        Ok(out)
    }

    /// A node that holds attributes.
    fn attribute_node(&mut self, attributes: Vec<(String, Tree)>) -> Result<usize> {
        let map: Map = attributes.into_iter().collect();
        self.push_tree(&Tree::Map(map))
    }

    /// References name their objects where these were found.
    fn name_references(&mut self) {
        for number in 0..self.nodes.len() {
            let Some(Node::Tagged { name, node, .. }) = self.nodes.get(number) else {
                continue;
            };
            if name != tag::REFERENCE {
                continue;
            }
            let node = *node;
            if let Some(Node::Int(address)) = self.nodes.get(node) {
                let found = u64::try_from(*address).ok().and_then(|a| self.seen.get(&a));
                let path =
                    found.map(|p| if p.is_empty() { "/".to_owned() } else { p.clone() });
                if let (Some(path), Some(place)) = (path, self.nodes.get_mut(node)) {
                    *place = Node::Str(path);
                }
            }
        }
    }
}

/// Names the node, where none below it was named.
fn at_node(error: Error, path: &str) -> Error {
    if error.context().iter().any(|(key, _)| *key == "node") {
        return error;
    }
    error.with("node", if path.is_empty() { "/" } else { path })
}

fn value(values: &mut Values<'_>, attribute: &Attribute) -> Result<Tree> {
    if attribute.space == Space::Null {
        return Ok(Tree::Null);
    }
    values.all(&attribute.datatype, attribute.space.dims(), &attribute.value)
}

/// What stands for something that is not read.
fn unread(error: &Error, offset: u64) -> Tree {
    let mut reason = error.message().to_owned();
    for (key, value) in error.context() {
        reason.push_str(", ");
        reason.push_str(key);
        reason.push_str(": ");
        reason.push_str(value);
    }
    let mut map = Map::new();
    map.insert("reason", Tree::Str(reason));
    map.insert("offset", Tree::Int(offset.into()));
    tagged(tag::UNREAD, Tree::Map(map))
}

/// A type in words.
fn describe(datatype: &Datatype) -> String {
    let bits = datatype.size * 8;
    match &datatype.class {
        Class::Int { signed: true, .. } => format!("int{bits}"),
        Class::Int { .. } => format!("uint{bits}"),
        Class::Float { .. } => format!("float{bits}"),
        Class::Text(_) => format!("text of {} bytes", datatype.size),
        Class::Opaque => format!("{} bytes", datatype.size),
        Class::Compound(members) => {
            let each =
                members.iter().map(|m| format!("{}: {}", m.name, describe(&m.datatype)));
            format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
        }
        Class::Reference(_) => "reference".to_owned(),
        Class::Enum { members, .. } => {
            let names: Vec<&str> =
                members.iter().map(|(name, _)| name.as_str()).collect();
            format!("enum ({})", names.join(", "))
        }
        Class::Sequence(base) => format!("sequence of {}", describe(base)),
        Class::HeapText => "text".to_owned(),
        Class::Array { dims, base } => {
            let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
            format!("{} × {}", dims.join(" × "), describe(base))
        }
        Class::Complex(base) => format!("complex of {}", describe(base)),
        Class::Other(what) => what.clone(),
    }
}
