//! From plain nodes and tags to a tree whose arrays and tables are still in the file.

use std::collections::{BTreeMap, HashMap};

use arrow_schema::SchemaRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, DType, Lazy, Map, Place, Table, Tagged, Tree};

use super::blocks::Block;
use super::ndarray::{Fields, View, corrupt, view};
use super::table::{ColumnSource, Columns, Data, Shown, infer, stream};
use super::tags::{self, Meaning};
use super::{inline, scalar};
use crate::Json;
use crate::npy::{Records, records};
use crate::plain::lift_ref;

const OP: Op = Op("asdf.decode");
/// The assembler's name of a masked array.
const MASKED: &str = "numpy.ma.MaskedArray";

/// What is in blocks, by path.
#[derive(Debug)]
pub(super) enum Kept {
    Array { view: View, grid: Option<String>, origin: Vec<i64> },
    Columns(Columns),
    Records(Records, View),
}

/// A tree of which arrays and tables are lazy, and where they are.
#[derive(Debug)]
pub(super) struct Raised {
    pub(super) tree: Tree,
    pub(super) kept: BTreeMap<String, Kept>,
}

/// Makes the tree of a file's document; `lazy` makes the lazy node of a path.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where a tagged node has not the form of its tag, with its path;
/// [`ErrorKind::Unsupported`] for arrays in other files.
pub(super) fn raise(
    document: Tree,
    blocks: &[Block],
    lazy: &dyn Fn(&str) -> Lazy,
) -> Result<Raised> {
    let mut raising =
        Raising { blocks, lazy, kept: BTreeMap::new(), path: String::new() };
    let tree = raising.root(document)?;
    Ok(Raised { tree, kept: raising.kept })
}

struct Raising<'a> {
    blocks: &'a [Block],
    lazy: &'a dyn Fn(&str) -> Lazy,
    kept: BTreeMap<String, Kept>,
    path: String,
}

/// A name and a version.
type TagName = (String, u32);

/// The fields of a `$tag` entry.
fn tag_of(node: &Tree) -> Option<TagName> {
    let Tree::Map(map) = node else { return None };
    let (Some(Tree::Str(name)), Some(Tree::Int(version)), 2) =
        (map.get("name"), map.get("version"), map.len())
    else {
        return None;
    };
    Some((name.clone(), u32::try_from(*version).ok()?))
}

fn tagged(name: String, version: u32, tree: Tree) -> Tree {
    Tree::Tagged(Box::new(Tagged { name, version, tree }))
}

/// What the entry `salver` of a root says: its tags, and whether the tree is the entry `data`.
fn marks(map: &Map) -> Option<(Vec<TagName>, bool)> {
    let Some(Tree::Map(marks)) = map.get("salver") else { return None };
    if marks.keys().any(|key| !matches!(key, "tags" | "root")) {
        return None;
    }
    let tags = match marks.get("tags") {
        Some(Tree::List(tags)) => tags.iter().map(tag_of).collect::<Option<_>>()?,
        None => Vec::new(),
        Some(_) => return None,
    };
    let data = match marks.get("root") {
        Some(Tree::Str(key)) if key == "data" && map.get("data").is_some() => true,
        None => false,
        Some(_) => return None,
    };
    Some((tags, data))
}

impl Raising<'_> {
    fn root(&mut self, document: Tree) -> Result<Tree> {
        let document = match document {
            Tree::Tagged(t) if tags::meaning(&t.name) == Some(Meaning::Root) => t.tree,
            other => other,
        };
        let Tree::Map(mut map) = document else { return self.node(document) };
        map.remove("asdf_library");
        if let Some(Tree::Map(history)) = map.get("history")
            && history.keys().all(|key| key == "extensions")
        {
            map.remove("history");
        }
        let Some((above, data)) = marks(&map) else {
            return self.entries(map).map(Tree::Map);
        };
        map.remove("salver");
        let mut tree = match map.remove("data") {
            Some(tree) if data => self.node(tree)?,
            Some(tree) => {
                map.insert("data", tree);
                self.entries(map).map(Tree::Map)?
            }
            None => self.entries(map).map(Tree::Map)?,
        };
        for (name, version) in above.into_iter().rev() {
            tree = tagged(name, version, tree);
        }
        Ok(tree)
    }

    fn node(&mut self, node: Tree) -> Result<Tree> {
        match node {
            Tree::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, item) in items.into_iter().enumerate() {
                    out.push(match item {
                        item @ (Tree::Int(_) | Tree::Float(_) | Tree::Str(_)) => item,
                        item => self.at(&i.to_string(), item)?,
                    });
                }
                Ok(Tree::List(out))
            }
            Tree::Map(map) => self.map(map),
            Tree::Tagged(t) if t.version == 0 => {
                let known = tags::meaning(&t.name);
                match known {
                    Some(meaning) => self.known(meaning, *t).map_err(|e| self.named(e)),
                    None => self.foreign(*t),
                }
            }
            Tree::Tagged(t) => Ok(tagged(t.name, t.version, self.node(t.tree)?)),
            other => Ok(other),
        }
    }

    fn named(&self, error: Error) -> Error {
        let known = error.context().iter().any(|(key, _)| *key == "node");
        let path = if self.path.is_empty() { "(root)" } else { self.path.as_str() };
        if known { error } else { error.with("node", path) }
    }

    fn at(&mut self, step: &str, node: Tree) -> Result<Tree> {
        if !matches!(node, Tree::List(_) | Tree::Map(_) | Tree::Tagged(_)) {
            return Ok(node);
        }
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let raised = self.node(node)?;
        self.path.truncate(length);
        Ok(raised)
    }

    fn map(&mut self, mut map: Map) -> Result<Tree> {
        let tag =
            if map.len() > 1 { map.get(tags::TAG_KEY).and_then(tag_of) } else { None };
        if tag.is_some() {
            map.remove(tags::TAG_KEY);
            let tree = Tree::Map(self.stripped(map, true)?);
            return Ok(
                tag.map_or(Tree::Null, |(name, version)| tagged(name, version, tree))
            );
        }
        let several = map.len() > 1;
        self.stripped(map, several).map(Tree::Map)
    }

    fn entries(&mut self, map: Map) -> Result<Map> {
        let several = map.len() > 1;
        self.stripped(map, several)
    }

    /// Entries, with the `$` taken off that keeps a key from being a tag's.
    fn stripped(&mut self, map: Map, strip: bool) -> Result<Map> {
        let mut out = Map::new();
        for (key, node) in map {
            let own = if strip && tags::is_tag_key(&key, 1) {
                key.strip_prefix('$')
            } else {
                None
            };
            let key = own.map(str::to_owned).unwrap_or(key);
            let node = self.at(&key, node)?;
            out.insert(key, node);
        }
        Ok(out)
    }

    fn foreign(&mut self, t: Tagged) -> Result<Tree> {
        let name = tags::unescaped(&t.name).map(str::to_owned).unwrap_or(t.name);
        Ok(tagged(name, 0, self.node(t.tree)?))
    }

    fn known(&mut self, meaning: Meaning, t: Tagged) -> Result<Tree> {
        match meaning {
            Meaning::Array => match self.ndarray(&t.tree, None)? {
                Some(tree) => Ok(tree),
                None => Ok(Tree::Tagged(Box::new(t))),
            },
            Meaning::Quantity => match self.quantity(&t.tree)? {
                Some(tree) => Ok(tree),
                None => self.foreign(t),
            },
            Meaning::Table => match self.table(&t.tree)? {
                Some(table) => {
                    let lazy = (self.lazy)(&self.path);
                    let tree =
                        Table::lazy(SchemaRef::clone(&table.schema), table.n_rows, lazy);
                    self.kept.insert(self.path.clone(), Kept::Columns(table));
                    Ok(Tree::Table(tree))
                }
                None => self.foreign(t),
            },
            Meaning::Complex => match scalar::complex(&t.tree) {
                Some(array) => Ok(Tree::Array(array)),
                None => self.foreign(t),
            },
            Meaning::Integer => match scalar::integer(&t.tree) {
                Some(number) => Ok(Tree::Int(number)),
                None => self.foreign(t),
            },
            Meaning::Time => match scalar::time(&t.tree) {
                Some(ns) => Ok(Tree::Time(ns)),
                None => self.foreign(t),
            },
            Meaning::Ref => {
                let leaf = match self.node(t.tree)? {
                    Tree::Map(map) => lift_ref(&map)?,
                    _ => None,
                };
                leaf.ok_or_else(|| corrupt("a reference of another form"))
            }
            Meaning::Root | Meaning::Unit | Meaning::Column => self.foreign(t),
        }
    }

    /// The array of an `ndarray` node; `None` where it is none of ours.
    fn ndarray(&mut self, node: &Tree, unit: Option<&str>) -> Result<Option<Tree>> {
        let Tree::Map(map) = node else {
            let array = inline::array(node, None)?;
            return Ok(array.map(|a| Tree::Array(a.with_unit(unit.map(str::to_owned)))));
        };
        if let Some(mask) = map.get("mask") {
            return self.masked(map, mask, unit);
        }
        if map.get("source").is_none() {
            let Some(data) = map.get("data") else { return Ok(None) };
            let Some(array) = inline::array(data, map.get("datatype"))? else {
                return Ok(None);
            };
            return dressed(array, map, unit).map(|array| Some(Tree::Array(array)));
        }
        let (view, fields) = view(map, self.blocks)?;
        let lazy = (self.lazy)(&self.path);
        if let Some((fields, width)) = fields {
            return self.records(view, (fields, width), lazy);
        }
        let axes = view.shape.iter().map(|&n| usize::try_from(n));
        let shape: Vec<usize> = axes.collect::<Result<_, _>>().op(
            ErrorKind::Limit,
            OP,
            "an axis longer than memory can be",
        )?;
        let array = Array::lazy(view.stored.dtype, shape, lazy);
        let array = dressed(array, map, unit)?;
        let grid = array.grid().map(str::to_owned);
        let kept = Kept::Array { view, grid, origin: array.origin().to_vec() };
        self.kept.insert(self.path.clone(), kept);
        Ok(Some(Tree::Array(array)))
    }

    fn masked(
        &mut self,
        map: &Map,
        mask: &Tree,
        unit: Option<&str>,
    ) -> Result<Option<Tree>> {
        if !matches!(mask, Tree::Tagged(_) | Tree::List(_)) {
            return Ok(None);
        }
        let mut bare = map.clone();
        bare.remove("mask");
        let mut out = Map::new();
        for (key, node) in [("data", &Tree::Map(bare)), ("mask", array_node(mask))] {
            let length = self.path.len();
            self.path.push('/');
            self.path.push_str(key);
            let unit = unit.filter(|_| key == "data");
            let array = self.ndarray(node, unit);
            self.path.truncate(length);
            let Some(array) = array? else { return Ok(None) };
            out.insert(key, array);
        }
        Ok(Some(tagged(MASKED.to_owned(), 1, Tree::Map(out))))
    }

    fn records(
        &mut self,
        view: View,
        (fields, width): Fields,
        lazy: Lazy,
    ) -> Result<Option<Tree>> {
        let [rows] = view.shape.as_slice() else { return Ok(None) };
        if view.strides.is_some() {
            return Ok(None);
        }
        let place = view.place(self.blocks);
        let header = Place { offset: 0, len: 0 };
        let records = Records { fields, rows: *rows, width, place, header };
        let Ok(schema) = records::schema(&records) else { return Ok(None) };
        let n_rows = usize::try_from(*rows).op(ErrorKind::Limit, OP, "too many rows")?;
        self.kept.insert(self.path.clone(), Kept::Records(records, view));
        Ok(Some(Tree::Table(Table::lazy(schema, n_rows, lazy))))
    }

    fn quantity(&mut self, node: &Tree) -> Result<Option<Tree>> {
        let Tree::Map(map) = node else { return Ok(None) };
        let unit = map.get("unit").and_then(Tree::as_str);
        let (Some(unit), Some(value)) = (unit, map.get("value")) else { return Ok(None) };
        match value {
            Tree::Tagged(t) if tags::meaning(&t.name) == Some(Meaning::Array) => {
                self.ndarray(&t.tree, Some(unit))
            }
            Tree::Int(_) | Tree::Float(_) | Tree::List(_) => {
                let array = inline::array(value, map.get("datatype"))?;
                Ok(array.map(|a| Tree::Array(a.with_unit(Some(unit.to_owned())))))
            }
            _ => Ok(None),
        }
    }

    /// The columns of a table; `None` where they are not all arrays of as many rows.
    fn table(&self, node: &Tree) -> Result<Option<Columns>> {
        let Tree::Map(map) = node else { return Ok(None) };
        let Some(Tree::List(columns)) = map.get("columns") else { return Ok(None) };
        let names = match map.get("colnames") {
            Some(Tree::List(names)) => names.as_slice(),
            _ => &[],
        };
        let mut found = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter().enumerate() {
            let name = names.get(i).and_then(Tree::as_str);
            let Some(one) = self.column(name, column)? else { return Ok(None) };
            found.push(one);
        }
        if let Some(Tree::Map(marks)) = map.get("salver") {
            return self.ours(marks, found).map(Some);
        }
        let text = |node: &Tree| match node {
            Tree::Str(text) => Ok(text.clone()),
            other => Json::render(other),
        };
        let mut metadata = HashMap::new();
        if let Some(Tree::Map(meta)) = map.get("meta") {
            for (key, node) in meta.iter() {
                metadata.insert(key.to_owned(), text(node)?);
            }
        }
        let mut inferred = Vec::with_capacity(found.len());
        for (name, said, shown) in found {
            let Some(field) = infer(&name, &shown, said) else { return Ok(None) };
            inferred.push((field, shown));
        }
        Ok(Columns::inferred(inferred, metadata))
    }

    /// A table whose Arrow schema is written beside it.
    fn ours(&self, marks: &Map, found: Vec<Found>) -> Result<Columns> {
        let wrong = || corrupt("the table and its schema do not fit");
        let schema = marks.get("schema").and_then(Tree::as_str).ok_or_else(wrong)?;
        let schema = STANDARD.decode(schema).op(ErrorKind::Corrupt, OP, "not base64")?;
        let (schema, _) = stream(&schema)?;
        let rows = marks.get("rows").and_then(Tree::as_int);
        let n_rows = rows.and_then(|n| usize::try_from(n).ok()).ok_or_else(wrong)?;
        let mut shown = found.into_iter();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for i in 0..schema.fields().len() {
            let packed = marks.get("packed").and_then(Tree::as_map);
            columns.push(match packed.and_then(|p| p.get(&i.to_string())) {
                Some(Tree::Tagged(t)) => match &t.tree {
                    Tree::Map(map) => ColumnSource::Packed(view(map, self.blocks)?.0),
                    _ => return Err(wrong()),
                },
                Some(_) => return Err(wrong()),
                None => ColumnSource::Shown(shown.next().ok_or_else(wrong)?.2),
            });
        }
        Ok(Columns { schema, n_rows, places: columns })
    }

    /// A column's name, what is said of it, and its items.
    fn column(&self, name: Option<&str>, node: &Tree) -> Result<Option<Found>> {
        let Tree::Tagged(t) = node else { return Ok(None) };
        let mut said = HashMap::new();
        match (tags::meaning(&t.name), &t.tree) {
            (Some(Meaning::Column), Tree::Map(map)) => {
                for key in ["unit", "description"] {
                    if let Some(text) = map.get(key).and_then(Tree::as_str) {
                        said.insert(key.to_owned(), text.to_owned());
                    }
                }
                let name = map.get("name").and_then(Tree::as_str).or(name);
                let Some(data) = map.get("data") else { return Ok(None) };
                let shown = self.shown(array_node(data))?;
                Ok(shown.map(|shown| (name.unwrap_or_default().to_owned(), said, shown)))
            }
            (Some(Meaning::Quantity), Tree::Map(map)) => {
                let Some(unit) = map.get("unit").and_then(Tree::as_str) else {
                    return Ok(None);
                };
                said.insert("unit".to_owned(), unit.to_owned());
                let Some(data) = map.get("value") else { return Ok(None) };
                let shown = self.shown(array_node(data))?;
                Ok(shown.map(|shown| (name.unwrap_or_default().to_owned(), said, shown)))
            }
            (Some(Meaning::Array), tree) => {
                let shown = self.shown(tree)?;
                Ok(shown.map(|shown| (name.unwrap_or_default().to_owned(), said, shown)))
            }
            _ => Ok(None),
        }
    }

    fn shown(&self, node: &Tree) -> Result<Option<Shown>> {
        let mask = match node {
            Tree::Map(map) => match map.get("mask") {
                None => None,
                Some(mask) => {
                    let mask = self.data(array_node(mask))?;
                    let Some(mask) = mask.filter(|m| m.dtype() == DType::Bool) else {
                        return Ok(None);
                    };
                    Some(mask)
                }
            },
            _ => None,
        };
        let data = self.data(node)?;
        Ok(data.filter(|d| !d.shape().is_empty()).map(|data| Shown { data, mask }))
    }

    fn data(&self, node: &Tree) -> Result<Option<Data>> {
        match node {
            Tree::Map(map) if map.get("source").is_some() => {
                let (view, fields) = view(map, self.blocks)?;
                Ok(fields.is_none().then_some(Data::View(view)))
            }
            Tree::Map(map) => {
                let Some(data) = map.get("data") else { return Ok(None) };
                Ok(inline::array(data, map.get("datatype"))?.map(Data::Inline))
            }
            list => Ok(inline::array(list, None)?.map(Data::Inline)),
        }
    }
}

type Found = (String, HashMap<String, String>, Shown);

/// The fields of an array, whatever its tag.
fn array_node(node: &Tree) -> &Tree {
    match node {
        Tree::Tagged(t) if tags::meaning(&t.name) == Some(Meaning::Array) => &t.tree,
        other => other,
    }
}

/// Adds what stands beside an array's items: unit, grid and origin.
fn dressed(array: Array, map: &Map, unit: Option<&str>) -> Result<Array> {
    let mut unit = unit.map(str::to_owned);
    let mut array = array;
    if let Some(Tree::Map(marks)) = map.get("salver") {
        if unit.is_some()
            && let Some(own) = marks.get("unit").and_then(Tree::as_str)
        {
            unit = Some(own.to_owned());
        }
        array =
            array.with_grid(marks.get("grid").and_then(Tree::as_str).map(str::to_owned));
        if let Some(Tree::List(origin)) = marks.get("origin") {
            let origin: Option<Vec<i64>> = origin.iter().map(Tree::as_int).collect();
            let origin = origin.filter(|o| o.len() == array.shape().len());
            let message = "the origin of an array is one whole number per axis";
            array = array.with_origin(origin.ok_or_else(|| corrupt(message))?);
        }
    }
    Ok(array.with_unit(unit))
}
