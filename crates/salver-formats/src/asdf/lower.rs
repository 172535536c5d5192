//! From any tree to plain nodes and tags, and the blocks beside them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, DType, EncodeOptions, Map, Table, Tagged, Tree};

use super::codec::Codec;
use super::table::{Column, schema_stream, split};
use super::{inline, tags, units};
use crate::document::{MAX_DEPTH, too_deep, unknown_option};
use crate::plain::lower_ref;

const OP: Op = Op("asdf.encode");
/// Keys of the root that are not a caller's.
const RESERVED: [&str; 3] = ["asdf_library", "history", "salver"];
const EPOCH: Date = Date::constant(1970, 1, 1);

/// How arrays are written.
#[derive(Debug, Default)]
pub(super) struct Recipe {
    codec: Codec,
    by_path: BTreeMap<String, Codec>,
    /// Arrays of at most so many numbers stand in the text.
    inline: usize,
}

impl Recipe {
    /// Reads the options.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for unknown compressions and for tiles; [`ErrorKind::InvalidInput`]
    /// for unknown extras.
    pub(super) fn parse(options: &EncodeOptions) -> Result<Self> {
        if options.tile.is_some() {
            let message = "the format has no tiles: each array is one block";
            return Err(Error::new(ErrorKind::Unsupported, OP, message).hint(
                "a box of rows of an array without compression is read by itself",
            ));
        }
        let mut recipe = Self::default();
        if let Some(name) = &options.compression {
            recipe.codec = Codec::parse(name)?;
        }
        for (key, value) in &options.extra {
            match key.strip_prefix("compression:") {
                Some(path) => {
                    recipe.by_path.insert(path.to_owned(), Codec::parse(value)?);
                }
                None if key == "inline" => {
                    let message = "`inline` is a number of items";
                    recipe.inline =
                        value.parse().op(ErrorKind::InvalidInput, OP, message)?;
                }
                None => return Err(unknown_option(OP, key, value)),
            }
        }
        Ok(recipe)
    }

    /// The compression of the nearest path above.
    fn codec(&self, path: &str) -> Codec {
        let mut at = path;
        loop {
            if let Some(&codec) = self.by_path.get(at) {
                return codec;
            }
            match at.rfind('/').and_then(|cut| path.get(..cut)) {
                Some(above) => at = above,
                None => return self.codec,
            }
        }
    }
}

/// An array that becomes a block.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) array: Array,
    pub(super) codec: Codec,
}

/// The document of a tree, and its blocks in order.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a tree nested too deep and for tables without an Arrow IPC form; as
/// the source's of lazy tables.
pub(super) fn lower(tree: &Tree, recipe: &Recipe) -> Result<(Tree, Vec<Payload>)> {
    let mut lowering =
        Lowering { recipe, payloads: Vec::new(), path: String::new(), depth: 0 };
    let mut root = Map::new();
    root.insert("asdf_library", software());
    let mut marks = Map::new();
    let mut node = tree;
    let mut above = Vec::new();
    while let Tree::Tagged(tagged) = node {
        above.push(tag_map(tagged));
        node = &tagged.tree;
    }
    if !above.is_empty() {
        marks.insert("tags", Tree::List(above));
    }
    match node {
        Tree::Map(map) if !map.keys().any(|key| RESERVED.contains(&key)) => {
            let lowered = lowering.map(map)?;
            if !marks.is_empty() {
                root.insert("salver", Tree::Map(marks));
            }
            for (key, value) in lowered {
                root.insert(key, value);
            }
        }
        other => {
            marks.insert("root", Tree::from("data"));
            root.insert("salver", Tree::Map(marks));
            let data = lowering.node(other)?;
            root.insert("data", data);
        }
    }
    let document = tag(tags::ROOT, Tree::Map(root));
    Ok((document, lowering.payloads))
}

fn software() -> Tree {
    let mut map = Map::new();
    map.insert("name", Tree::from("salver"));
    map.insert("version", Tree::from(env!("CARGO_PKG_VERSION")));
    tag(tags::SOFTWARE, Tree::Map(map))
}

fn tag(name: &str, tree: Tree) -> Tree {
    Tree::Tagged(Box::new(Tagged { name: name.to_owned(), version: 0, tree }))
}

fn tag_map(tagged: &Tagged) -> Tree {
    let mut map = Map::new();
    map.insert("name", Tree::from(tagged.name.as_str()));
    map.insert("version", Tree::Int(tagged.version.into()));
    Tree::Map(map)
}

/// A time of TAI with nine decimals.
fn time(ns: i64) -> Result<Tree> {
    let time = DateTime::from(EPOCH).checked_add(SignedDuration::from_nanos(ns));
    let time = time.op(ErrorKind::Internal, OP, "a time out of range")?;
    let (date, clock) = (time.date(), time.time());
    let text = format!(
        "{date}T{:02}:{:02}:{:02}.{:09}",
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.subsec_nanosecond()
    );
    let mut map = Map::new();
    map.insert("value", Tree::Str(text));
    map.insert("scale", Tree::from("tai"));
    map.insert("format", Tree::from("isot"));
    Ok(tag(tags::TIME, Tree::Map(map)))
}

struct Lowering<'a> {
    recipe: &'a Recipe,
    payloads: Vec<Payload>,
    path: String,
    depth: usize,
}

impl Lowering<'_> {
    fn node(&mut self, node: &Tree) -> Result<Tree> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(ErrorKind::Unsupported, OP));
        }
        let lowered = match node {
            Tree::Time(ns) => time(*ns),
            Tree::List(items) => self.list(items).map(Tree::List),
            Tree::Map(map) => self.map(map).map(Tree::Map),
            Tree::Array(array) => self.array(array),
            Tree::Table(table) => self.table(table),
            Tree::Ref(leaf) => match lower_ref(leaf) {
                Tree::Map(map) => Ok(tag(tags::REF, Tree::Map(self.map(&map)?))),
                other => Ok(other),
            },
            Tree::Tagged(tagged) => self.tagged(tagged),
            plain => Ok(plain.clone()),
        };
        self.depth -= 1;
        lowered
    }

    fn at(&mut self, step: &str, node: &Tree) -> Result<Tree> {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let lowered = self.node(node).map_err(|e| self.named(e))?;
        self.path.truncate(length);
        Ok(lowered)
    }

    fn named(&self, error: Error) -> Error {
        let known = error.context().iter().any(|(key, _)| *key == "node");
        if known { error } else { error.with("node", &self.path) }
    }

    fn list(&mut self, items: &[Tree]) -> Result<Vec<Tree>> {
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            out.push(match item {
                Tree::Int(_) | Tree::Float(_) | Tree::Str(_) => item.clone(),
                item => self.at(&i.to_string(), item)?,
            });
        }
        Ok(out)
    }

    /// A key `$tag` beside others is a tag's: a caller's gets one more `$`.
    fn map(&mut self, map: &Map) -> Result<Map> {
        let several = map.len() > 1;
        let mut out = Map::new();
        for (key, node) in map.iter() {
            let lowered = self.at(key, node)?;
            if several && tags::is_tag_key(key, 0) {
                out.insert(format!("${key}"), lowered);
            } else {
                out.insert(key, lowered);
            }
        }
        Ok(out)
    }

    fn tagged(&mut self, tagged: &Tagged) -> Result<Tree> {
        let (name, version) = (tagged.name.clone(), tagged.version);
        if version == 0 {
            let tree = self.node(&tagged.tree)?;
            let name = tags::escaped(&name, &tree);
            return Ok(Tree::Tagged(Box::new(Tagged { name, version, tree })));
        }
        match &tagged.tree {
            Tree::Map(map) if !map.is_empty() => {
                let mut out = Map::new();
                out.insert(tags::TAG_KEY, tag_map(tagged));
                for (key, node) in map.iter() {
                    let lowered = self.at(key, node)?;
                    let own = tags::is_tag_key(key, 0);
                    out.insert(
                        if own { format!("${key}") } else { key.to_owned() },
                        lowered,
                    );
                }
                Ok(Tree::Map(out))
            }
            other => {
                let tree = self.node(other)?;
                Ok(Tree::Tagged(Box::new(Tagged { name, version, tree })))
            }
        }
    }

    fn array(&mut self, array: &Array) -> Result<Tree> {
        let mut items = self.items(array)?;
        let mut marks = Map::new();
        let vounit = array.unit().map(units::to_vounit);
        if array.unit() != vounit.as_deref()
            && let Some(unit) = array.unit()
        {
            marks.insert("unit", Tree::from(unit));
        }
        if let Some(grid) = array.grid() {
            marks.insert("grid", Tree::from(grid));
        }
        if array.origin().iter().any(|&o| o != 0) {
            let origin = array.origin().iter().map(|&o| Tree::from(o));
            marks.insert("origin", Tree::List(origin.collect()));
        }
        if !marks.is_empty() {
            items.insert("salver", Tree::Map(marks));
        }
        let items = tag(tags::NDARRAY, Tree::Map(items));
        Ok(match vounit {
            None => items,
            Some(unit) => {
                let mut map = Map::new();
                map.insert("value", items);
                map.insert("unit", tag(tags::UNIT, Tree::Str(unit)));
                tag(tags::QUANTITY, Tree::Map(map))
            }
        })
    }

    /// The fields of an `ndarray`, in a block or in the text.
    fn items(&mut self, array: &Array) -> Result<Map> {
        let mut map = Map::new();
        let lists =
            if array.len() <= self.recipe.inline { inline::lists(array)? } else { None };
        if let Some(lists) = lists {
            map.insert("data", lists);
            map.insert("datatype", datatype(array.dtype()));
        } else {
            map.insert("source", Tree::Int(self.payloads.len() as i128));
            map.insert("datatype", datatype(array.dtype()));
            let order = if cfg!(target_endian = "little") { "little" } else { "big" };
            map.insert("byteorder", Tree::from(order));
            let codec = self.recipe.codec(&self.path);
            self.payloads.push(Payload { array: array.clone(), codec });
        }
        let shape = array.shape().iter().map(|&n| Tree::Int(n as i128));
        map.insert("shape", Tree::List(shape.collect()));
        Ok(map)
    }

    fn bare(&mut self, array: &Array) -> Result<Tree> {
        Ok(tag(tags::NDARRAY, Tree::Map(self.items(array)?)))
    }

    fn table(&mut self, table: &Table) -> Result<Tree> {
        let (mut names, mut columns) = (Vec::new(), Vec::new());
        let mut packed = Map::new();
        let split = split(table)?;
        for (i, (field, column)) in table.schema().fields().iter().zip(split).enumerate()
        {
            let (data, mask) = match column {
                Column::Shown { data, mask } => (data, mask),
                Column::Packed(stream) => {
                    packed.insert(i.to_string(), self.bare(&stream)?);
                    continue;
                }
            };
            let mut map = Map::new();
            map.insert("name", Tree::from(field.name().as_str()));
            let mut items = self.items(&data)?;
            if let Some(mask) = mask {
                items.insert("mask", self.bare(&mask)?);
            }
            map.insert("data", tag(tags::NDARRAY, Tree::Map(items)));
            let said = |key| field.metadata().get(key).filter(|text| !text.is_empty());
            if let Some(unit) = said("unit") {
                map.insert("unit", tag(tags::UNIT, Tree::Str(units::to_vounit(unit))));
            }
            if let Some(text) = said("description") {
                map.insert("description", Tree::from(text.as_str()));
            }
            names.push(Tree::from(field.name().as_str()));
            columns.push(tag(tags::COLUMN, Tree::Map(map)));
        }
        let schema = STANDARD.encode(schema_stream(table.schema(), &[])?);
        let mut marks = Map::new();
        marks.insert("rows", Tree::Int(table.n_rows() as i128));
        marks.insert("schema", Tree::Str(schema));
        if !packed.is_empty() {
            marks.insert("packed", Tree::Map(packed));
        }
        let mut map = Map::new();
        map.insert("colnames", Tree::List(names));
        map.insert("columns", Tree::List(columns));
        map.insert("meta", meta(table));
        map.insert("qtable", Tree::Bool(false));
        map.insert("salver", Tree::Map(marks));
        Ok(tag(tags::TABLE, Tree::Map(map)))
    }
}

/// The table's own metadata, by name.
fn meta(table: &Table) -> Tree {
    let mut all: Vec<(&String, &String)> = table.schema().metadata().iter().collect();
    all.sort();
    let entries =
        all.into_iter().map(|(key, text)| (key.clone(), Tree::from(text.as_str())));
    Tree::Map(entries.collect())
}

fn datatype(dtype: DType) -> Tree {
    let sized =
        |kind: &str, n: u32| Tree::List(vec![Tree::from(kind), Tree::Int(n.into())]);
    match dtype {
        DType::Bool => Tree::from("bool8"),
        DType::Bytes(n) => sized("ascii", n),
        DType::Text(n) => sized("ucs4", n),
        other => Tree::Str(other.to_string()),
    }
}
