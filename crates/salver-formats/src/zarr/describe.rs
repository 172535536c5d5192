//! Metadata as they are written. Source: Zarr core specification 3.0 §Group and array metadata.

use arrow_schema::Field;
use salver_tree::{DType, Map, Tree};

use super::codec::{Chain, Codec};
use super::columns::{Kept, type_of};
use super::data::Data;
use super::item::Item;
use super::recipe::{Cut, Recipe};
use super::view::OURS;

fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::Map(entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

fn named(name: &str, settings: Tree) -> Tree {
    map([("name", Tree::from(name)), ("configuration", settings)])
}

fn numbers(numbers: &[usize]) -> Tree {
    Tree::List(numbers.iter().map(|&n| Tree::Int(n as i128)).collect())
}

/// The metadata of a group.
pub(crate) fn group(attributes: Map) -> Map {
    let node = map([
        ("zarr_format", Tree::Int(3)),
        ("node_type", Tree::from("group")),
        ("attributes", Tree::Map(attributes)),
    ]);
    node.as_map().cloned().unwrap_or_default()
}

/// What the metadata of an array are made of.
#[derive(Debug)]
pub(crate) struct ArrayNode {
    pub(crate) item: Item,
    pub(crate) shape: Vec<usize>,
    pub(crate) cut: Cut,
    /// Names of the dimensions; none where empty.
    pub(crate) dimensions: Vec<String>,
    pub(crate) attributes: Map,
    /// `data_type`, where it is not that of the items.
    pub(crate) data_type: Option<Tree>,
}

impl Default for ArrayNode {
    fn default() -> Self {
        Self {
            item: Item::Fixed(DType::U8),
            shape: Vec::new(),
            cut: Cut { inner: Vec::new(), outer: Vec::new() },
            dimensions: Vec::new(),
            attributes: Map::new(),
            data_type: None,
        }
    }
}

impl ArrayNode {
    /// The array of a column.
    pub(crate) fn column(
        recipe: &Recipe,
        (field, how, name): (&Field, &Kept, &str),
        rows: usize,
        data: &Data,
    ) -> Self {
        let mut attributes = Map::new();
        for (key, attribute) in [("unit", "units"), ("description", "long_name")] {
            if let Some(text) = field.metadata().get(key) {
                attributes.insert(attribute, Tree::from(text.as_str()));
            }
        }
        let mut dimensions = vec!["row".to_owned()];
        let (mut shape, mut data_type) = (vec![rows], None);
        let item = match how {
            Kept::Bits => Item::Fixed(DType::Bool),
            Kept::Fixed { dtype, list, .. } => {
                if let Some(n) = list {
                    shape.push(*n);
                    dimensions.push(format!("{name}_item"));
                }
                data_type = type_of(field.data_type());
                Item::Fixed(*dtype)
            }
            Kept::Text => match field.data_type() {
                arrow_schema::DataType::Utf8 | arrow_schema::DataType::LargeUtf8 => {
                    Item::Text
                }
                _ => Item::Binary,
            },
            Kept::Ipc => {
                let len = if let Data::Bytes(bytes) = data { bytes.len() } else { 0 };
                (shape, dimensions) = (vec![len], Vec::new());
                let kind = ("kind", Tree::from("arrow-ipc"));
                attributes.insert(OURS, map([("version", Tree::Int(1)), kind]));
                Item::Fixed(DType::U8)
            }
        };
        let cut = recipe.cut(&shape, item.dtype().map(DType::size));
        Self { item, shape, cut, dimensions, attributes, data_type }
    }

    /// The metadata of the array.
    pub(crate) fn describe(&self, chain: &Chain) -> Map {
        let (own_type, fill) = types(self.item);
        let data_type = self.data_type.clone().unwrap_or(own_type);
        let mut codecs = vec![serializer(self.item)];
        codecs.extend(chain.outer.iter().map(|codec| squeeze(*codec)));
        if self.cut.is_sharded() {
            let little = map([("endian", Tree::from("little"))]);
            let index =
                vec![named("bytes", little), map([("name", Tree::from("crc32c"))])];
            let settings = map([
                ("chunk_shape", numbers(&self.cut.inner)),
                ("codecs", Tree::List(codecs)),
                ("index_codecs", Tree::List(index)),
                ("index_location", Tree::from("end")),
            ]);
            codecs = vec![named("sharding_indexed", settings)];
        }
        let chunk_shape = map([("chunk_shape", numbers(&self.cut.outer))]);
        let separator = map([("separator", Tree::from("/"))]);
        let node = map([
            ("zarr_format", Tree::Int(3)),
            ("node_type", Tree::from("array")),
            ("shape", numbers(&self.shape)),
            ("data_type", data_type),
            ("chunk_grid", named("regular", chunk_shape)),
            ("chunk_key_encoding", named("default", separator)),
            ("fill_value", fill),
            ("codecs", Tree::List(codecs)),
            ("attributes", Tree::Map(self.attributes.clone())),
        ]);
        let mut node = node.as_map().cloned().unwrap_or_default();
        if !self.dimensions.is_empty() {
            let names = self.dimensions.iter().map(|d| Tree::from(d.as_str()));
            node.insert("dimension_names", Tree::List(names.collect()));
        }
        node
    }
}

/// `data_type` and `fill_value` of items.
fn types(item: Item) -> (Tree, Tree) {
    let length = |n: usize| map([("length_bytes", Tree::Int(n as i128))]);
    let real = Tree::Float(0.0);
    let Item::Fixed(dtype) = item else {
        let name = if item == Item::Text { "string" } else { "variable_length_bytes" };
        return (Tree::from(name), Tree::from(""));
    };
    match dtype {
        DType::Bool => (Tree::from("bool"), Tree::Bool(false)),
        DType::F16 | DType::F32 | DType::F64 => (Tree::from(dtype.to_string()), real),
        DType::C64 | DType::C128 => {
            (Tree::from(dtype.to_string()), Tree::List(vec![real.clone(), real]))
        }
        DType::Bytes(_) => {
            (named("null_terminated_bytes", length(dtype.size())), Tree::from(""))
        }
        DType::Text(_) => {
            (named("fixed_length_utf32", length(dtype.size())), Tree::from(""))
        }
        _ => (Tree::from(dtype.to_string()), Tree::Int(0)),
    }
}

/// The codec from items to bytes.
fn serializer(item: Item) -> Tree {
    match item {
        Item::Text => named("vlen-utf8", Tree::Map(Map::new())),
        Item::Binary => named("vlen-bytes", Tree::Map(Map::new())),
        _ if item.dtype().is_some_and(|d| d.swap_size() > 1) => {
            named("bytes", map([("endian", Tree::from("little"))]))
        }
        _ => map([("name", Tree::from("bytes"))]),
    }
}

fn squeeze(codec: Codec) -> Tree {
    match codec {
        Codec::Zstd(level, checksum) => named(
            "zstd",
            map([("level", Tree::Int(level.into())), ("checksum", Tree::Bool(checksum))]),
        ),
        Codec::Gzip(level) => named("gzip", map([("level", Tree::Int(level.into()))])),
        other => map([("name", Tree::from(other.name()))]),
    }
}
