//! From a tree to the nodes of a store: `docs/spec/zarr.md` §2.

use std::collections::{BTreeMap, BTreeSet};

use salver_core::{ErrorKind, Op, Result};
use salver_tree::{Array, DType, Map, Table, Tagged, Tree};

use super::columns::{self, Kept};
use super::data::{ArrayPlan, Data};
use super::describe::{ArrayNode, group};
use super::item::Item;
use super::recipe::{Cut, Recipe};
use super::schema;
use super::store::child;
use super::view::{OURS, escaped};
use crate::document::{MAX_DEPTH, too_deep};

const OP: Op = Op("zarr.encode");
/// Longer bytes are an array.
const LONG: usize = 1024;

/// The nodes of a store.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// Paths and metadata, parents first; the root is the first.
    pub(crate) nodes: Vec<(String, Map)>,
    /// The data, in the order of writing.
    pub(crate) arrays: Vec<ArrayPlan>,
    recipe: &'a Recipe,
    depth: usize,
}

/// What is known of a node from above.
#[derive(Default)]
struct Place {
    path: String,
    tags: Vec<Tree>,
    dimensions: Vec<String>,
}

fn pair(a: &str, b: Tree) -> (String, Tree) {
    (a.to_owned(), b)
}

/// The node inside of tags, and the tags.
fn untag(node: &Tree) -> (&Tree, Vec<Tree>) {
    let (mut node, mut tags) = (node, Vec::new());
    while let Tree::Tagged(tagged) = node {
        let Tagged { name, version, tree } = &**tagged;
        tags.push(Tree::List(vec![
            Tree::from(name.as_str()),
            Tree::Int((*version).into()),
        ]));
        node = tree;
    }
    (node, tags)
}

/// Whether an array is better an array than text: all but those whose items have no bytes.
fn is_placed(array: &Array) -> bool {
    !matches!(array.dtype(), DType::Bytes(0) | DType::Text(0))
}

/// Whether a node is a node of the store too, and not in attributes.
fn placed(node: &Tree) -> bool {
    match node.untagged() {
        Tree::Array(array) => is_placed(array),
        Tree::Table(_) => true,
        Tree::Bytes(bytes) => bytes.len() > LONG,
        Tree::List(items) => items.iter().any(placed),
        Tree::Map(map) => map.iter().any(|(_, node)| placed(node)),
        _ => false,
    }
}

/// A name for a member: its key, where all readers take it.
fn name_of(key: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let good = !key.is_empty()
        && key.len() <= 100
        && key.chars().all(plain)
        && !key.starts_with("__")
        && key.chars().any(|c| c != '.')
        && key.trim() == key
        && key != "zarr.json"
        && !taken.contains(key);
    let mut name = if good { key.to_owned() } else { format!("node{}", taken.len()) };
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// Names of the dimensions of a group's arrays: equal names have equal lengths, and none is an
/// array's name.
struct Dimensions {
    lengths: BTreeMap<String, usize>,
    members: BTreeSet<String>,
}

impl Dimensions {
    fn of(&mut self, shape: &[usize]) -> Vec<String> {
        let behind = shape.len();
        let axis = |(k, &n): (usize, &usize)| match (behind - k, behind) {
            (1, 1) => self.name("i", n),
            (1, _) => self.name("x", n),
            (2, _) => self.name("y", n),
            (3, _) => self.name("z", n),
            (k, _) => self.name(&format!("axis{k}"), n),
        };
        shape.iter().enumerate().map(axis).collect()
    }

    fn name(&mut self, wanted: &str, length: usize) -> String {
        let mut name = wanted.to_owned();
        let mut more = 1;
        while self.members.contains(&name)
            || *self.lengths.entry(name.clone()).or_insert(length) != length
        {
            more += 1;
            name = format!("{wanted}{more}");
        }
        name
    }
}

impl<'a> Plan<'a> {
    /// Plans the nodes of a tree.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a tree nested too deep; as the tree's lazy tables.
    pub(crate) fn of(tree: &Tree, recipe: &'a Recipe) -> Result<Self> {
        let mut plan = Self { nodes: Vec::new(), arrays: Vec::new(), recipe, depth: 0 };
        let mut place = Place::default();
        if let Tree::Array(array) = tree.untagged() {
            let (lengths, members) = (BTreeMap::new(), BTreeSet::new());
            place.dimensions = Dimensions { lengths, members }.of(array.shape());
        }
        plan.node(tree, place)?;
        Ok(plan)
    }

    fn node(&mut self, node: &Tree, mut place: Place) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(ErrorKind::Unsupported, OP).with("node", place.path));
        }
        let (inside, tags) = untag(node);
        place.tags = tags;
        match inside {
            Tree::Array(array) if is_placed(array) => self.array(array, place),
            Tree::Table(table) => self.table(table, place)?,
            Tree::Bytes(bytes) if bytes.len() > LONG => {
                let shape = [bytes.len()];
                let ours = ours(place.tags, [pair("kind", Tree::from("bytes"))]);
                let node = ArrayNode {
                    item: Item::Fixed(DType::U8),
                    cut: Cut::one(&shape),
                    attributes: Map::from_iter([pair(OURS, ours)]),
                    ..ArrayNode::default()
                };
                self.add(place.path, &shape, node, Data::Bytes(bytes.to_vec().into()));
            }
            Tree::Map(map) => {
                let entries: Vec<_> = map.iter().collect();
                self.group("map", &entries, place)?;
            }
            Tree::List(items) => {
                let keys: Vec<String> = (0..items.len()).map(|i| i.to_string()).collect();
                let entries: Vec<_> =
                    keys.iter().map(String::as_str).zip(items).collect();
                self.group("list", &entries, place)?;
            }
            value => {
                let ours = ours(place.tags, [pair("kind", Tree::from("value"))]);
                let attributes = [pair("value", value.clone()), pair(OURS, ours)];
                self.nodes.push((place.path, group(Map::from_iter(attributes))));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn group(
        &mut self,
        kind: &str,
        entries: &[(&str, &Tree)],
        place: Place,
    ) -> Result<()> {
        let (mut attributes, mut members, mut below) =
            (Map::new(), Map::new(), Vec::new());
        let mut taken = BTreeSet::new();
        for (key, node) in entries {
            if placed(node) {
                let name = name_of(key, &mut taken);
                members.insert(*key, Tree::from(name.as_str()));
                below.push((*node, name));
            } else {
                attributes.insert(escaped(key), (*node).clone());
            }
        }
        let mut more = vec![pair("kind", Tree::from(kind))];
        if kind == "map" {
            let keys = entries.iter().map(|(key, _)| Tree::from(*key));
            more.push(pair("keys", Tree::List(keys.collect())));
        }
        more.push(pair("members", Tree::Map(members)));
        attributes.insert(OURS, ours(place.tags, more));
        self.nodes.push((place.path.clone(), group(attributes)));
        let mut dimensions = Dimensions { lengths: BTreeMap::new(), members: taken };
        for (node, name) in below {
            let dimensions = match node.untagged() {
                Tree::Array(array) => dimensions.of(array.shape()),
                _ => Vec::new(),
            };
            let path = child(&place.path, &name);
            self.node(node, Place { path, dimensions, tags: Vec::new() })?;
        }
        Ok(())
    }

    fn array(&mut self, array: &Array, place: Place) {
        let mut more = Vec::new();
        if let Some(grid) = array.grid() {
            more.push(pair("grid", Tree::from(grid)));
        }
        if array.origin().iter().any(|&o| o != 0) {
            let origin = array.origin().iter().map(|&o| Tree::from(o));
            more.push(pair("origin", Tree::List(origin.collect())));
        }
        let mut attributes = Map::new();
        if let Some(unit) = array.unit() {
            attributes.insert("units", Tree::from(unit));
        }
        // at the root it tells a tree of ours
        if !more.is_empty() || !place.tags.is_empty() || place.path.is_empty() {
            attributes.insert(OURS, ours(place.tags, more));
        }
        let node = ArrayNode {
            item: Item::Fixed(array.dtype()),
            cut: self.recipe.cut(array.shape(), Some(array.dtype().size())),
            dimensions: place.dimensions,
            attributes,
            ..ArrayNode::default()
        };
        self.add(place.path, array.shape(), node, Data::Array(array.clone()));
    }

    fn table(&mut self, table: &Table, place: Place) -> Result<()> {
        let batches = table.batches()?;
        let (mut names, mut masks, mut below) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken = BTreeSet::new();
        for (i, field) in table.schema().fields().iter().enumerate() {
            let column = columns::whole(&batches, i, field)?;
            let name = name_of(field.name(), &mut taken);
            names.push(Tree::from(name.as_str()));
            let (how, data) = columns::data(&column, field)?;
            let mask = columns::mask(&column).filter(|_| how != Kept::Ipc);
            let mask = mask.map(|m| (name_of(&format!("{name}_mask"), &mut taken), m));
            masks.push(mask.as_ref().map_or(Tree::Null, |m| Tree::from(m.0.as_str())));
            below.push((name, how, data, mask));
        }
        let more = [
            pair("kind", Tree::from("table")),
            pair("rows", Tree::Int(table.n_rows() as i128)),
            pair("columns", Tree::List(names)),
            pair("masks", Tree::List(masks)),
            pair("schema", Tree::from(schema::render(table.schema())?)),
        ];
        let mut attributes = Map::new();
        for (key, value) in table.schema().metadata().iter().collect::<BTreeMap<_, _>>() {
            if key != OURS && value.len() <= LONG {
                attributes.insert(key.as_str(), Tree::from(value.as_str()));
            }
        }
        attributes.insert(OURS, ours(place.tags, more));
        self.nodes.push((place.path.clone(), group(attributes)));
        let rows = table.n_rows();
        for ((name, how, data, mask), field) in
            below.into_iter().zip(table.schema().fields())
        {
            let path = child(&place.path, &name);
            let node = ArrayNode::column(self.recipe, (field, &how, &name), rows, &data);
            let shape = node.shape.clone();
            self.add(path, &shape, node, data);
            if let Some((name, bytes)) = mask {
                let node = ArrayNode {
                    item: Item::Fixed(DType::Bool),
                    cut: self.recipe.cut(&[rows], Some(1)),
                    dimensions: vec!["row".to_owned()],
                    ..ArrayNode::default()
                };
                self.add(child(&place.path, &name), &[rows], node, Data::Bytes(bytes));
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, shape: &[usize], mut node: ArrayNode, data: Data) {
        node.shape = shape.to_vec();
        let dtype = node.item.dtype();
        self.nodes.push((path.clone(), node.describe(self.recipe.chain())));
        self.arrays.push(ArrayPlan {
            path,
            shape: shape.to_vec(),
            item: dtype.map_or(1, DType::size),
            unit: dtype.map_or(1, DType::swap_size),
            cut: node.cut,
            chain: self.recipe.chain().clone(),
            data,
        });
    }
}

/// What a node says of itself.
fn ours(tags: Vec<Tree>, more: impl IntoIterator<Item = (String, Tree)>) -> Tree {
    let mut map = Map::from_iter([pair("version", Tree::Int(1))]);
    for (key, value) in more {
        map.insert(key, value);
    }
    if !tags.is_empty() {
        map.insert("tags", Tree::List(tags));
    }
    Tree::Map(map)
}
