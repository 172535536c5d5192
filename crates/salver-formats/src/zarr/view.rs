//! What a node of a store is in the tree: `docs/spec/zarr.md` §2 for stores of ours, §4 for others.

use std::collections::HashSet;

use arrow_schema::SchemaRef;
use salver_core::Result;
use salver_tree::{Map, Tree};

use super::item::corrupt;
use super::meta::at_node;
use super::schema;
use super::store::{Node, Store, child};

/// The attribute that says what a node of ours is.
pub(crate) const OURS: &str = "$salver";

/// The key under which an attribute of this name is kept: the word itself is escaped.
pub(crate) fn escaped(key: &str) -> String {
    let more = key.starts_with('$') && key.trim_start_matches('$') == "salver";
    if more { format!("${key}") } else { key.to_owned() }
}

/// A child of a map or a list.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Kept in attributes.
    Inline(Tree),
    /// A node at this path.
    Node(String),
    /// The array at this path, whose attributes stand beside it.
    Bare(String),
}

/// The columns of a table.
#[derive(Debug)]
pub(crate) struct TableView {
    pub(crate) schema: SchemaRef,
    pub(crate) rows: usize,
    /// Per column: the path of its array, and of its mask's.
    pub(crate) columns: Vec<(String, Option<String>)>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum View {
    Map(Vec<(String, Entry)>),
    List(Vec<Entry>),
    Value(Tree),
    Bytes,
    Array,
    Table(TableView),
}

/// Tags of a node, the outermost first.
pub(crate) type Tags = Vec<(String, u32)>;

/// What a node of a store is, and its tags.
///
/// # Errors
/// `Corrupt` where what a store of ours says of itself does not hold.
pub(crate) fn view(store: &Store, path: &str) -> Result<(Tags, View)> {
    let node = store.at(path)?;
    let Some(Tree::Map(ours)) = node.attributes.get(OURS) else {
        return Ok((Vec::new(), foreign(store, path, node)));
    };
    let seen = tags(ours).and_then(|tags| Ok((tags, ours_of(store, path, node, ours)?)));
    seen.map_err(|e| at_node(e, path))
}

fn tags(ours: &Map) -> Result<Tags> {
    let Some(Tree::List(tags)) = ours.get("tags") else { return Ok(Vec::new()) };
    let tag = |tag: &Tree| {
        let Tree::List(pair) = tag else { return None };
        let [name, version] = pair.as_slice() else { return None };
        Some((name.as_str()?.to_owned(), u32::try_from(version.as_int()?).ok()?))
    };
    let tags = tags.iter().map(tag).collect::<Option<_>>();
    tags.ok_or_else(|| corrupt("`tags` are pairs of a name and a version"))
}

fn ours_of(store: &Store, path: &str, node: &Node, ours: &Map) -> Result<View> {
    let kind = ours.get("kind").and_then(Tree::as_str);
    if node.is_array() {
        return Ok(if kind == Some("bytes") { View::Bytes } else { View::Array });
    }
    let none = Map::new();
    let members = ours.get("members").and_then(Tree::as_map).unwrap_or(&none);
    let mut used = HashSet::new();
    let mut entry = |key: &str| -> Result<Option<Entry>> {
        let Some(name) = members.get(key).and_then(Tree::as_str) else {
            return Ok(node.attributes.get(&escaped(key)).cloned().map(Entry::Inline));
        };
        if !used.insert(name.to_owned()) {
            return Err(corrupt("one member under two keys").with("member", name));
        }
        let below = child(path, name);
        Ok(store.at(&below).is_ok().then_some(Entry::Node(below)))
    };
    match kind {
        Some("map") => {
            let Some(Tree::List(keys)) = ours.get("keys") else {
                return Err(corrupt("a map without keys"));
            };
            let mut out = Vec::new();
            for key in keys.iter().filter_map(Tree::as_str) {
                if let Some(entry) = entry(key)? {
                    out.push((key.to_owned(), entry));
                }
            }
            // what others added since
            for name in store.children(path).into_iter().filter(|n| !used.contains(*n)) {
                out.push((name.to_owned(), Entry::Node(child(path, name))));
            }
            Ok(View::Map(out))
        }
        Some("list") => {
            let mut out = Vec::new();
            while let Some(item) = entry(&out.len().to_string())? {
                out.push(item);
            }
            Ok(View::List(out))
        }
        Some("value") => {
            let value = node.attributes.get("value").cloned();
            value.map(View::Value).ok_or_else(|| corrupt("a value that is not there"))
        }
        Some("table") => table(path, ours).map(View::Table),
        _ => Err(corrupt("a group of no known kind").hint("map, list, value or table")),
    }
}

fn table(path: &str, ours: &Map) -> Result<TableView> {
    let wrong = || corrupt("a table without rows, schema or columns");
    let rows =
        ours.get("rows").and_then(Tree::as_int).and_then(|n| usize::try_from(n).ok());
    let text = ours.get("schema").and_then(Tree::as_str).ok_or_else(wrong)?;
    let schema = schema::parse(text)?;
    let (Some(Tree::List(columns)), Some(Tree::List(masks))) =
        (ours.get("columns"), ours.get("masks"))
    else {
        return Err(wrong());
    };
    let named = columns.iter().zip(masks).map(|(column, mask)| {
        Some((child(path, column.as_str()?), mask.as_str().map(|m| child(path, m))))
    });
    let columns = named.collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
    if columns.len() != schema.fields().len() {
        return Err(wrong());
    }
    let mut names: Vec<&String> =
        columns.iter().flat_map(|(c, m)| [Some(c), m.as_ref()]).flatten().collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(corrupt("one array for two columns"));
    }
    Ok(TableView { schema, rows: rows.ok_or_else(wrong)?, columns })
}

/// Names of dimensions as nodes; an axis without a name is null.
fn dimensions(store: &Store, path: &str) -> Option<Tree> {
    let meta = store.at(path).ok()?.meta(path).ok()?;
    let names = meta.dimensions?.into_iter();
    Some(Tree::List(names.map(|n| n.map_or(Tree::Null, Tree::Str)).collect()))
}

/// Attributes without what says the dimensions.
fn own_attributes(node: &Node) -> Map {
    let mut attributes = node.attributes.clone();
    attributes.remove("_ARRAY_DIMENSIONS");
    attributes
}

fn foreign(store: &Store, path: &str, node: &Node) -> View {
    let some = |key: &str, map: Map| {
        let full = !map.is_empty();
        full.then(|| (key.to_owned(), Entry::Inline(Tree::Map(map))))
    };
    if node.is_array() {
        let attributes = own_attributes(node);
        let dimensions = dimensions(store, path);
        // in a group these stand beside the array
        if !path.is_empty() || attributes.is_empty() && dimensions.is_none() {
            return View::Array;
        }
        let mut out = vec![("data".to_owned(), Entry::Bare(path.to_owned()))];
        out.extend(some("$attributes", attributes));
        out.extend(dimensions.map(|d| ("$dimensions".to_owned(), Entry::Inline(d))));
        return View::Map(out);
    }
    let (mut of_arrays, mut names) = (Map::new(), Map::new());
    let mut out = Vec::new();
    for name in store.children(path) {
        let below = child(path, name);
        if let Ok(node) = store.at(&below)
            && node.is_array()
        {
            let attributes = own_attributes(node);
            if !attributes.is_empty() {
                of_arrays.insert(name, Tree::Map(attributes));
            }
            if let Some(dimensions) = dimensions(store, &below) {
                names.insert(name, dimensions);
            }
        }
        out.push((name.to_owned(), Entry::Node(below)));
    }
    out.extend(some("$attributes", node.attributes.clone()));
    out.extend(some("$array_attributes", of_arrays));
    out.extend(some("$dimensions", names));
    View::Map(out)
}
