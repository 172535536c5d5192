//! Trees that have not the shape of a FITS file: a JSON document in an HDU of its own, with arrays
//! and tables in HDUs beside it.
//!
//! In the document such a node is `{"$hdu": {"name": EXTNAME, …}}`; a map of the one key `$hdu`,
//! with any number of dollars, has one more of them there.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::cast;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, Map, MemorySource, Place, Select, Table, Tagged, Tree};

use super::card::Value;
use super::encode::{Data, Plan, added, image_unit};
use super::header::Header;
use super::layout::TREE;
use super::pixel::Stored;
use super::recipe::{Compression, Recipe};
use super::structure::{Unit, fit};
use super::table::columns::Columns;
use super::table::read;
use super::table::write;
use crate::Json;
use crate::buffer::no_panic;
use crate::document::{MAX_DEPTH, too_deep};

const OP: Op = Op("fits.encode");
const HDU: &str = "$hdu";
/// Rows of numbers shorter than this many bytes stay in the document.
const SMALL: usize = 512;

/// Plans the HDUs of a tree: an empty primary one, those of arrays and tables, the document; gives
/// the document too.
///
/// # Errors
/// As the tree's lazy nodes.
pub(crate) fn plan(tree: &Tree, recipe: &Recipe) -> Result<(Vec<Plan>, Tree)> {
    let mut lowering = Lowering { plans: vec![added()?], recipe, depth: 0 };
    let document = lowering.node(tree, "")?;
    let text = Json::render(&document)?.into_bytes();
    let array = Array::new(salver_tree::DType::U8, vec![text.len()], text.into());
    let array = array.op(ErrorKind::Internal, OP, "the document of the tree")?;
    let mut plans = lowering.plans;
    plans.push(image(array, TREE, false)?);
    Ok((plans, document))
}

fn image(mut array: Array, name: &str, compress: bool) -> Result<Plan> {
    let mut header = Header::default();
    let unit = image_unit(&mut array, &header)?;
    header = fit(header, &unit, false)?;
    header.set("EXTNAME", &Value::Text(name.to_owned()), "")?;
    if let Some(unit) = array.unit() {
        // a unit that is no text of a header is in the document all the same
        drop(header.set("BUNIT", &Value::Text(unit.to_owned()), "unit of the pixels"));
    }
    Ok(Plan { header, data: Data::Pixels(array, compress) })
}

struct Lowering<'a> {
    plans: Vec<Plan>,
    depth: usize,
    recipe: &'a Recipe,
}

impl Lowering<'_> {
    fn node(&mut self, node: &Tree, path: &str) -> Result<Tree> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(ErrorKind::Unsupported, OP));
        }
        let lowered = self.lowered(node, path);
        self.depth -= 1;
        lowered
    }

    fn lowered(&mut self, node: &Tree, path: &str) -> Result<Tree> {
        Ok(match node {
            Tree::Array(array) if is_image(array) => self.array(array, path)?,
            Tree::Table(table) => self.table(table, path)?,
            Tree::List(items) => {
                let items = items.iter().enumerate();
                let items =
                    items.map(|(i, item)| self.node(item, &format!("{path}/{i}")));
                Tree::List(items.collect::<Result<_>>()?)
            }
            Tree::Map(map) => {
                let more = if is_word(map) { "$" } else { "" };
                let mut out = Map::new();
                for (key, item) in map.iter() {
                    let item =
                        self.node(item, &format!("{path}{}", super::layout::step(key)))?;
                    out.insert(format!("{more}{key}"), item);
                }
                Tree::Map(out)
            }
            Tree::Tagged(tagged) => {
                let tree = self.node(&tagged.tree, path)?;
                Tree::Tagged(Box::new(Tagged { tree, ..(**tagged).clone() }))
            }
            other => other.clone(),
        })
    }

    /// A name for the HDU of a node: its path, where a header can hold it.
    fn name(&self, path: &str) -> String {
        let name = path.trim_start_matches('/');
        let plain = |b: u8| b.is_ascii_graphic() && b != b'\'';
        if !name.is_empty() && name != TREE && name.len() <= 60 && name.bytes().all(plain)
        {
            return name.to_owned();
        }
        format!("NODE {}", self.plans.len())
    }

    fn array(&mut self, array: &Array, path: &str) -> Result<Tree> {
        let name = self.name(path);
        let compress = self.recipe.compression != Compression::None && !array.is_empty();
        let mut place = Map::new();
        place.insert("name", Tree::from(name.as_str()));
        if let Some(unit) = array.unit() {
            place.insert("unit", Tree::from(unit));
        }
        if let Some(grid) = array.grid() {
            place.insert("grid", Tree::from(grid));
        }
        if array.origin().iter().any(|&o| o != 0) {
            let origin = array.origin().iter().map(|&o| Tree::from(o));
            place.insert("origin", Tree::List(origin.collect()));
        }
        self.plans.push(image(array.clone(), &name, compress)?);
        Ok(placed(place))
    }

    /// A table goes into an HDU where it comes back from there as it was, schema and all.
    fn table(&mut self, table: &Table, path: &str) -> Result<Tree> {
        let Ok(encoded) = write::encode(table) else {
            return Ok(Tree::Table(table.clone()));
        };
        let name = self.name(path);
        let unit = Unit::Table {
            row: encoded.row as u64,
            rows: encoded.n_rows as u64,
            heap: encoded.heap.len() as u64,
            fields: encoded.fields(),
        };
        let mut header = fit(Header::default(), &unit, false)?;
        header.set("EXTNAME", &Value::Text(name.clone()), "")?;
        let declared = encoded.declare(header);
        let Ok(header) = declared else { return Ok(Tree::Table(table.clone())) };
        let back = read_back(&header, &encoded, table.schema());
        if !back.is_ok_and(|back| back == *table) {
            return Ok(Tree::Table(table.clone()));
        }
        let mut place = Map::new();
        place.insert("name", Tree::from(name));
        place.insert("schema", Tree::from(schema_text(table.schema())?));
        self.plans.push(Plan { header, data: Data::Table(encoded) });
        Ok(placed(place))
    }
}

/// Whether an array is better an image than text.
fn is_image(array: &Array) -> bool {
    let bytes = array.len().saturating_mul(array.dtype().size());
    let axes = array.shape().len();
    Stored::of(array.dtype()).is_some()
        && ((2..=99).contains(&axes) || axes == 1 && bytes >= SMALL)
}

fn placed(place: Map) -> Tree {
    Tree::Map(Map::from_iter([(HDU.to_owned(), Tree::Map(place))]))
}

/// Whether a map has the one key `$hdu`, with at least one dollar.
fn is_word(map: &Map) -> bool {
    let key = map.keys().next().filter(|_| map.len() == 1).unwrap_or_default();
    key.starts_with('$') && key.trim_start_matches('$') == "hdu"
}

fn read_back(
    header: &Header,
    encoded: &write::Encoded,
    schema: &SchemaRef,
) -> Result<Table> {
    let bytes = [&encoded.rows[..], &encoded.heap[..]].concat();
    let place = Place { offset: 0, len: bytes.len() as u64 };
    let columns = Columns::from_header(header, place.len)?;
    let source = MemorySource::new(Bytes::from(bytes));
    as_schema(&read::binary(&source, place, &columns, &Select::all())?, schema)
}

/// The table with the types, flags and metadata of a schema of the same columns, or of those of
/// them that it has.
pub(crate) fn as_schema(table: &Table, schema: &SchemaRef) -> Result<Table> {
    let message = "a table that does not fit its schema";
    let names: Vec<_> = table.schema().fields().iter().map(|f| f.name()).collect();
    let places = names.iter().map(|n| schema.index_of(n)).collect::<Result<Vec<_>, _>>();
    let places = places.op(ErrorKind::Corrupt, OP, message)?;
    let all = places.iter().copied().eq(0..schema.fields().len());
    let schema = if all {
        Arc::clone(schema)
    } else {
        Arc::new(schema.project(&places).op(ErrorKind::Corrupt, OP, message)?)
    };
    let mut batches = Vec::new();
    for batch in table.batches()? {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = no_panic(OP, || {
            columns.map(|(c, f)| cast(c, f.data_type())).collect::<Result<_, _>>()
        })?;
        let columns = columns.op(ErrorKind::Corrupt, OP, message)?;
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns);
        batches.push(batch.op(ErrorKind::Corrupt, OP, message)?);
    }
    Table::new(schema, batches)
}

fn schema_text(schema: &SchemaRef) -> Result<String> {
    let message = "a schema that Arrow cannot write";
    let mut writer = StreamWriter::try_new(Vec::new(), schema).op(
        ErrorKind::Unsupported,
        OP,
        message,
    )?;
    writer.finish().op(ErrorKind::Unsupported, OP, message)?;
    let bytes = writer.into_inner().op(ErrorKind::Unsupported, OP, message)?;
    Ok(STANDARD.encode(bytes))
}

/// What the document says of a node that is in another HDU.
#[derive(Debug, Clone, Default)]
pub(crate) struct Placed {
    pub name: String,
    pub unit: Option<String>,
    pub grid: Option<String>,
    pub origin: Vec<i64>,
    pub schema: Option<SchemaRef>,
}

impl Placed {
    /// What a node of the document says, where it is such a node.
    pub(crate) fn of(node: &Tree) -> Option<Self> {
        let Tree::Map(map) = node else { return None };
        let Tree::Map(place) = map.get(HDU).filter(|_| map.len() == 1)? else {
            return None;
        };
        let text = |key: &str| place.get(key).and_then(Tree::as_str).map(str::to_owned);
        let origin = match place.get("origin") {
            Some(Tree::List(origin)) => {
                origin.iter().map(Tree::as_int).collect::<Option<_>>()?
            }
            _ => Vec::new(),
        };
        let schema = text("schema").and_then(|t| {
            let bytes = STANDARD.decode(t).ok()?;
            // a damaged schema may panic in the reader
            let bytes = std::io::Cursor::new(bytes);
            let read = || StreamReader::try_new(bytes, None).map(|s| s.schema());
            no_panic(OP, read).ok()?.ok()
        });
        let name = text("name")?;
        Some(Self { name, unit: text("unit"), grid: text("grid"), origin, schema })
    }
}

/// Walks over the nodes of the document that are in other HDUs, with their paths.
pub(crate) fn each_placed(node: &Tree, path: &str, f: &mut dyn FnMut(&str, Placed)) {
    if let Some(placed) = Placed::of(node) {
        return f(path, placed);
    }
    match node {
        Tree::Tagged(tagged) => each_placed(&tagged.tree, path, f),
        Tree::List(items) => {
            for (i, item) in items.iter().enumerate() {
                each_placed(item, &format!("{path}/{i}"), f);
            }
        }
        Tree::Map(map) => {
            let less = is_word(map);
            for (key, item) in map.iter() {
                let key = if less { key.strip_prefix('$').unwrap_or(key) } else { key };
                each_placed(item, &format!("{path}{}", super::layout::step(key)), f);
            }
        }
        _ => {}
    }
}

/// The tree of a document: `load` gives the nodes that are in other HDUs.
pub(crate) fn raise(
    node: Tree,
    path: &str,
    load: &mut dyn FnMut(&str, Placed) -> Result<Tree>,
) -> Result<Tree> {
    if let Some(placed) = Placed::of(&node) {
        return load(path, placed);
    }
    Ok(match node {
        Tree::Tagged(tagged) => {
            let tree = raise(tagged.tree, path, load)?;
            Tree::Tagged(Box::new(Tagged { tree, ..*tagged }))
        }
        Tree::List(items) => {
            let items = items.into_iter().enumerate();
            let items = items.map(|(i, item)| raise(item, &format!("{path}/{i}"), load));
            Tree::List(items.collect::<Result<_>>()?)
        }
        Tree::Map(map) => {
            let less = is_word(&map);
            let mut out = Map::new();
            for (key, item) in map {
                let key = match key.strip_prefix('$') {
                    Some(shorter) if less => shorter.to_owned(),
                    _ => key,
                };
                let at = format!("{path}{}", super::layout::step(&key));
                out.insert(key, raise(item, &at, load)?);
            }
            Tree::Map(out)
        }
        other => other,
    })
}

/// The node of a document at a path of its tree: the same path, save where a map's key has one more
/// dollar.
///
/// # Errors
/// `NotFound` where there is none.
pub(crate) fn find(document: &Tree, path: &str) -> Result<Tree> {
    let mut node = document;
    let mut spelled = String::new();
    for step in path.split('/').skip(1) {
        let more = match node.untagged() {
            Tree::Map(map) if is_word(map) => "$",
            _ => "",
        };
        let step = format!("/{more}{step}");
        if Placed::of(node.untagged()).is_none() {
            node = node.at(&step)?;
        }
        spelled.push_str(&step);
    }
    document.at(&spelled).cloned()
}

/// The document of these bytes.
///
/// # Errors
/// `Corrupt` where they are no JSON.
pub(crate) fn document(bytes: &[u8]) -> Result<Tree> {
    let text = std::str::from_utf8(bytes);
    let text =
        text.op(ErrorKind::Corrupt, Op("fits.decode"), "the tree's document is no text")?;
    Json::parse(text)
}

/// The error for a document that names an HDU that is not there.
pub(crate) fn missing(name: &str) -> Error {
    let message = "the tree's document names an HDU that is not there";
    Error::new(ErrorKind::Corrupt, Op("fits.decode"), message).with("extname", name)
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn a_damaged_schema_is_no_schema() {
        let unit = [("unit".to_owned(), "deg".to_owned())];
        let field = Field::new("f64", DataType::Float64, true).with_metadata(unit.into());
        let text = schema_text(&Arc::new(Schema::new(vec![field]))).unwrap();
        let bytes = STANDARD.decode(&text).unwrap();
        let placed = |bytes: &[u8]| {
            let pairs = [("name", "t".to_owned()), ("schema", STANDARD.encode(bytes))];
            let pairs = pairs.map(|(k, v)| (k.to_owned(), Tree::Str(v)));
            let node = Tree::Map(Map::from_iter(pairs));
            Placed::of(&Tree::Map(Map::from_iter([(HDU.to_owned(), node)])))
        };
        assert!(placed(&bytes).unwrap().schema.is_some());
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bent = bytes.clone();
                bent[at] = value;
                assert_eq!(placed(&bent).unwrap().name, "t");
            }
        }
    }
}
